-- Aim: a batch answers each request as if the ones before it had been made one by one: in order, first come first served, in
-- every lock mode and in mixtures of them; ids once in a batch, across batches and across single sales; refusals that are
-- remembered; limits, rights, savepoints; and what costs nothing because nothing is sold.
-- Guarantees: G1, G2, G3, G4 (once), G6 (the audit). Section "Order" of docs/batches.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES
    ('a', 100, 5, 'atomic'), ('p', 100, 5, 'pessimistic'), ('o', 100, 5, 'optimistic'), ('e', 100, 5, 'escrow'), ('n', 100, 5, NULL), ('none', 100, 0, NULL), ('void', 100, 0, 'escrow'), ('flyer', 0, 100, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000), ('beta', 10000), ('poor', 250), ('broke', 0);
-- The view shows the units that can be bought, and whether the rows and their deltas have as many.
CREATE VIEW shop.book AS
    SELECT (SELECT string_agg(format('%s %s%s', id, vend.available(id, 'shop'), CASE WHEN vend.available(id, 'shop') <> stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = id), 0) THEN ' but in the rows' END), ', ' ORDER BY id COLLATE "C") FROM shop.item) AS stock,
           (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet) AS balance,
           (SELECT count(*) FROM shop.ledger WHERE kind = 'purchase') AS sales,
           (SELECT count(*) FROM vend.audit('shop')) AS findings;
TABLE shop.book;

-- The same batch is made in each mode. It names the same buyer and the same item many times; the last unit goes to the first who asks.
SELECT i, b.n, status, detail, b.buyer, qty, unit_price, amount, balance
FROM unnest('{a,p,o,e,n}'::text[]) WITH ORDINALITY i (i, k),
     vend.purchase_many(array_fill(i, ARRAY[7]), '{alpha,poor,poor,nobody,beta,poor,alpha}', '{1,2,1,1,3,1,1}')
         WITH ORDINALITY b (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n) ORDER BY k, b.n;
TABLE shop.book;
-- A smaller request than one that is refused may still be served.
UPDATE shop.item SET stock = stock + 5 WHERE lock_mode IS DISTINCT FROM 'escrow' AND price > 0 AND id <> 'none';
SELECT stock FROM vend.restock('e', 5);
SELECT status, detail, item, qty FROM vend.purchase_many('{a,e,a,e,n,n,a,e}', '{alpha,beta,alpha,beta,alpha,alpha,beta,alpha}', '{6,6,4,4,5,1,1,1}');
TABLE shop.book;
-- Each sale has a receipt: its own id, and one time for all, as in the ledger.
CREATE TABLE shop.told AS SELECT * FROM vend.purchase_many('{p,flyer,o,flyer}', '{alpha,beta,alpha,broke}', '{1,2,3,4}');
SELECT count(*), count(DISTINCT o.id), count(DISTINCT o.at), bool_and(l.at = o.at AND l.item = o.item AND l.wallet = o.buyer AND -l.qty = o.qty AND -l.amount = o.amount AND l.unit_price = o.unit_price AND l.line = 0 AND l.ref IS NULL) AS is_as_told
FROM shop.told o LEFT JOIN shop.ledger l USING (id);
SELECT item, wallet, qty, amount FROM shop.ledger WHERE kind = 'purchase' AND item IN ('p', 'o', 'flyer') ORDER BY item, wallet, qty;
-- A batch is one transaction: each outcome tells the balance after its own sale.
SELECT status, item, amount, balance FROM vend.purchase_many('{flyer,p,o,flyer,p,none}', '{alpha,alpha,alpha,alpha,alpha,alpha}', '{1,2,1,1,1,1}');
TABLE shop.book;

-- Every refusal stands beside sales that it does not touch, in the order of precedence.
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('r', 100, 50, NULL), ('s', 100, 50, 'escrow');
CREATE TABLE shop.question (n int GENERATED ALWAYS AS IDENTITY, item text, buyer text, qty bigint, max_price numeric);
INSERT INTO shop.question (item, buyer, qty, max_price) VALUES
    ('r', 'alpha', 1, 100), ('ghost', 'nobody', 1, 1), ('s', 'alpha', 1, NULL), ('r', 'nobody', 99, 99), ('r', 'alpha', 2, NULL), ('s', 'poor', 99, 99), ('s', 'alpha', 2, 100),
    ('r', 'nobody', 99, 100), ('s', 'broke', 99, 100), ('none', 'nobody', 1, NULL), ('void', 'broke', 1, NULL), ('r', 'nobody', 1, 100), ('s', 'nobody', 1, NULL),
    ('r', 'broke', 1, 100), ('s', 'poor', 3, NULL), ('r', 'poor', 2, NULL), ('s', 'alpha', 0, NULL), ('r', NULL, 1, NULL), (NULL, 'alpha', 1, NULL), ('s', 'alpha', 1, -1), ('r', 'alpha', 3, NULL), ('s', 'alpha', 3, NULL);
SELECT q.n, p.status, p.detail, p.unit_price, p.amount, p.balance FROM
    (SELECT array_agg(item ORDER BY n) AS items, array_agg(buyer ORDER BY n) AS buyers, array_agg(qty ORDER BY n) AS qtys, array_agg(max_price ORDER BY n) AS max_prices FROM shop.question) a,
    vend.purchase_many(a.items, a.buyers, a.qtys, NULL, a.max_prices) WITH ORDINALITY p (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n) JOIN shop.question q USING (n) ORDER BY q.n;
TABLE shop.book;

-- If one id stands many times in one batch, it is one purchase. Another buyer, item or quantity is a mismatch, which moves nothing.
\set one '''{00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000001}'''
SELECT status, detail, right(id::text, 2) AS id, item, buyer, qty, unit_price, amount, balance FROM vend.purchase_many('{r,r,s,r,r}', '{alpha,alpha,alpha,beta,alpha}', '{2,2,2,2,3}', :one);
SELECT status, detail, amount, balance, at IS NOT NULL AS has_time FROM vend.purchase_many('{s,s,s,s,s}', '{beta,beta,alpha,beta,beta}', '{1,2,1,1,1}', replace(:one, '01', '02')::uuid[]);
-- The first may be refused or malformed: then the id is free for the next.
SELECT status, detail, balance FROM vend.purchase_many('{s,s,r,r,r}', '{broke,alpha,alpha,alpha,broke}', '{1,0,99,1,1}', replace(:one, '01', '03')::uuid[]);
-- A batch replays single sales, and a single sale replays those of a batch: with their time and amount, and the current balance.
SELECT id AS single_id, at AS single_at FROM vend.purchase('s', 'beta', 2, '00000000-0000-4000-8000-000000000004') \gset
UPDATE shop.item SET price = 7 WHERE id IN ('r', 's');
SELECT status, unit_price, amount, balance, at = :'single_at' AS same_time FROM vend.purchase_many('{r,s,r,s}', '{alpha,beta,beta,beta}', '{2,2,1,2}', ARRAY['00000000-0000-4000-8000-000000000001', :'single_id', NULL, :'single_id']::uuid[]);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('r', 'alpha', 2, '00000000-0000-4000-8000-000000000001');
SELECT status, amount, balance FROM vend.try_purchase('s', 'beta', 1, '00000000-0000-4000-8000-000000000002');
SELECT amount, replayed FROM vend.purchase('r', 'alpha', 1, '00000000-0000-4000-8000-000000000003');
SELECT status FROM vend.try_purchase('r', 'beta', 2, '00000000-0000-4000-8000-000000000001');
\echo :SQLSTATE
-- Some ids belong to movements of another kind; one was made by the purchase itself.
SELECT kind FROM vend.deposit('alpha', 5, '00000000-0000-4000-8000-000000000005');
SELECT kind FROM vend.restock('s', 5, '00000000-0000-4000-8000-000000000006');
SELECT kind FROM vend.transfer('alpha', 'beta', 5, '00000000-0000-4000-8000-000000000007');
SELECT id AS made FROM vend.purchase_many('{r}', '{poor}') \gset
SELECT status, detail, item, buyer, amount FROM vend.purchase_many('{r,s,r,r,r}', '{alpha,alpha,alpha,poor,poor}', '{1,5,1,1,2}', ARRAY['00000000-0000-4000-8000-000000000005', '00000000-0000-4000-8000-000000000006', '00000000-0000-4000-8000-000000000007', :'made', :'made']::uuid[]);
-- A sale of an item that is gone can still be replayed.
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('brief', 1, 5, NULL), ('short', 1, 5, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('guest', 100);
SELECT status FROM vend.purchase_many('{brief,short}', '{guest,guest}', ids => ARRAY[vend.id_from('brief'), vend.id_from('short')]);
UPDATE shop.wallet SET balance = 0 WHERE id = 'guest';
DELETE FROM shop.item WHERE id IN ('brief', 'short');
DELETE FROM shop.wallet WHERE id = 'guest';
SELECT status, item, buyer, amount, balance FROM vend.purchase_many('{brief,short,brief}', '{guest,guest,guest}', ids => ARRAY[vend.id_from('brief'), vend.id_from('short'), NULL]);
SELECT status, item, buyer, amount, balance FROM vend.purchase_many('{brief,short,r}', '{guest,guest,alpha}', ids => ARRAY[vend.id_from('brief'), vend.id_from('short'), NULL]);
TABLE shop.book;

-- Batches and single sales find the refusals that the other has remembered.
SELECT status, detail, balance FROM vend.purchase_many('{none,void,ghost,r,s,r,s,r}', '{alpha,alpha,alpha,nobody,broke,alpha,alpha,alpha}', '{1,1,1,1,1,1,1,99}', ARRAY(SELECT vend.id_from('memory ' || n) FROM generate_series(1, 8) n), '{NULL,NULL,NULL,NULL,NULL,6,NULL,NULL}', remember => true);
SELECT item, wallet, qty, amount, refusal, refusal_qty FROM shop.ledger WHERE kind = 'refusal' ORDER BY refusal COLLATE "C", item COLLATE "C", wallet COLLATE "C";
-- Now all could be served: what was refused is refused for good.
UPDATE shop.item SET stock = 100 WHERE id IN ('none', 'r');
SELECT stock FROM vend.restock('void', 50);
INSERT INTO shop.item (id, price, stock) VALUES ('ghost', 1, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('nobody', 1000);
UPDATE shop.wallet SET balance = 1000 WHERE id = 'broke';
SELECT status, detail, amount FROM vend.purchase_many('{none,void,ghost,r,s,r,s,r}', '{alpha,alpha,alpha,nobody,broke,alpha,alpha,alpha}', '{1,1,1,1,1,1,1,99}', ARRAY(SELECT vend.id_from('memory ' || n) FROM generate_series(1, 8) n));
SELECT n, status, detail FROM generate_series(1, 8) n, vend.try_purchase(('{none,void,ghost,r,s,r,s,r}'::text[])[n], ('{alpha,alpha,alpha,nobody,broke,alpha,alpha,alpha}'::text[])[n], ('{1,1,1,1,1,1,1,99}'::int[])[n], vend.id_from('memory ' || n)) ORDER BY n;
SELECT status FROM vend.try_purchase('r', 'alpha', 500, vend.id_from('memory 9'), remember => true);
SELECT status FROM vend.try_purchase('s', 'alpha', 500, vend.id_from('memory 10'), remember => true);
UPDATE shop.item SET stock = 600 WHERE id = 'r';
SELECT stock FROM vend.restock('s', 500);
SELECT status, detail FROM vend.purchase_many('{r,s,r,s}', '{alpha,alpha,beta,alpha}', '{500,500,500,1}', ARRAY[vend.id_from('memory 9'), vend.id_from('memory 10'), vend.id_from('memory 9'), vend.id_from('memory 10')], remember => true);
-- An id that comes twice finds the remembered refusal of the same batch. Malformed requests, and those without an id, are not remembered.
SELECT status, detail, amount FROM vend.purchase_many('{r,r,s,s,s,r,r}', '{poor,poor,beta,beta,alpha,alpha,alpha}', '{99,99,0,1,1,1,1}', ARRAY[vend.id_from('m1'), vend.id_from('m1'), vend.id_from('m2'), vend.id_from('m2'), vend.id_from('m2'), NULL, vend.id_from('m3')], remember => true);
SELECT status, detail FROM vend.purchase_many('{r,s}', '{alpha,alpha}', remember => true);
TABLE shop.book;

-- What sells nothing takes no lock, no xid and writes nothing.
BEGIN;
SELECT status FROM vend.purchase_many('{ghost,nix,r,s,r,x,r}', '{poor,poor,alpha,alpha,alpha,alpha,alpha}', '{99,1,999,999,1,1,-1}', ARRAY[NULL, NULL, NULL, NULL, '00000000-0000-4000-8000-000000000001', NULL, NULL]::uuid[], '{NULL,NULL,NULL,NULL,NULL,NULL,NULL}');
SELECT status, balance FROM vend.purchase_many('{r,s,r}', '{alpha,beta,alpha}', '{2,2,1}', ARRAY['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000005']::uuid[]);
SELECT status FROM vend.purchase_many('{r,s}', '{alpha,alpha}', max_prices => '{1,1}');
SELECT * FROM vend.purchase_many('{}', '{}', remember => true);
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('tuple', 'transactionid', 'advisory');
SELECT pg_current_xact_id_if_assigned() IS NULL AS has_no_xid;
COMMIT;
-- What only the wallet can tell is asked under its lock; the transaction is used up, but nothing is written.
SELECT xmin AS row_xmin, ctid AS row_ctid FROM shop.wallet WHERE id = 'poor' \gset
SELECT status, balance FROM vend.purchase_many('{r,s}', '{poor,poor}', '{90,90}');
SELECT xmin = :'row_xmin' AND ctid = :'row_ctid' AS is_untouched FROM shop.wallet WHERE id = 'poor';

-- Each row is written once, however many requests are about it.
INSERT INTO shop.item (id, price, stock, lock_mode) SELECT 'once' || n, 1, 1000, CASE n WHEN 3 THEN 'escrow' END FROM generate_series(1, 3) n;
INSERT INTO shop.wallet (id, balance) VALUES ('crowd', 1000);
SELECT status, count(*), min(balance), max(balance) FROM vend.purchase_many(array_fill('once1'::text, ARRAY[100]), array_fill('crowd'::text, ARRAY[100])) GROUP BY status;
SELECT stock, stock_version, version FROM shop.item WHERE id = 'once1';
SELECT status, count(*) FROM vend.purchase_many(ARRAY(SELECT 'once' || 1 + n % 3 FROM generate_series(1, 99) n), array_fill('crowd'::text, ARRAY[99])) GROUP BY status;
SELECT id, vend.available(id), stock_version FROM shop.item WHERE id LIKE 'once%' AND id <> 'once3' ORDER BY id;
SELECT balance, vend.available('once3') FROM shop.wallet WHERE id = 'crowd';
-- In escrow there is one delta. A lock on the item's row keeps the settler away until the delta was counted.
SELECT vend.settle('shop') IS NOT NULL AS is_settled;
BEGIN;
SELECT count(*) FROM (SELECT FROM shop.item WHERE id = 'once3' FOR UPDATE) l;
SELECT status, count(*) FROM vend.purchase_many(array_fill('once3'::text, ARRAY[10]), array_fill('crowd'::text, ARRAY[10])) GROUP BY status;
SELECT item, qty FROM shop.stock_delta WHERE item = 'once3';
SELECT available, pending, waiting FROM vend.stat_item WHERE store = 'shop' AND item = 'once3';
COMMIT;

-- The id of a request that makes no sense comes back, whatever else is refused. A transaction that has written before gets no id
-- for a subtransaction.
BEGIN;
SELECT status, CASE WHEN status <> 'purchased' THEN id END AS id FROM vend.purchase_many('{r,nowhere,r}', '{beta,beta,beta}', '{1,1,0}', '{NULL,NULL,00000000-0000-4000-8000-0000000000ff}');
ROLLBACK;
BEGIN;
SELECT pg_current_xact_id() IS NOT NULL AS has_xid;
SELECT status FROM vend.purchase_many('{r,s}', '{beta,beta}');
SELECT count(*) FROM shop.wallet WHERE xmin = pg_current_xact_id()::xid;
ROLLBACK;

-- A savepoint that is rolled back takes all of the batch with it, counters included; so does a transaction.
SELECT * FROM shop.book \gset before_
BEGIN;
SELECT status, balance FROM vend.purchase_many('{r,s}', '{beta,beta}');
SAVEPOINT one;
SELECT status, balance FROM vend.purchase_many('{r,s,s,ghost,none}', '{alpha,beta,alpha,alpha,alpha}', '{3,3,3,3,3}', ARRAY[vend.id_from('sp'), NULL, NULL, NULL, NULL], remember => false);
SELECT available, pending FROM vend.stat_item WHERE store = 'shop' AND item = 's';
ROLLBACK TO one;
SELECT available, pending FROM vend.stat_item WHERE store = 'shop' AND item = 's';
SELECT status, balance FROM vend.purchase_many('{r,s}', '{alpha,beta}', '{1,1}', ARRAY[vend.id_from('sp'), NULL]);
RELEASE one;
ROLLBACK;
SELECT stock = :'before_stock' AND balance = :'before_balance' AND sales = :before_sales AND findings = 0 AS is_as_before FROM shop.book;
SELECT pending, waiting FROM vend.stat_item WHERE store = 'shop' AND item = 's';
-- An error ends a batch in a transaction block; what came before the savepoint stays.
BEGIN;
SELECT status FROM vend.purchase_many('{r,s,flyer}', '{beta,beta,beta}', ids => ARRAY[vend.id_from('kept'), NULL, NULL]);
SAVEPOINT one;
\set VERBOSITY terse
SELECT count(*) FROM vend.purchase_many('{r,s}', '{beta,beta}', '{1}');
\set VERBOSITY default
ROLLBACK TO one;
SELECT status FROM vend.purchase_many('{r,s}', '{beta,beta}', '{1,x}');
ROLLBACK TO one;
SELECT 1 / (count(*) - 2) FROM vend.purchase_many('{r,s}', '{beta,beta}');
ROLLBACK TO one;
SELECT status FROM vend.purchase_many('{s,r}', '{beta,beta}', ids => ARRAY[NULL, vend.id_from('kept')]);
COMMIT;
TABLE shop.book;
-- Several batches in one transaction, and single sales between them: each sees what the one before left.
BEGIN;
SELECT status, balance FROM vend.purchase_many('{s,r}', '{alpha,beta}', ids => ARRAY[vend.id_from('t1'), vend.id_from('t2')]);
SELECT status, balance FROM vend.try_purchase('s', 'alpha', 1, vend.id_from('t1'));
SELECT status, balance FROM vend.try_purchase('r', 'alpha', 1, vend.id_from('t3'));
SELECT status, balance FROM vend.purchase_many('{r,r,s}', '{alpha,beta,alpha}', ids => ARRAY[vend.id_from('t3'), vend.id_from('t2'), NULL]);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('new', 1, 3, 'escrow');
SELECT vend.set_lock_mode('none', 'escrow');
SELECT status, balance FROM vend.purchase_many('{new,none,new,s,new}', '{alpha,alpha,beta,beta,alpha}', '{1,1,1,1,2}');
COMMIT;
SELECT status, balance FROM vend.purchase_many('{new,none,new}', '{alpha,alpha,beta}');
TABLE shop.book;
-- A transaction does not wait for units that it has pending itself.
BEGIN;
SELECT count(*) FROM vend.purchase_many(array_fill('s'::text, ARRAY[20]), array_fill('broke'::text, ARRAY[20]), array_fill(1, ARRAY[20]));
SELECT status, detail FROM vend.purchase_many('{new,s}', '{alpha,alpha}', '{1,9999}');
COMMIT;
-- A statement may have two batches, and may use a batch as a source of rows.
WITH a AS (SELECT * FROM vend.purchase_many('{s}', '{alpha}')), b AS (SELECT * FROM vend.purchase_many('{r}', '{alpha}')) SELECT a.status, b.status, a.balance - b.balance AS between FROM a, b;
CREATE TABLE shop.sale AS SELECT item, buyer, status FROM vend.purchase_many('{s,r,nix}', '{alpha,beta,beta}');
TABLE shop.sale;
WITH sold AS (SELECT status FROM vend.purchase_many('{s,s}', '{alpha,alpha}')) SELECT status FROM sold LIMIT 1;
TABLE shop.book;

-- A batch in a read-only transaction is a fault; at the other isolation levels it sells.
BEGIN READ ONLY;
SELECT status FROM vend.purchase_many('{s}', '{alpha}');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT status FROM vend.purchase_many('{}', '{}');
\echo :SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT status, balance FROM vend.purchase_many('{s,r,s}', '{alpha,beta,beta}');
SELECT status, balance FROM vend.purchase_many('{s,r,s}', '{alpha,beta,beta}');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT status, balance FROM vend.purchase_many('{s,r,s}', '{alpha,beta,beta}');
COMMIT;

-- Settings for single sales do not matter to a batch.
SET vend.lock_mode = 'optimistic';
SET vend.lock_timeout = '1ms';
SELECT status FROM vend.purchase_many('{s,r,a,p,o,e}', '{alpha,alpha,alpha,alpha,alpha,alpha}');
RESET vend.lock_mode;
RESET vend.lock_timeout;

-- Buyers and cashiers may make batches.
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_cashier;
CREATE ROLE regress_vend_operator;
CREATE ROLE regress_vend_auditor;
CREATE ROLE regress_vend_stranger;
SELECT vend.grant_role('buyer', 'regress_vend_buyer', 'shop'), vend.grant_role('cashier', 'regress_vend_cashier', 'shop'), vend.grant_role('operator', 'regress_vend_operator', 'shop'), vend.grant_role('auditor', 'regress_vend_auditor', 'shop');
SET ROLE regress_vend_buyer;
SELECT status, item FROM vend.purchase_many('{s,r}', '{alpha,alpha}');
SET ROLE regress_vend_cashier;
SELECT status, item FROM vend.purchase_many('{s,r}', '{alpha,alpha}');
SET ROLE regress_vend_operator;
SELECT status FROM vend.purchase_many('{s,r}', '{alpha,alpha}');
\echo :SQLSTATE
SET ROLE regress_vend_auditor;
SELECT status FROM vend.purchase_many('{s,r}', '{alpha,alpha}');
\echo :SQLSTATE
SET ROLE regress_vend_stranger;
SELECT status FROM vend.purchase_many('{}', '{}');
\echo :SQLSTATE
RESET ROLE;

-- A call may have 10,000 requests and no more.
INSERT INTO shop.item (id, price, stock, lock_mode) SELECT 'm' || n, n % 3, 25, (ARRAY['escrow', 'optimistic', 'pessimistic', NULL])[1 + n % 4] FROM generate_series(1, 300) n;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('hot', 1, 9000, 'escrow'), ('warm', 1, 9000, NULL);
INSERT INTO shop.wallet (id, balance) SELECT 'w' || n, 20 FROM generate_series(1, 2000) n;
SELECT status, count(*), sum(amount) AS amount FROM vend.purchase_many(ARRAY(SELECT 'm' || 1 + n % 300 FROM generate_series(1, 10000) n), ARRAY(SELECT 'w' || 1 + n % 2000 FROM generate_series(1, 10000) n), ids => ARRAY(SELECT vend.id_from('big ' || n) FROM generate_series(1, 10000) n)) GROUP BY status ORDER BY status;
SELECT status, count(*), sum(amount) AS amount FROM vend.purchase_many(ARRAY(SELECT 'm' || 1 + n % 300 FROM generate_series(1, 10000) n), ARRAY(SELECT 'w' || 1 + n % 2000 FROM generate_series(1, 10000) n), ids => ARRAY(SELECT vend.id_from('big ' || n) FROM generate_series(1, 10000) n)) GROUP BY status ORDER BY status;
SELECT status, count(*) FROM vend.purchase_many(array_fill('hot'::text, ARRAY[10000]), array_fill('crowd'::text, ARRAY[10000])) GROUP BY status ORDER BY status;
UPDATE shop.wallet SET balance = 20000 WHERE id = 'crowd';
SELECT status, count(*), min(balance) FROM vend.purchase_many(array_fill('hot'::text, ARRAY[10000]), array_fill('crowd'::text, ARRAY[10000])) GROUP BY status ORDER BY status;
SELECT status, count(*) FROM vend.purchase_many(array_fill('warm'::text, ARRAY[10000]), array_fill('crowd'::text, ARRAY[10000]), array_fill(0, ARRAY[10000])) GROUP BY status;
SELECT status, count(*) FROM vend.purchase_many(array_fill('warm'::text, ARRAY[10000]), array_fill('crowd'::text, ARRAY[10000]), ids => array_fill(vend.id_from('one of them'), ARRAY[10000])) GROUP BY status ORDER BY status;
\set VERBOSITY terse
SELECT count(*) FROM vend.purchase_many(array_fill('warm'::text, ARRAY[10001]), array_fill('crowd'::text, ARRAY[10001]));
\echo :SQLSTATE
SELECT count(*) FROM vend.purchase_many(array_fill('warm'::text, ARRAY[10001]), '{}');
\echo :SQLSTATE
\set VERBOSITY default
SELECT count(*), sum(vend.available(id)) AS stock FROM shop.item WHERE id ~ '^m\d+$';
SELECT vend.available('hot'), vend.available('warm');
SELECT findings FROM shop.book;

-- The details of many refusals outlive the call.
SELECT status, detail, count(*) FROM vend.purchase_many(array_fill('warm'::text, ARRAY[5000]), array_fill('crowd'::text, ARRAY[5000]), array_fill(0, ARRAY[5000])) GROUP BY 1, 2;
SELECT status, detail, count(*) FROM vend.transfer_many(array_fill('alpha'::text, ARRAY[5000]), array_fill('beta'::text, ARRAY[5000]), array_fill(0, ARRAY[5000])) GROUP BY 1, 2;
SELECT status, length(detail) FROM vend.purchase_many(ARRAY[repeat('z', 1000000), 'warm'], '{alpha,nobody}', ids => ARRAY[vend.id_from('long'), vend.id_from('short')], remember => true);
-- All figures add up, whether settled or not.
SELECT vend.settle() >= 0 AS settled;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP ROLE regress_vend_buyer, regress_vend_cashier, regress_vend_operator, regress_vend_auditor, regress_vend_stranger;
