-- G1: this transaction itself rewrites the table of an item in escrow, with deltas that are not settled. A
-- CHECK keeps the settler from settling them.
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 10, 'escrow');
ALTER TABLE shop.item ADD CONSTRAINT full_shelf CHECK (stock >= 10);
SELECT status FROM vend.try_purchase('lamp', 'a', 9);
SELECT vend.settle();
SELECT stock, vend.available('lamp') FROM shop.item;
-- This transaction has now written all rows, and has taken the nine units that are gone.
BEGIN;
ALTER TABLE shop.item DROP CONSTRAINT full_shelf, ADD colour uuid DEFAULT gen_random_uuid();
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 2);
SELECT status FROM vend.try_purchase('lamp', 'a');
SELECT stock FROM vend.restock('lamp', 3);
SELECT stock, vend.available('lamp') FROM shop.item;
ROLLBACK;
SELECT stock, vend.available('lamp') FROM shop.item;
BEGIN;
ALTER TABLE shop.item DROP CONSTRAINT full_shelf, ADD colour uuid DEFAULT gen_random_uuid();
SELECT status FROM vend.try_purchase('lamp', 'a');
COMMIT;
SELECT vend.available('lamp');
SELECT status FROM vend.try_purchase('lamp', 'a');
-- The transaction sells before and after the rewrite: the earlier sale is pending on the counter of the old table.
SELECT stock FROM vend.restock('lamp', 100);
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'a', 10);
CLUSTER shop.item USING item_pkey;
SELECT status FROM vend.try_purchase('lamp', 'a', 100);
\echo :SQLSTATE
ROLLBACK;
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'a', 10);
ALTER TABLE shop.item ADD shape uuid DEFAULT gen_random_uuid();
SELECT status FROM vend.try_purchase('lamp', 'a', 100);
\echo :SQLSTATE
ROLLBACK;
SELECT vend.available('lamp');
SELECT count(*) FROM vend.audit();
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
