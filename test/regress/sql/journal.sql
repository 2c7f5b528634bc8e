-- Aim: whatever plain SQL does to stock and balance is journalled as an adjustment, or refused where the store was made
-- so; people's edits bump version, sales and stock do not.
-- Guarantee: G6 (conservation holds whatever an operator does).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
-- shop.news() shows the journal since the last look, without ids and times.
CREATE TABLE shop.seen (id uuid, line int);
CREATE FUNCTION shop.news() RETURNS TABLE (kind text, item text, qty bigint, wallet text, amount numeric, unit_price numeric) LANGUAGE sql AS $$
    WITH n AS MATERIALIZED (SELECT * FROM shop.ledger l WHERE NOT EXISTS (SELECT FROM shop.seen s WHERE (s.id, s.line) = (l.id, l.line))),
         s AS (INSERT INTO shop.seen SELECT id, line FROM n)
    SELECT kind, item, qty, wallet, amount::numeric, unit_price::numeric FROM n ORDER BY item, wallet, qty, amount, kind
$$;

-- INSERT adds one row, several, none with a figure, rows of a query, rows ON CONFLICT.
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
SELECT * FROM shop.news();
INSERT INTO shop.item (id, price, stock) VALUES ('vase', 30, 2), ('empty', 30, 0), ('bowl', 30, 3);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('broke', 0);
SELECT * FROM shop.news();
INSERT INTO shop.item (id, price, stock) SELECT 'set ' || n, 1, n FROM generate_series(1, 3) n;
SELECT * FROM shop.news();
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 7) ON CONFLICT (id) DO NOTHING;
SELECT * FROM shop.news();
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 7), ('cup', 5, 4) ON CONFLICT (id) DO UPDATE SET stock = shop.item.stock + excluded.stock;
SELECT * FROM shop.news();
COPY shop.item (id, price, stock) FROM stdin WITH (FORMAT csv);
copied,1,9
copied too,1,0
\.
SELECT * FROM shop.news();

-- UPDATE raises figures, lowers them, leaves them, changes several rows, other columns only, or stock and balance both.
UPDATE shop.item SET stock = stock + 10 WHERE id = 'lamp';
UPDATE shop.item SET stock = 1 WHERE id = 'vase';
UPDATE shop.item SET stock = stock WHERE id = 'bowl';
UPDATE shop.item SET price = 31 WHERE id = 'bowl';
UPDATE shop.item SET stock = stock - 1 WHERE id LIKE 'set%';
UPDATE shop.wallet SET balance = balance - 400 WHERE id = 'alpha';
SELECT * FROM shop.news();
-- One row changes twice in one transaction; one change rolls back.
BEGIN;
UPDATE shop.item SET stock = stock + 1 WHERE id = 'bowl';
UPDATE shop.item SET stock = stock + 1 WHERE id = 'bowl';
SAVEPOINT one;
UPDATE shop.item SET stock = 0 WHERE id = 'bowl';
ROLLBACK TO one;
COMMIT;
SELECT * FROM shop.news();

-- The key changes: the old one goes, the new one comes; with new stock at the same time; two keys are swapped.
UPDATE shop.item SET id = 'jar' WHERE id = 'vase';
SELECT * FROM shop.news();
UPDATE shop.item SET id = 'pot', stock = 6 WHERE id = 'jar';
SELECT * FROM shop.news();
UPDATE shop.wallet SET id = 'omega' WHERE id = 'alpha';
SELECT * FROM shop.news();
UPDATE shop.item SET id = 'void' WHERE id = 'empty';
SELECT * FROM shop.news();

-- MERGE, an UPDATE in a WITH, a function and DELETE write figures; a DELETE may find rows without stock or balance.
MERGE INTO shop.item i USING (VALUES ('pot', 2), ('pan', 3), ('void', -1)) v (id, n) ON i.id = v.id
WHEN MATCHED AND v.n < 0 THEN DELETE WHEN MATCHED THEN UPDATE SET stock = stock + n WHEN NOT MATCHED THEN INSERT (id, price, stock) VALUES (v.id, 1, v.n);
SELECT * FROM shop.news();
WITH gone AS (DELETE FROM shop.item WHERE id = 'pan' RETURNING stock) UPDATE shop.item SET stock = item.stock + gone.stock FROM gone WHERE id = 'pot';
SELECT * FROM shop.news();
DELETE FROM shop.item WHERE id LIKE 'set%' OR id LIKE 'copied%';
DELETE FROM shop.wallet WHERE id = 'broke';
SELECT * FROM shop.news();
SELECT * FROM vend.audit();
-- A key that is deleted and inserted again goes on in the same account.
DELETE FROM shop.item WHERE id = 'cup';
INSERT INTO shop.item (id, price, stock) VALUES ('cup', 5, 1);
SELECT * FROM shop.news();
SELECT * FROM vend.audit();

-- TRUNCATE takes everything away, and that is told as well.
TRUNCATE shop.item;
SELECT * FROM shop.news();
TRUNCATE shop.wallet;
SELECT * FROM shop.news();
SELECT * FROM vend.audit();

-- A statement that fails leaves no journal.
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('lamp', 100, 5);
\echo :SQLSTATE
SELECT * FROM shop.news();

-- version: a person's edit bumps it by one, unless he bumped it himself; stock and lock mode do not.
ALTER TABLE shop.item ADD COLUMN title text;
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT version, stock_version FROM shop.item;
UPDATE shop.item SET price = 90;
SELECT 'price' AS edit, version, stock_version FROM shop.item;
UPDATE shop.item SET title = 'a lamp';
SELECT 'title' AS edit, version, stock_version FROM shop.item;
UPDATE shop.item SET title = 'a lamp';
SELECT 'no change' AS edit, version, stock_version FROM shop.item;
UPDATE shop.item SET price = 80, version = version + 1;
SELECT 'bumped by hand' AS edit, version, stock_version FROM shop.item;
UPDATE shop.item SET stock = 50;
SELECT 'stock' AS edit, version FROM shop.item;
UPDATE shop.item SET lock_mode = 'optimistic';
SELECT 'lock mode' AS edit, version FROM shop.item;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT stock FROM vend.restock('lamp', 1);
SELECT 'sale' AS edit, version FROM shop.item;
UPDATE shop.item SET price = 70, stock = stock + 1;
SELECT 'price and stock' AS edit, version FROM shop.item;
UPDATE shop.item SET id = 'torch';
SELECT 'key' AS edit, version FROM shop.item;
UPDATE shop.item SET title = NULL;
SELECT 'to null' AS edit, version FROM shop.item;
SELECT * FROM shop.news();

-- An editor's own check works together with it.
SELECT version AS seen FROM shop.item \gset
UPDATE shop.item SET title = 'x', version = version + 1 WHERE id = 'torch' AND version = :seen RETURNING title;
UPDATE shop.item SET title = 'y', version = version + 1 WHERE id = 'torch' AND version = :seen RETURNING title;
SELECT status FROM vend.try_purchase('torch', 'alpha', expected_version => :seen);
SELECT status FROM vend.try_purchase('torch', 'alpha', expected_version => :seen + 1);

-- A replica's apply and a restore that disables triggers write rows that are journalled already: nothing is journalled twice.
SET session_replication_role = replica;
UPDATE shop.item SET stock = stock + 1;
RESET session_replication_role;
SELECT count(*) FROM shop.news() WHERE kind = 'adjustment';
SELECT * FROM vend.audit();
SET session_replication_role = replica;
UPDATE shop.item SET stock = stock - 1;
RESET session_replication_role;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- If direct writes are refused, stock and balance change through vend only; the owner may write everything else.
SELECT vend.create_store('shop', direct_writes => 'refuse');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
\echo :SQLSTATE
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 0), ('vase', 100, 0);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 0), ('beta', 0);
SELECT stock FROM vend.restock('lamp', 5);
SELECT balance FROM vend.deposit('alpha', 500);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET stock = 0 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.wallet SET balance = balance + 1 WHERE id = 'alpha';
\echo :SQLSTATE
UPDATE shop.item SET id = 'torch' WHERE id = 'lamp';
\echo :SQLSTATE
DELETE FROM shop.item WHERE id = 'lamp';
\echo :SQLSTATE
DELETE FROM shop.wallet;
\echo :SQLSTATE
TRUNCATE shop.item;
\echo :SQLSTATE
TRUNCATE shop.wallet;
\echo :SQLSTATE
COPY shop.item (id, price, stock) FROM stdin WITH (FORMAT csv);
copied,1,9
\.
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 1) ON CONFLICT (id) DO UPDATE SET stock = 99;
\echo :SQLSTATE
UPDATE shop.item SET price = 90 WHERE id = 'lamp';
UPDATE shop.item SET stock = stock WHERE id = 'lamp';
UPDATE shop.item SET id = 'jar' WHERE id = 'vase';
DELETE FROM shop.item WHERE id = 'jar';
DELETE FROM shop.wallet WHERE id = 'beta';
SELECT id, price, stock, version FROM shop.item;
SELECT id, balance FROM shop.wallet;
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY kind;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Money may have a scale, keys may have other types, and wallets may be missing.
SELECT vend.create_store('shop', 'bigint', 'uuid', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES (1, 1.50, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000007', 10.25);
UPDATE shop.wallet SET balance = 0.25;
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY amount, qty;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', 'uuid', wallets => false, prices => false);
INSERT INTO shop.item (id, stock) VALUES ('00000000-0000-0000-0000-000000000001', 5);
DELETE FROM shop.item;
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY qty;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
