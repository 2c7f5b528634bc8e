-- Aim: a counter belongs to one state of the tables, and no two states are the same, however often a transaction changes
-- them and back: triggers, files, columns, the binding, partitions; with savepoints rolled back in between.
-- Guarantees: G1 (no sale is made from an outdated counter), G5 (nor is less sold than there is), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 10);
INSERT INTO shop.wallet (id, balance) VALUES ('a', 1000000);
SELECT vend.set_lock_mode('lamp', 'escrow');

-- The journal is switched off and on twice; in between, a refused sale would load the counter of the state half-way.
BEGIN;
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000);
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
UPDATE shop.item SET stock = 3 WHERE id = 'lamp';
INSERT INTO shop.ledger (id, line, kind, item, qty, at) VALUES (vend.uuid_v7(), 0, 'adjustment', 'lamp', -7, now());
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
COMMIT;
SELECT vend.available('lamp');
SELECT * FROM vend.audit();
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 9);
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 2);
SELECT * FROM vend.audit();

-- The same happens in a savepoint that is rolled back, and in one that is released. The transaction itself sells by the row.
SELECT stock FROM vend.restock('lamp', 9);
BEGIN;
SAVEPOINT a;
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 4);
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
UPDATE shop.item SET stock = 500 WHERE id = 'lamp';
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 100);
ROLLBACK TO a;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 11);
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 3);
COMMIT;
BEGIN;
SAVEPOINT a;
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
RELEASE a;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000);
SELECT * FROM vend.try_purchase('lamp', 'a', 2) \gset
SAVEPOINT b;
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
UPDATE shop.item SET stock = 500 WHERE id = 'lamp';
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
ROLLBACK TO b;
COMMIT;
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 6);
SELECT status FROM vend.try_purchase('lamp', 'a', 4);
SELECT vend.settle() >= 0 AS settled;
SELECT stock FROM vend.restock('lamp', 10);
SELECT * FROM vend.audit();

-- Files count: a table that is truncated twice in a transaction keeps the file that the first TRUNCATE gave it.
SELECT vend.settle() >= 0 AS settled;
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE shop.stock_delta;
SET LOCAL session_replication_role = origin;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000);
SELECT stock FROM vend.restock('lamp', 5);
SET LOCAL session_replication_role = replica;
TRUNCATE shop.stock_delta;
SET LOCAL session_replication_role = origin;
COMMIT;
SELECT vend.available('lamp');
SELECT * FROM vend.audit();
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 16);
SELECT status FROM vend.try_purchase('lamp', 'a', 5);
SELECT vend.settle() >= 0 AS settled;

-- A lock on the table alone, by a session that meets the store only then, is no other state.
SELECT stock FROM vend.restock('lamp', 10);
SELECT status FROM vend.try_purchase('lamp', 'a', 1);
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
BEGIN;
LOCK TABLE shop.item IN EXCLUSIVE MODE;
SELECT status FROM vend.try_purchase('lamp', 'a', 5);
COMMIT;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 5);
SELECT status FROM vend.try_purchase('lamp', 'a', 4);
SELECT * FROM vend.audit();

-- Another column takes the name of the stock for a while, in one transaction and in three.
SELECT vend.settle() >= 0 AS settled;
ALTER TABLE shop.item ADD shelf bigint NOT NULL DEFAULT 10;
CREATE PROCEDURE shop.swap() LANGUAGE sql AS $$
    ALTER TABLE shop.item RENAME stock TO spare;
    ALTER TABLE shop.item RENAME shelf TO stock;
    ALTER TABLE shop.item RENAME spare TO shelf;
$$;
BEGIN;
CALL shop.swap();
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000);
CALL shop.swap();
UPDATE shop.item SET shelf = 3 WHERE id = 'lamp';
CALL shop.swap();
COMMIT;
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 9);
CALL shop.swap();
UPDATE shop.item SET shelf = 1 WHERE id = 'lamp';
CALL shop.swap();
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 2);
-- Units are pending while the columns trade places.
BEGIN;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
CALL shop.swap();
UPDATE shop.item SET shelf = 7 WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'a', 1);
\echo :SQLSTATE
ROLLBACK;
BEGIN;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
CALL shop.swap();
UPDATE shop.item SET shelf = 7 WHERE id = 'lamp';
CALL shop.swap();
COMMIT;
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 7);
SELECT vend.settle() >= 0 AS settled;
-- A state that is rolled back with its savepoint does not matter; a write after the savepoint in which the state was first met does.
BEGIN;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
SAVEPOINT a;
CALL shop.swap();
UPDATE shop.item SET shelf = 100 WHERE id = 'lamp';
ROLLBACK TO a;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 6);
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
CALL shop.swap();
SAVEPOINT a;
UPDATE shop.item SET shelf = 100 WHERE id = 'lamp';
ROLLBACK TO a;
UPDATE shop.item SET shelf = 5 WHERE id = 'lamp';
CALL shop.swap();
COMMIT;
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 4);
-- A transaction that has itself written the column that becomes the stock again sells nothing of it before it commits.
SELECT vend.settle() >= 0 AS settled;
BEGIN;
CALL shop.swap();
UPDATE shop.item SET shelf = 2 WHERE id = 'lamp';
CALL shop.swap();
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
\echo :SQLSTATE
ROLLBACK;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 3);

-- The registry names another column for a while.
SELECT vend.settle() >= 0 AS settled;
UPDATE shop.item SET shelf = 10 WHERE id = 'lamp';
BEGIN;
UPDATE vend.store SET stock = 'shelf' WHERE name = 'shop';
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000);
UPDATE vend.store SET stock = 'stock' WHERE name = 'shop';
UPDATE shop.item SET shelf = 4 WHERE id = 'lamp';
UPDATE vend.store SET stock = 'shelf' WHERE name = 'shop';
COMMIT;
SELECT vend.available('lamp');
UPDATE vend.store SET stock = 'stock' WHERE name = 'shop';
UPDATE shop.item SET shelf = 2 WHERE id = 'lamp';
UPDATE vend.store SET stock = 'shelf' WHERE name = 'shop';
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 3);
BEGIN;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1);
UPDATE vend.store SET stock = 'stock' WHERE name = 'shop';
SAVEPOINT a;
SELECT status FROM vend.try_purchase('lamp', 'a', 1);
\echo :SQLSTATE
ROLLBACK TO a;
UPDATE vend.store SET stock = 'shelf' WHERE name = 'shop';
SELECT status FROM vend.try_purchase('lamp', 'a', 1);
\echo :SQLSTATE
ROLLBACK;
SELECT status FROM vend.try_purchase('lamp', 'a', 2);
SELECT vend.settle() >= 0 AS settled;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- A partition has triggers and files of its own.
CREATE TABLE public.goods (id text PRIMARY KEY, stock bigint NOT NULL, lock_mode text) PARTITION BY LIST (id);
CREATE TABLE public.goods_1 PARTITION OF public.goods FOR VALUES IN ('lamp');
CREATE TABLE public.goods_2 PARTITION OF public.goods DEFAULT;
INSERT INTO public.goods VALUES ('lamp', 10, 'escrow'), ('vase', 10, 'escrow');
SELECT vend.attach_store('goods', 'public.goods') IS NOT NULL AS attached;
BEGIN;
ALTER TABLE public.goods_1 DISABLE TRIGGER vend_journal;
ALTER TABLE public.goods_1 ENABLE TRIGGER vend_journal;
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 1000, unit_price => 1);
SELECT status, detail FROM vend.try_purchase('vase', 'a', 1, unit_price => 1);
ALTER TABLE public.goods_1 DISABLE TRIGGER vend_journal;
UPDATE public.goods SET stock = 3 WHERE id = 'lamp';
ALTER TABLE public.goods_1 ENABLE TRIGGER vend_journal;
COMMIT;
SELECT vend.settle() >= 0 AS settled;
SELECT vend.available('lamp'), vend.available('vase');
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 9, unit_price => 1);
SELECT status, detail FROM vend.try_purchase('lamp', 'a', 3, unit_price => 1);
SELECT vend.detach_store('goods');
DROP SCHEMA goods CASCADE;
DROP TABLE public.goods;
