-- Aim: create_store() on the tables of an earlier store binds them again, and journals what was
-- written meanwhile.
-- Guarantees: G8 (the tables outlive the extension), G6 (the ledger explains every counter).
\set SHOW_CONTEXT never
SET client_min_messages = warning;

SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('book', 7, 1), ('lamp', 100, 5), ('sofa', 900, 0);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 50);
CREATE ROLE regress_vend_buyer;
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
SELECT item, qty, balance FROM vend.purchase('lamp', 'alpha', 2, id => vend.id_from('order 1'));

-- Without the extension rows are inserted, updated, renamed and deleted.
DROP EXTENSION pg_vend;
INSERT INTO shop.item (id, price, stock) VALUES ('desk', 300, 4);
UPDATE shop.item SET stock = stock - 1 WHERE id = 'lamp';
UPDATE shop.item SET id = 'tome' WHERE id = 'book';
DELETE FROM shop.item WHERE id = 'sofa';
UPDATE shop.wallet SET balance = balance + 5 WHERE id = 'alpha';
DELETE FROM shop.wallet WHERE id = 'beta';
CREATE EXTENSION pg_vend;
SELECT * FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
CREATE TEMP TABLE before AS SELECT id FROM shop.ledger;
SELECT vend.create_store('shop');
SELECT kind, item, qty, wallet, amount FROM shop.ledger WHERE id NOT IN (TABLE before) ORDER BY item, wallet;
SELECT * FROM vend.audit();

-- Sales go on: with the rights that were given and the ids that were used before.
SET ROLE regress_vend_buyer;
SELECT status, item, qty, balance FROM vend.try_purchase('lamp', 'alpha', 2, id => vend.id_from('order 1'));
SELECT item, qty, amount, balance FROM vend.purchase('tome', 'alpha');
SELECT vend.create_store('shop');
\echo :SQLSTATE
RESET ROLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT item, qty FROM vend.refund(vend.id_from('order 1'));
SELECT * FROM shop.holding ORDER BY buyer, item;
UPDATE shop.item SET stock = 10 WHERE id = 'desk';
DELETE FROM shop.ledger;
\echo :SQLSTATE
SELECT * FROM vend.audit();

-- If nothing was written meanwhile, nothing is journalled. The same is true if one transaction detaches and binds.
SELECT count(*) AS before FROM shop.ledger \gset
BEGIN;
SELECT vend.detach_store('shop');
SELECT vend.create_store('shop');
COMMIT;
SELECT count(*) - :before AS journalled FROM shop.ledger;
BEGIN;
SELECT vend.detach_store('shop');
UPDATE shop.wallet SET balance = balance + 1;
SELECT vend.create_store('shop', direct_writes => 'refuse');
UPDATE shop.wallet SET balance = balance + 1;
\echo :SQLSTATE
ROLLBACK;
SELECT count(*) - :before AS journalled FROM shop.ledger;
UPDATE shop.wallet SET balance = balance + 1;
SELECT count(*) - :before AS journalled FROM shop.ledger;

-- The store exists already.
SELECT vend.create_store('shop');
\echo :SQLSTATE

-- What plain SQL writes can be refused from now on; what was written before is journalled all the same.
SELECT vend.detach_store('shop');
UPDATE shop.item SET stock = 11 WHERE id = 'desk';
SELECT vend.create_store('shop', direct_writes => 'refuse');
UPDATE shop.item SET stock = 12 WHERE id = 'desk';
\echo :SQLSTATE
SELECT * FROM vend.audit();

-- A dump of the schema alone brings its triggers along, but not its line in the registry.
DELETE FROM vend.store;
SELECT vend.create_store('shop');
UPDATE shop.item SET stock = 12 WHERE id = 'desk';
SELECT * FROM vend.audit();
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2;

-- A schema was renamed: the tables serve the store of their new name, and the old one can be forgotten.
ALTER EVENT TRIGGER vend_migration DISABLE; -- it would refuse to rename the schemas
ALTER SCHEMA shop RENAME TO mall;
SELECT vend.create_store('mall');
SELECT item, qty FROM vend.purchase('desk', 'alpha', store => 'mall');
SELECT vend.detach_store('shop');
SELECT name, item FROM vend.store;
SELECT * FROM vend.audit();
ALTER SCHEMA mall RENAME TO shop;
ALTER EVENT TRIGGER vend_migration ENABLE;
SELECT vend.detach_store('mall');

-- Views that are gone are created again.
DROP VIEW shop.holding, shop.role;
SELECT vend.create_store('shop');
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT * FROM vend.audit();

-- The tables are bound under another name.
SELECT vend.detach_store('shop');
INSERT INTO vend.store (name, item, item_key, stock, price, stock_version, version, lock_mode, wallet, wallet_key, balance, ledger, delta, role, direct_writes, buyers, rls, creator)
    SELECT 'kiosk', 'shop.item', 'id', 'stock', 'price', 'stock_version', 'version', 'lock_mode',
    'shop.wallet', 'id', 'balance', 'shop.ledger', 'shop.stock_delta', 'shop.role', 'journal', 'any', 'owner', current_user;
SELECT vend.create_store('shop');
\echo :SQLSTATE
DELETE FROM vend.store;

-- The definition must be the one of the tables.
SELECT vend.create_store('shop', item_key_type => 'bigint');
\echo :SQLSTATE
SELECT vend.create_store('shop', wallet_key_type => 'uuid');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric(10,2)');
\echo :SQLSTATE
SELECT vend.create_store('shop', prices => false);
\echo :SQLSTATE
SELECT vend.create_store('shop', wallets => false);
\echo :SQLSTATE
ALTER TABLE shop.item ALTER COLUMN stock TYPE real;
SELECT vend.create_store('shop');
\echo :SQLSTATE
ALTER TABLE shop.item ALTER COLUMN stock TYPE bigint;
ALTER TABLE shop.ledger RENAME TO book;
SELECT vend.create_store('shop');
\echo :SQLSTATE
ALTER TABLE shop.book RENAME TO ledger;
SELECT count(*) FROM vend.store;
SELECT count(*) AS triggers FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal;

-- Only the owner of the tables binds them, and they must all have the same owner.
GRANT ALL ON SCHEMA shop TO regress_vend_buyer;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO regress_vend_buyer;
SET ROLE regress_vend_buyer;
SELECT vend.create_store('shop');
\echo :SQLSTATE
RESET ROLE;
ALTER SCHEMA shop OWNER TO regress_vend_buyer;
ALTER TABLE shop.item OWNER TO regress_vend_buyer;
SET ROLE regress_vend_buyer;
SELECT vend.create_store('shop');
\echo :SQLSTATE
RESET ROLE;
SELECT vend.create_store('shop');
\echo :SQLSTATE
ALTER TABLE shop.item OWNER TO CURRENT_USER;
SELECT vend.create_store('shop');
SELECT item, qty FROM vend.purchase('desk', 'alpha');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Stores may lack wallets and prices, and have other keys and money with a scale.
SELECT vend.create_store('gate', item_key_type => 'bigint', wallet_key_type => 'uuid', wallets => false, prices => false, money_type => 'numeric(8,2)');
INSERT INTO gate.item (id, stock) VALUES (1, 10);
SELECT item, qty, amount FROM vend.purchase(1, '00000000-0000-0000-0000-00000000000a', unit_price => 2.5);
SELECT vend.detach_store('gate');
UPDATE gate.item SET stock = 3;
SELECT vend.create_store('gate');
\echo :SQLSTATE
SELECT vend.create_store('gate', item_key_type => 'bigint', wallet_key_type => 'uuid', wallets => false, prices => false, money_type => 'numeric(8,2)');
SELECT kind, item, qty, amount FROM gate.ledger ORDER BY at;
SELECT item, qty, amount FROM vend.purchase(1, '00000000-0000-0000-0000-00000000000a', unit_price => 2.5);
SELECT * FROM vend.audit();
SELECT vend.detach_store('gate');
DROP SCHEMA gate CASCADE;
DROP ROLE regress_vend_buyer;
