-- Aim: the ledger is append-only, for everybody and by every statement; what was sold is what holding says.
-- Guarantee: G6 (what was recorded stays).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('vase', 30, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'beta');
SELECT status FROM vend.try_purchase('vase', 'beta', 9, vend.id_from('r'), remember => true);
SELECT buyer, item, qty FROM shop.holding ORDER BY buyer, item;

UPDATE shop.ledger SET qty = 0;
\echo :SQLSTATE
UPDATE shop.ledger SET qty = qty;
\echo :SQLSTATE
UPDATE shop.ledger SET ref = NULL WHERE kind = 'purchase';
\echo :SQLSTATE
DELETE FROM shop.ledger;
\echo :SQLSTATE
DELETE FROM shop.ledger WHERE kind = 'refusal';
\echo :SQLSTATE
TRUNCATE shop.ledger;
\echo :SQLSTATE
MERGE INTO shop.ledger l USING (VALUES (1)) v ON l.kind = 'purchase' WHEN MATCHED THEN DELETE;
\echo :SQLSTATE
INSERT INTO shop.ledger SELECT * FROM shop.ledger LIMIT 1 ON CONFLICT (id, line) DO UPDATE SET qty = 99;
\echo :SQLSTATE
-- If there is no row, there is nothing to refuse.
UPDATE shop.ledger SET qty = 0 WHERE kind = 'nothing';
\echo :SQLSTATE
-- The key is the id and the line.
\set VERBOSITY terse
INSERT INTO shop.ledger SELECT * FROM shop.ledger LIMIT 1;
\set VERBOSITY default

-- Sums of the ledger are the state of the store.
SELECT item, sum(qty) FROM shop.ledger WHERE item IS NOT NULL GROUP BY item ORDER BY item;
SELECT id, stock FROM shop.item ORDER BY id;
SELECT wallet, sum(amount) FROM shop.ledger WHERE wallet IS NOT NULL GROUP BY wallet ORDER BY wallet;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT kind, item, qty, wallet, amount, unit_price, refusal, refusal_qty FROM shop.ledger ORDER BY kind, item, wallet, qty;
-- Every row has a time, of the same clock as now().
SELECT count(*) FROM shop.ledger WHERE at IS NULL OR at > clock_timestamp();
-- It belongs to the store: copied and read like any table.
CREATE TABLE shop.archive AS TABLE shop.ledger;
SELECT count(*) FROM shop.archive;
SELECT * FROM vend.audit();
-- The error about a row that was made by hand names the row.
BEGIN;
ALTER TABLE shop.ledger ALTER qty DROP NOT NULL;
INSERT INTO shop.ledger (id, line, kind, item, qty, at) VALUES (vend.id_from('by hand'), 0, 'restock', 'lamp', NULL, now());
SELECT vend.restock('lamp', 1, vend.id_from('by hand'));
ROLLBACK;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
