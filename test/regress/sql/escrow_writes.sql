-- Aim: plain SQL on escrow items and on their deltas: what is refused, what closes the counter and folds the deltas into the
-- row, items that the transaction itself has made or switched, the replica role, triggers switched off and on.
-- Guarantees: G1 (no sale is made from an outdated counter), G3 (a write is undone with its savepoint), G6 (ledger = row and deltas).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 20, 'escrow'), ('vase', 1, 20, 'escrow'), ('sofa', 1, 20, NULL);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000);
-- The view shows the units that a sale would find, the sum of row and deltas, and the sum of the ledger.
CREATE VIEW shop.book AS
    SELECT id, lock_mode, vend.available(id, 'shop') AS available, stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = i.id), 0) AS stock,
           (SELECT sum(qty) FROM shop.ledger WHERE item = i.id) AS ledger, version FROM shop.item i ORDER BY id;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT status FROM vend.try_purchase('vase', 'alpha', 3);

-- The stock of an item in escrow cannot be written, whatever the new value is; an UPDATE that leaves it passes.
UPDATE shop.item SET stock = 30 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET stock = stock - 1 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET stock = stock + 1;
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 5) ON CONFLICT (id) DO UPDATE SET stock = item.stock + excluded.stock;
\echo :SQLSTATE
UPDATE shop.item SET stock = stock WHERE id = 'lamp';
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'lamp';
TABLE shop.book;
-- The deltas cannot be written either.
INSERT INTO shop.stock_delta VALUES ('lamp', 5);
\echo :SQLSTATE
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SAVEPOINT a;
UPDATE shop.stock_delta SET qty = 0;
\echo :SQLSTATE
ROLLBACK TO a;
DELETE FROM shop.stock_delta;
\echo :SQLSTATE
ROLLBACK TO a;
TRUNCATE shop.stock_delta;
\echo :SQLSTATE
ROLLBACK;
TABLE shop.book;

-- An edit counts the version, and a sale that was shown the old one is refused.
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', expected_version => 1);
UPDATE shop.item SET price = 5 WHERE id = 'lamp';
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', expected_version => 1);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', expected_version => 2, max_price => 4);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', expected_version => 2, max_price => 5);
BEGIN;
UPDATE shop.item SET price = 7 WHERE id = 'lamp';
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha');
SAVEPOINT a;
UPDATE shop.item SET price = 8 WHERE id = 'lamp';
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha');
ROLLBACK TO a;
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha');
ROLLBACK;
TABLE shop.book;

-- Plain SQL takes an item with unsettled deltas out of escrow and into it: the row has them afterwards.
SELECT status FROM vend.try_purchase('lamp', 'alpha');
UPDATE shop.item SET lock_mode = NULL WHERE id = 'lamp';
SELECT stock, lock_mode, (SELECT count(*) FROM shop.stock_delta WHERE item = 'lamp') AS deltas FROM shop.item WHERE id = 'lamp';
UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp';
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
TABLE shop.book;
-- If the same statement writes the stock, it is refused on the way out, and journalled on the way in.
SELECT status FROM vend.try_purchase('vase', 'alpha');
SELECT vend.settle() >= 0 AS settled;
UPDATE shop.item SET lock_mode = NULL, stock = stock + 4 WHERE id = 'vase';
\echo :SQLSTATE
UPDATE shop.item SET lock_mode = NULL WHERE id = 'vase';
UPDATE shop.item SET lock_mode = 'escrow', stock = stock + 4 WHERE id = 'vase';
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('vase', 'alpha', 2);
TABLE shop.book;
SELECT kind, item, qty FROM shop.ledger WHERE kind = 'adjustment' AND item IS NOT NULL ORDER BY at, item;
SELECT * FROM vend.audit();

-- An item that the transaction itself has made is sold in row mode: until it commits, it is nobody else's.
BEGIN;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('new', 1, 5, 'escrow');
SELECT status FROM vend.try_purchase('new', 'alpha', 2);
SELECT status FROM vend.try_purchase('new', 'alpha', 1);
SELECT stock FROM vend.restock('new', 1);
SELECT status, detail FROM vend.try_purchase('new', 'alpha', 4);
SELECT stock FROM shop.item WHERE id = 'new';
SELECT count(*) FROM shop.stock_delta WHERE item = 'new';
SELECT count(*) FROM vend.stat_item WHERE store = 'shop' AND item = 'new';
ROLLBACK;
SELECT status FROM vend.try_purchase('new', 'alpha');
-- A later row of the same key has none of that stock.
BEGIN;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('new', 1, 3, 'escrow');
SELECT status FROM vend.try_purchase('new', 'alpha', 2);
COMMIT;
SELECT status FROM vend.try_purchase('new', 'alpha', 2);
SELECT status FROM vend.try_purchase('new', 'alpha');
SELECT status FROM vend.try_purchase('new', 'alpha');
-- The transaction switches the mode back and forth, and rolls back.
BEGIN;
SELECT vend.set_lock_mode('sofa', 'escrow');
SELECT status FROM vend.try_purchase('sofa', 'alpha');
SELECT stock FROM shop.item WHERE id = 'sofa';
ROLLBACK;
SELECT status FROM vend.try_purchase('sofa', 'alpha', 1, lock_mode => 'pessimistic');
BEGIN;
SAVEPOINT a;
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'sofa';
SELECT status FROM vend.try_purchase('sofa', 'alpha', 4);
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('sofa', 'alpha', 1, lock_mode => 'atomic');
SELECT vend.set_lock_mode('sofa', 'escrow');
COMMIT;
SELECT status FROM vend.try_purchase('sofa', 'alpha', 2);
BEGIN;
SAVEPOINT a;
UPDATE shop.item SET lock_mode = 'atomic' WHERE id = 'sofa';
SELECT status FROM vend.try_purchase('sofa', 'alpha', 3);
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'sofa';
SELECT status FROM vend.try_purchase('sofa', 'alpha', 3);
SELECT count(*) FROM shop.stock_delta WHERE item = 'sofa';
TABLE shop.book;
ROLLBACK TO a;
-- The item is in escrow again.
SELECT status FROM vend.try_purchase('sofa', 'alpha', 1, lock_mode => 'atomic');
\echo :SQLSTATE
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('sofa', 'alpha', 5);
SELECT count(*) FROM shop.stock_delta WHERE item = 'sofa' AND qty = -5;
TABLE shop.book;
COMMIT;
TABLE shop.book;
BEGIN;
UPDATE shop.item SET lock_mode = 'atomic' WHERE id = 'sofa';
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'sofa';
SELECT status FROM vend.try_purchase('sofa', 'alpha');
COMMIT;
SELECT status FROM vend.try_purchase('sofa', 'alpha');
TABLE shop.book;
SELECT * FROM vend.audit();

-- A deleted item does not give back sold units with its row. If the DELETE is rolled back, the item is on sale as before.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
BEGIN;
DELETE FROM shop.item WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 1, 'escrow');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
TABLE shop.book;
ROLLBACK;
TABLE shop.book;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
DELETE FROM shop.item WHERE id = 'lamp';
SELECT sum(qty) FROM shop.ledger WHERE item = 'lamp';
SELECT count(*) FROM shop.stock_delta WHERE item = 'lamp';
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 2, 'escrow');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
-- The item gets another key: the stock goes along, without what was sold.
SELECT status FROM vend.try_purchase('vase', 'alpha');
UPDATE shop.item SET id = 'urn' WHERE id = 'vase';
SELECT status FROM vend.try_purchase('urn', 'alpha', 5);
SELECT status FROM vend.try_purchase('vase', 'alpha');
BEGIN;
UPDATE shop.item SET id = 'pot' WHERE id = 'urn';
SELECT status FROM vend.try_purchase('pot', 'alpha');
ROLLBACK;
SELECT status FROM vend.try_purchase('urn', 'alpha');
UPDATE shop.item SET id = CASE id WHEN 'urn' THEN 'vase' ELSE id END, lock_mode = NULL WHERE id = 'urn';
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'vase';
SELECT status FROM vend.try_purchase('vase', 'alpha');
TABLE shop.book;
SELECT item, sum(qty) FROM shop.ledger WHERE item IN ('urn', 'vase', 'pot') GROUP BY item ORDER BY item;
SELECT * FROM vend.audit();
-- TRUNCATE takes all items at once.
SELECT status FROM vend.try_purchase('vase', 'alpha');
BEGIN;
TRUNCATE shop.item;
SELECT count(*) FROM shop.stock_delta;
SELECT * FROM vend.audit();
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('vase', 1, 50, 'escrow');
SELECT status FROM vend.try_purchase('vase', 'alpha', 9);
ROLLBACK;
TABLE shop.book;
SELECT status FROM vend.try_purchase('vase', 'alpha');
TRUNCATE shop.item;
SELECT count(*) FROM shop.stock_delta;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('vase', 1, 4, 'escrow');
SELECT status FROM vend.try_purchase('vase', 'alpha', 3);
SELECT status FROM vend.try_purchase('vase', 'alpha', 3);
TABLE shop.book;
SELECT * FROM vend.audit();

-- The replica role writes without the journal; what it wrote is what a sale finds next, though the counter was loaded before.
-- (All is settled before it writes, so that the figures are certain.)
SELECT vend.settle() >= 0 AS settled;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('copy', 1, 10, 'escrow');
BEGIN;
SELECT status FROM vend.try_purchase('copy', 'alpha', 4);
SELECT vend.settle() >= 1 AS settled;
COMMIT;
SET session_replication_role = replica;
UPDATE shop.item SET stock = 2 WHERE id = 'copy';
RESET session_replication_role;
SELECT vend.available('copy');
SELECT status FROM vend.try_purchase('copy', 'alpha', 3);
SELECT status FROM vend.try_purchase('copy', 'alpha', 2);
SELECT vend.settle() >= 0 AS settled;
SET session_replication_role = replica;
INSERT INTO shop.stock_delta VALUES ('copy', 5), ('copy', 1);
RESET session_replication_role;
SELECT vend.available('copy');
SELECT status FROM vend.try_purchase('copy', 'alpha', 5);
SELECT vend.settle() >= 0 AS settled;
-- A counter is closed once, for however many deltas of its item a transaction writes.
SET session_replication_role = replica;
BEGIN;
INSERT INTO shop.stock_delta SELECT 'copy', 1 FROM generate_series(1, 10000);
SAVEPOINT a;
INSERT INTO shop.stock_delta SELECT 'copy', -1 FROM generate_series(1, 10000);
ROLLBACK TO a;
SELECT used_bytes < 1000000 AS is_little FROM pg_backend_memory_contexts WHERE name = 'TopTransactionContext';
ROLLBACK;
RESET session_replication_role;
SET session_replication_role = replica;
DELETE FROM shop.item WHERE id = 'copy';
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('copy', 1, 7, 'escrow');
RESET session_replication_role;
SELECT vend.available('copy');
BEGIN;
SELECT status FROM vend.try_purchase('copy', 'alpha', 7);
ROLLBACK;
SET session_replication_role = replica;
BEGIN;
UPDATE shop.item SET stock = 1 WHERE id = 'copy';
ROLLBACK;
RESET session_replication_role;
SELECT status FROM vend.try_purchase('copy', 'alpha', 7);
-- The audit finds writes of the replica role, and its repair works.
SELECT finding, key, expected, found FROM vend.audit() ORDER BY key;
SELECT vend.settle() >= 0 AS settled;
SELECT repair FROM vend.audit() ORDER BY key \gexec
SELECT * FROM vend.audit();

-- A statement in the replica role sets the role back while it runs. PostgreSQL chooses the triggers of a row when it writes the
-- row: a write that is not journalled then closes the counter, whatever the role is when triggers fire.
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('tray', 1, 10, 'escrow'), ('tray 2', 1, 10, 'escrow');
SELECT status FROM vend.try_purchase('tray', 'alpha', 1);
SELECT status FROM vend.try_purchase('tray 2', 'alpha', 1);
SELECT vend.settle() >= 0 AS settled;
SET session_replication_role = replica;
UPDATE shop.item SET stock = 3 WHERE id = 'tray' RETURNING stock, set_config('session_replication_role', 'origin', false) AS role;
SELECT status, detail FROM vend.try_purchase('tray', 'alpha', 9);
-- The role changes within a statement: one row is not journalled and closes its counter, the next is journalled and refused. So nothing changes.
SET session_replication_role = replica;
UPDATE shop.item SET stock = CASE WHEN id = 'tray 2' AND set_config('session_replication_role', 'origin', false) <> '' THEN 3 ELSE 2 END
    WHERE id IN ('tray', 'tray 2');
SHOW session_replication_role;
RESET session_replication_role;
SELECT status, detail FROM vend.try_purchase('tray 2', 'alpha', 10);
-- A DELETE does so, and a change of the key.
SET session_replication_role = replica;
DELETE FROM shop.item WHERE id = 'tray' RETURNING set_config('session_replication_role', 'origin', false) AS role;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('tray', 1, 1, 'escrow');
SELECT status, detail FROM vend.try_purchase('tray', 'alpha', 3);
SET session_replication_role = replica;
UPDATE shop.item SET id = 'tray 3', stock = 2 WHERE id = 'tray 2' RETURNING set_config('session_replication_role', 'origin', false) AS role;
UPDATE shop.item SET id = 'tray 2' WHERE id = 'tray 3';
SELECT status, detail FROM vend.try_purchase('tray 2', 'alpha', 9);
-- Writes of deltas and the ledger are refused once the role is another. Wallets have no counter.
SET session_replication_role = replica;
INSERT INTO shop.stock_delta VALUES ('tray 2', 5) RETURNING set_config('session_replication_role', 'origin', false) AS role;
RESET session_replication_role;
SET session_replication_role = replica;
UPDATE shop.wallet SET balance = balance + 1 WHERE id = 'alpha' RETURNING set_config('session_replication_role', 'origin', false) AS role;
SET session_replication_role = replica;
UPDATE shop.wallet SET balance = balance - 1 WHERE id = 'alpha';
RESET session_replication_role;
-- If the role becomes replica, the write is journalled, so refused or recorded, and closes the counter at most once.
UPDATE shop.item SET stock = 100 WHERE id = 'tray 2' RETURNING set_config('session_replication_role', 'replica', false) AS role;
RESET session_replication_role;
UPDATE shop.item SET lock_mode = NULL WHERE id = 'tray 2' RETURNING set_config('session_replication_role', 'replica', false) AS role;
RESET session_replication_role;
UPDATE shop.item SET stock = 4 WHERE id = 'tray 2' RETURNING set_config('session_replication_role', 'replica', false) AS role;
RESET session_replication_role;
UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'tray 2';
SELECT status, detail FROM vend.try_purchase('tray 2', 'alpha', 5);
SELECT finding, key, expected, found FROM vend.audit() ORDER BY key;
SELECT repair FROM vend.audit() ORDER BY key \gexec
SELECT * FROM vend.audit();

-- Triggers are disabled for a write and enabled again: no sale is made from the outdated counter.
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('book', 1, 10, 'escrow');
BEGIN;
SELECT status FROM vend.try_purchase('book', 'alpha', 4);
SELECT vend.settle() >= 1 AS settled;
COMMIT;
ALTER TABLE shop.item DISABLE TRIGGER ALL;
UPDATE shop.item SET stock = 2 WHERE id = 'book';
SELECT status FROM vend.try_purchase('book', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item ENABLE TRIGGER ALL;
-- ENABLE TRIGGER alone leaves the trigger that is to fire always firing only sometimes; escrow says so, row modes sell.
SELECT status FROM vend.try_purchase('book', 'alpha');
\echo :SQLSTATE
SELECT vend.set_lock_mode('vase', 'escrow');
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('bare', 1, 10, 'escrow');
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('bare', 1, 10);
SELECT status FROM vend.try_purchase('bare', 'alpha');
ALTER TABLE shop.item ENABLE ALWAYS TRIGGER vend_unjournalled;
SELECT vend.available('book');
SELECT status FROM vend.try_purchase('book', 'alpha', 3);
SELECT status FROM vend.try_purchase('book', 'alpha', 2);
SELECT vend.settle() >= 0 AS settled;
-- First only the trigger that fires always is off, while a replica writes; then the one on the deltas, while deltas are written.
SELECT stock FROM vend.restock('book', 5);
BEGIN;
SELECT vend.settle() >= 0 AS settled;
ALTER TABLE shop.item DISABLE TRIGGER vend_unjournalled;
SET LOCAL session_replication_role = replica;
UPDATE shop.item SET stock = 2 WHERE id = 'book';
SET LOCAL session_replication_role = origin;
ALTER TABLE shop.item ENABLE ALWAYS TRIGGER vend_unjournalled;
COMMIT;
SELECT status FROM vend.try_purchase('book', 'alpha', 3);
SELECT status FROM vend.try_purchase('book', 'alpha', 1);
ALTER TABLE shop.stock_delta DISABLE TRIGGER vend_delta;
INSERT INTO shop.stock_delta VALUES ('book', 6);
ALTER TABLE shop.stock_delta ENABLE TRIGGER vend_delta;
SELECT status FROM vend.try_purchase('book', 'alpha', 7);
\echo :SQLSTATE
ALTER TABLE shop.stock_delta ENABLE ALWAYS TRIGGER vend_delta;
SELECT status FROM vend.try_purchase('book', 'alpha', 8);
SELECT status FROM vend.try_purchase('book', 'alpha', 7);
-- If all that is undone, sales use the counter again.
SELECT stock FROM vend.restock('book', 3);
BEGIN;
ALTER TABLE shop.item DISABLE TRIGGER ALL;
UPDATE shop.item SET stock = 1000 WHERE id = 'book';
ALTER TABLE shop.item ENABLE TRIGGER ALL;
ROLLBACK;
SELECT status FROM vend.try_purchase('book', 'alpha', 4);
SELECT status FROM vend.try_purchase('book', 'alpha', 3);
SELECT finding, key, expected, found FROM vend.audit() ORDER BY key;
SELECT repair FROM vend.audit() ORDER BY key \gexec
SELECT * FROM vend.audit();
-- A transaction that has itself written the stock behind the journal's back sells nothing of it before it commits: the counter would
-- be loaded with what was committed before. Through the triggers, and through another binding.
SELECT stock FROM vend.restock('book', 9);
SELECT vend.settle() >= 0 AS settled;
BEGIN;
ALTER TABLE shop.item DISABLE TRIGGER ALL;
UPDATE shop.item SET stock = 1 WHERE id = 'book';
ALTER TABLE shop.item ENABLE TRIGGER ALL;
ALTER TABLE shop.item ENABLE ALWAYS TRIGGER vend_unjournalled;
SAVEPOINT a;
SELECT status FROM vend.try_purchase('book', 'alpha');
\echo :SQLSTATE
ROLLBACK TO a;
SELECT stock FROM vend.restock('book', 1);
\echo :SQLSTATE
ROLLBACK TO a;
COMMIT;
SELECT status FROM vend.try_purchase('book', 'alpha', 2);
SELECT status FROM vend.try_purchase('book', 'alpha');
BEGIN;
SELECT vend.detach_store('shop');
UPDATE shop.item SET stock = 2 WHERE id = 'book';
SELECT vend.create_store('shop');
SAVEPOINT a;
SELECT status FROM vend.try_purchase('book', 'alpha');
\echo :SQLSTATE
ROLLBACK TO a;
COMMIT;
SELECT status FROM vend.try_purchase('book', 'alpha', 3);
SELECT status FROM vend.try_purchase('book', 'alpha', 2);
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- A store that refuses direct writes refuses them in escrow too; sold units count, settled or not.
SELECT vend.create_store('till', wallets => false, direct_writes => 'refuse');
INSERT INTO till.item (id, price, lock_mode) VALUES ('lamp', 1, 'escrow'), ('vase', 1, 'escrow');
INSERT INTO till.item (id, price, stock, lock_mode) VALUES ('sofa', 1, 5, 'escrow');
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 5);
SELECT stock FROM vend.restock('vase', 5);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
UPDATE till.item SET stock = stock + 1 WHERE id = 'lamp';
\echo :SQLSTATE
DELETE FROM till.item WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE till.item SET id = 'lantern' WHERE id = 'lamp';
\echo :SQLSTATE
TRUNCATE till.item;
\echo :SQLSTATE
SELECT vend.available('lamp');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
UPDATE till.item SET lock_mode = 'pessimistic' WHERE id = 'lamp';
SELECT id, stock, lock_mode FROM till.item WHERE id = 'lamp';
UPDATE till.item SET stock = 9 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE till.item SET lock_mode = 'escrow' WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
-- All is sold: the row may have any stock yet, and may go.
UPDATE till.item SET id = 'lantern' WHERE id = 'lamp';
SELECT vend.available('lantern');
DELETE FROM till.item WHERE id = 'lantern';
SELECT status FROM vend.try_purchase('vase', 'alpha', 5);
DELETE FROM till.item WHERE id = 'vase';
SELECT count(*) FROM till.stock_delta;
SELECT kind, item, qty FROM till.ledger ORDER BY at;
SELECT * FROM vend.audit();
SELECT vend.detach_store('till');
DROP SCHEMA till CASCADE;
