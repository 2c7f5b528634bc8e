-- Aim: in a store with buyers => 'own', who has the right of a buyer alone names only the wallet that vend.current_buyer names; any
-- other is 42501, whether it exists or not, in each call that sells; cashiers and the owner name any wallet.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_own_buyer;
CREATE ROLE regress_own_cashier;
SELECT vend.create_store('shop', wallet_key_type => 'bigint', buyers => 'own');
SELECT vend.create_store('mall', wallet_key_type => 'bigint');
SELECT vend.create_store('kiosk', buyers => 'own', wallets => false);
SELECT vend.create_store('fair', buyers => 'some');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10, 100);
INSERT INTO shop.wallet (id, balance) VALUES (0, 1000), (7, 1000), (8, 1000);
INSERT INTO kiosk.item (id, price, stock) VALUES ('lamp', 10, 100);
SELECT vend.grant_role(r, ('regress_own_' || r)::regrole, s) FROM unnest('{buyer,cashier}'::text[]) r, unnest('{shop,mall,kiosk}'::text[]) s;
SET vend.default_store = 'shop';

SET ROLE regress_own_buyer;
-- If no buyer is set, nobody buys.
SELECT status FROM vend.try_purchase('lamp', 7);
\echo :SQLSTATE
-- The gateway says who it is, for one transaction.
BEGIN;
SET LOCAL vend.current_buyer = '7';
SELECT status, buyer, balance FROM vend.try_purchase('lamp', 7);
SELECT status, buyer, balance FROM vend.try_purchase('lamp', ' 07 ');
SELECT buyer, amount FROM vend.purchase('lamp', 7, 2);
SELECT status, buyer FROM vend.purchase_many('{lamp,lamp}'::text[], '{7,7}'::bigint[]);
SELECT status, buyer, amount FROM vend.try_checkout(7, '{lamp}'::text[], '{3}');
COMMIT;
-- The answers for another buyer's wallet, for the wallet of key 0 and for one that does not exist are the same.
SET vend.current_buyer = '7';
SELECT vend.try_purchase('lamp', 8);
\echo :SQLSTATE
SELECT vend.try_purchase('lamp', 0);
SELECT vend.purchase('lamp', 99);
SELECT vend.purchase_many('{lamp,lamp}'::text[], '{7,8}'::bigint[]);
SELECT vend.purchase_many('{lamp}'::text[], '{0}'::bigint[]);
SELECT vend.checkout(8, '{lamp}'::text[]);
SELECT vend.try_checkout(99, '{lamp}'::text[]);
-- A request that is malformed is an outcome as ever, and sells nothing.
SELECT status, detail FROM vend.purchase_many('{lamp,lamp}'::text[], '{7,x}'::text[]);
-- The key of the buyer is not valid.
SET vend.current_buyer = 'seven';
SELECT vend.try_purchase('lamp', 7);
-- In a store without wallets the buyer's name counts.
SET vend.current_buyer = 'ann';
SELECT status FROM vend.try_purchase('lamp', 'ann', store => 'kiosk');
SELECT status FROM vend.try_purchase('lamp', 'bob', store => 'kiosk');
-- This store lets buyers name any wallet.
SELECT status FROM vend.try_purchase('lamp', 8, store => 'mall');
RESET vend.current_buyer;
RESET ROLE;
-- A cashier names the buyer; so do the owner, and a role that is both buyer and cashier.
SET ROLE regress_own_cashier;
SELECT status FROM vend.try_purchase('lamp', 8);
RESET ROLE;
SELECT status FROM vend.try_purchase('lamp', 8);
GRANT regress_own_cashier TO regress_own_buyer;
SET ROLE regress_own_buyer;
SELECT status FROM vend.try_purchase('lamp', 8);
RESET ROLE;
-- The refused calls took nothing.
SELECT * FROM shop.wallet ORDER BY id;
SELECT stock FROM shop.item;
SELECT * FROM vend.audit();
-- It can be turned on and off.
REVOKE regress_own_cashier FROM regress_own_buyer;
SELECT vend.reattach_store('shop', buyers => 'any');
SET ROLE regress_own_buyer;
SELECT status FROM vend.try_purchase('lamp', 8);
RESET ROLE;
SELECT vend.reattach_store('shop', buyers => 'own');
SET ROLE regress_own_buyer;
SELECT status FROM vend.try_purchase('lamp', 8);
RESET ROLE;
DROP OWNED BY regress_own_buyer, regress_own_cashier;
DROP ROLE regress_own_buyer, regress_own_cashier;
SELECT count(vend.detach_store(name)) FROM vend.store;
DROP SCHEMA shop, mall, kiosk CASCADE;
