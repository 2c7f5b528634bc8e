-- Aim: an item in escrow from the outside: sale, receipt, replay, each refusal and their precedence, whether its counter is
-- loaded or not, available(), refund and restock, stat_item, settling, rights, spellings and lengths of keys.
-- Guarantees: G1 (no oversell), G3 (a refusal changes nothing), G4 (once), G6 (the audit).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('fair');
INSERT INTO fair.item (id, price, stock, lock_mode) VALUES ('lamp', 100, 10, 'escrow'), ('vase', 30, 5, NULL);
INSERT INTO fair.wallet (id, balance) VALUES ('alpha', 5000), ('poor', 5);
-- The sum of row and deltas does not depend on the settler, as the row alone does.
CREATE VIEW fair.book AS
    SELECT id, lock_mode, stock + coalesce((SELECT sum(qty) FROM fair.stock_delta WHERE item = id), 0) AS stock, vend.available(id, 'fair') AS available FROM fair.item;
-- The function waits until the settler has brought the rows up to what was sold, and has counted it, which comes after it has committed.
CREATE FUNCTION fair.await_settler(counted bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    WHILE clock_timestamp() < statement_timestamp() + interval '150 s' LOOP
        IF NOT EXISTS (SELECT FROM fair.stock_delta) AND NOT EXISTS (SELECT FROM vend.stat_item WHERE store = 'fair' AND unsettled > 0)
            AND (counted IS NULL OR counted = (SELECT sum(settled) FROM vend.stat_item WHERE store = 'fair')) THEN RETURN 'settled'; END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN 'not settled';
END
$$;

-- available() loads nothing; the first sale does.
SELECT vend.available('lamp'), vend.available('vase');
SELECT count(*) FROM vend.stat_item WHERE store = 'fair';
\x on
SELECT status, detail, id IS NOT NULL AS has_id, item, buyer, qty, unit_price, amount, balance, at <= clock_timestamp() AS has_time FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT id = vend.id_from('one') AS has_id, item, buyer, qty, unit_price, amount, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.purchase('lamp', 'alpha', 3, vend.id_from('one'));
SELECT id = vend.id_from('one') AS has_id, item, buyer, qty, unit_price, amount, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.purchase('lamp', 'alpha', 3, vend.id_from('one'));
\x off
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 3, vend.id_from('one'));
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, vend.id_from('one'));
\echo :SQLSTATE
SELECT kind, item, qty, wallet, amount, unit_price FROM fair.ledger WHERE kind = 'purchase' ORDER BY at;
SELECT * FROM fair.book ORDER BY id;
SELECT * FROM fair.holding;
SELECT * FROM vend.audit();

-- Pending units are missing from what others find, and come back.
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4);
SELECT vend.available('lamp');
SELECT store, item, available, pending, waiting, reserved, refused FROM vend.stat_item WHERE store = 'fair';
SELECT status, detail FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT * FROM vend.audit();
ROLLBACK;
SELECT store, item, available, pending, waiting, reserved, refused FROM vend.stat_item WHERE store = 'fair';
SELECT status, detail FROM vend.try_purchase('lamp', 'alpha', 6);
SELECT item FROM vend.purchase('lamp', 'alpha', 6);
\echo :SQLSTATE

-- The settler comes by itself.
SELECT fair.await_settler(2);
SELECT id, stock FROM fair.item ORDER BY id;
SELECT store, item, available, pending, waiting, reserved, refused, settled, unsettled, settle_lag FROM vend.stat_item WHERE store = 'fair';
SELECT vend.settle();
-- settle() settles at once. A sale of its own transaction is folded in too, and comes back with the transaction.
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.settle('fair');
SELECT stock, vend.available('lamp') FROM fair.item WHERE id = 'lamp';
SELECT vend.settle();
ROLLBACK;
SELECT stock, vend.available('lamp') FROM fair.item WHERE id = 'lamp';
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.settle();
COMMIT;
SELECT * FROM fair.book ORDER BY id;
SELECT count(*) FROM fair.stock_delta;
SELECT * FROM vend.audit();

-- The units of a restock or a refund are available at commit only, for the transaction itself too.
BEGIN;
SELECT kind, item, qty, stock, replayed FROM vend.restock('lamp', 6, vend.id_from('more'));
SELECT kind, item, wallet, qty, amount, stock, balance FROM vend.refund(vend.id_from('one'), 2, vend.id_from('back'));
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 'alpha', 5);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.available('lamp');
COMMIT;
SELECT vend.available('lamp');
BEGIN;
SELECT stock FROM vend.restock('lamp', 6);
ROLLBACK;
SELECT vend.available('lamp');
SELECT kind, qty, stock, replayed FROM vend.restock('lamp', 6, vend.id_from('more'));
SELECT kind, qty, stock, balance, replayed FROM vend.refund(vend.id_from('one'), 2, vend.id_from('back'));
SELECT status, detail FROM vend.try_refund(vend.id_from('one'), 2);
SELECT status, qty, stock FROM vend.try_refund(vend.id_from('one'));
SELECT * FROM fair.holding;
SELECT stock FROM vend.restock('lamp', 9223372036854775807);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 9223372036854775798);
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(vend.id_from('one'));
SELECT vend.available('lamp');
SELECT fair.await_settler();
SELECT stock FROM fair.item WHERE id = 'lamp';
SELECT * FROM vend.audit();

-- A remembered refusal is final.
INSERT INTO fair.item (id, price, stock, lock_mode) VALUES ('none', 100, 0, 'escrow');
SELECT status, detail FROM vend.try_purchase('none', 'alpha', id => vend.id_from('later'), remember => true);
SELECT stock FROM vend.restock('none', 2);
SELECT status, detail FROM vend.try_purchase('none', 'alpha', id => vend.id_from('later'), remember => true);
SELECT status FROM vend.try_purchase('none', 'alpha', id => vend.id_from('sooner'), remember => true);
SELECT status, replayed FROM (SELECT status, at < now() AS replayed FROM vend.try_purchase('none', 'alpha', id => vend.id_from('sooner'), remember => true)) p;
SELECT vend.available('none');

-- The mode is the item's: no sale chooses it.
SELECT status FROM vend.try_purchase('none', 'alpha', lock_mode => 'atomic');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('none', 'alpha', lock_mode => 'escrow');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('vase', 'alpha', lock_mode => 'escrow');
\echo :SQLSTATE
SET vend.lock_mode = 'escrow';
\echo :SQLSTATE
SET vend.lock_mode = 'pessimistic';
SELECT status FROM vend.try_purchase('none', 'alpha', nowait => true);
RESET vend.lock_mode;
SELECT vend.set_lock_mode('none', 'fast');
\echo :SQLSTATE
SELECT vend.set_lock_mode('ghost', 'escrow');
\echo :SQLSTATE
SELECT vend.available('ghost');
\echo :SQLSTATE
SELECT vend.available(NULL::text);
\echo :SQLSTATE
SELECT vend.settle('mall');
\echo :SQLSTATE
-- The mode changes in both directions. In a row mode a sale takes from the row.
SELECT vend.set_lock_mode('none', 'optimistic');
SELECT id, stock, lock_mode FROM fair.item WHERE id = 'none';
SELECT vend.set_lock_mode('vase', 'escrow');
SELECT status FROM vend.try_purchase('vase', 'alpha', 2);
SELECT vend.set_lock_mode('vase', NULL);
SELECT id, stock, version, lock_mode FROM fair.item WHERE id = 'vase';
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, lock_mode => 'atomic');
SELECT id, stock, lock_mode FROM fair.item WHERE id = 'vase';
SELECT count(*) FROM fair.stock_delta WHERE item = 'vase';
SELECT * FROM vend.audit();

-- If several refusals apply, the first of the order is the answer: before the item's counter is loaded, and afterwards.
CREATE TABLE fair.question (n serial, what text, stock bigint, buyer text, qty bigint, version bigint, max_price numeric, answer text);
INSERT INTO fair.question (what, stock, buyer, qty, version, max_price, answer) VALUES
    ('conflict, all',                    0, 'nobody', 9, 9,    1,    'conflict'),
    ('conflict, sold_out',               0, 'alpha',  1, 9,    NULL, 'conflict'),
    ('price_changed, all',               0, 'nobody', 9, 1,    1,    'price_changed'),
    ('price_changed, sold_out',          0, 'alpha',  1, NULL, 99,   'price_changed'),
    ('price_changed, unknown_buyer',     5, 'nobody', 1, NULL, 99,   'price_changed'),
    ('sold_out',                         0, 'alpha',  1, NULL, NULL, 'sold_out'),
    ('sold_out, unknown_buyer',          0, 'nobody', 1, NULL, NULL, 'sold_out'),
    ('sold_out, insufficient_funds',     0, 'poor',   1, 1,    100,  'sold_out'),
    ('not enough, unknown_buyer',        5, 'nobody', 6, NULL, NULL, 'sold_out'),
    ('not enough, insufficient_funds',   5, 'poor',   6, NULL, NULL, 'sold_out'),
    ('unknown_buyer',                    5, 'nobody', 5, 1,    100,  'unknown_buyer'),
    ('insufficient_funds',               5, 'poor',   1, 1,    100,  'insufficient_funds'),
    ('insufficient_funds, by the total', 50, 'alpha', 50, 1,   100,  'insufficient_funds');
CREATE FUNCTION fair.ask(item text, nowait boolean, remember boolean, attempt int) RETURNS TABLE (what text, expected text, status text) LANGUAGE sql AS $$
    SELECT q.what, q.answer, p.status
    FROM fair.question q, vend.try_purchase(ask.item || q.n, q.buyer, q.qty, vend.id_from(concat_ws('/', ask.item, q.n, nowait, attempt)), NULL, nowait, q.version, q.max_price, remember => ask.remember) p
$$;
INSERT INTO fair.item (id, price, stock, lock_mode) SELECT f || n, 100, stock, 'escrow' FROM fair.question, unnest(ARRAY['a', 'b', 'c', 'd']) f;
SELECT count(*) FROM vend.stat_item WHERE store = 'fair' AND item ~ '^[a-d]\d+$';
SELECT * FROM fair.ask('a', false, false, 1);
SELECT * FROM fair.ask('a', false, false, 2) WHERE status IS DISTINCT FROM expected;
SELECT * FROM fair.ask('b', true, false, 1) WHERE status IS DISTINCT FROM expected;
SELECT * FROM fair.ask('b', true, true, 2) WHERE status IS DISTINCT FROM expected;
SELECT * FROM fair.ask('c', false, true, 1) WHERE status IS DISTINCT FROM expected;
SELECT * FROM fair.ask('c', false, false, 2) WHERE status IS DISTINCT FROM expected;
SELECT * FROM fair.ask('d', true, true, 1) WHERE status IS DISTINCT FROM expected;
SELECT count(*) AS changed FROM fair.question q JOIN fair.book b ON b.id ~ ('^[a-d]' || q.n || '$') WHERE (b.stock, b.available) IS DISTINCT FROM (q.stock, q.stock);
SELECT refusal, count(*) FROM fair.ledger WHERE item ~ '^[a-d]\d+$' AND kind = 'refusal' GROUP BY refusal ORDER BY refusal;
SELECT kind, count(*) FROM fair.ledger WHERE item ~ '^[a-d]\d+$' GROUP BY kind ORDER BY kind;
-- Nothing is pending after a refusal.
SELECT sum(pending) AS pending, sum(waiting) AS waiting, sum(reserved) AS reserved FROM vend.stat_item WHERE store = 'fair' AND item ~ '^[a-d]\d+$';
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

-- Only some roles may call these functions.
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_operator;
CREATE ROLE regress_vend_monitor IN ROLE pg_monitor;
SELECT vend.grant_role('buyer', 'regress_vend_buyer', 'fair');
SELECT vend.grant_role('operator', 'regress_vend_operator', 'fair');
SET ROLE regress_vend_buyer;
SELECT vend.available('none');
SELECT status FROM vend.try_purchase('vase', 'alpha');
SELECT vend.set_lock_mode('none', 'escrow');
\echo :SQLSTATE
SELECT vend.settle();
\echo :SQLSTATE
SELECT count(*) FROM vend.stat_item;
\echo :SQLSTATE
SET ROLE regress_vend_operator;
SELECT vend.set_lock_mode('none', 'escrow');
SELECT stock FROM vend.restock('none', 5);
SELECT vend.settle() >= 0 AS settled;
SET ROLE regress_vend_monitor;
SELECT count(*) > 0 AS sees FROM vend.stat_item WHERE store = 'fair';
SELECT vend.available('none');
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM vend.audit();
SELECT vend.detach_store('fair');
SELECT id, stock FROM fair.item WHERE id IN ('lamp', 'none', 'vase') ORDER BY id;
DROP SCHEMA fair CASCADE;
DROP ROLE regress_vend_buyer, regress_vend_operator, regress_vend_monitor;

-- Each item has one counter, however its key is spelled. In one of two stores '01' is '1'.
SELECT vend.create_store('words', wallets => false);
SELECT vend.create_store('numbers', 'bigint', 'bigint', wallets => false);
SELECT vend.create_store('ids', 'uuid', 'uuid', wallets => false);
INSERT INTO words.item (id, price, stock, lock_mode) VALUES ('1', 1, 9, 'escrow'), ('01', 1, 9, 'escrow'), ('', 1, 9, 'escrow');
INSERT INTO numbers.item (id, price, stock, lock_mode) VALUES (1, 1, 9, 'escrow'), (-1, 1, 9, 'escrow');
INSERT INTO ids.item (id, price, stock, lock_mode) VALUES ('00000000-0000-4000-8000-00000000000a', 1, 9, 'escrow');
SELECT status, item FROM vend.try_purchase('1', 'alpha', 1, store => 'words');
SELECT status, item FROM vend.try_purchase('01', 'alpha', 2, store => 'words');
SELECT status, item FROM vend.try_purchase('', 'alpha', 3, store => 'words');
SELECT status, item FROM vend.try_purchase('1', '7', 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase('01', '7', 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase(1, 7, 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase(1::smallint, 7::smallint, 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase(' +1 ', '7', 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase(-1, 7, 1, store => 'numbers');
SELECT status, item FROM vend.try_purchase('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b', 1, store => 'ids');
SELECT status, item FROM vend.try_purchase('{00000000-0000-4000-8000-00000000000A}', '00000000-0000-4000-8000-00000000000b', 1, store => 'ids');
SELECT status, item FROM vend.try_purchase('0000000000004000800000000000000a'::uuid, '00000000-0000-4000-8000-00000000000b'::uuid, 1, store => 'ids');
SELECT vend.available('01', 'numbers'), vend.available(1, 'numbers'), vend.available('01', 'words'), vend.available('0000000000004000800000000000000A', 'ids');
SELECT store, item, available, pending, reserved FROM vend.stat_item WHERE store IN ('words', 'numbers', 'ids') ORDER BY store, item COLLATE "C";
SELECT vend.set_lock_mode('01', 'atomic', 'numbers'), vend.set_lock_mode('{00000000-0000-4000-8000-00000000000A}', NULL, 'ids');
SELECT id, stock, lock_mode FROM numbers.item WHERE id = 1;
SELECT id, stock, lock_mode FROM ids.item;

-- Long keys are refused: 256 bytes are the limit in escrow, whatever a character takes.
INSERT INTO words.item (id, price, stock, lock_mode) VALUES (repeat('x', 256), 1, 9, 'escrow'), (repeat('ü', 128), 1, 9, 'escrow'), (repeat('y', 257), 1, 9, NULL);
SELECT status, length(item) FROM vend.try_purchase(repeat('x', 256), 'alpha', store => 'words');
SELECT status, octet_length(item) FROM vend.try_purchase(repeat('ü', 128), 'alpha', 2, store => 'words');
SELECT vend.available(repeat('x', 256), 'words'), vend.available(repeat('ü', 128), 'words');
SELECT status, length(item) FROM vend.try_purchase(repeat('y', 257), 'alpha', store => 'words');
SELECT vend.available(repeat('y', 257), 'words');
SELECT vend.set_lock_mode(repeat('y', 257), 'escrow', 'words');
\echo :SQLSTATE
UPDATE words.item SET lock_mode = 'escrow' WHERE id LIKE 'yy%';
\echo :SQLSTATE
INSERT INTO words.item (id, price, stock, lock_mode) VALUES (repeat('z', 257), 1, 0, 'escrow');
\echo :SQLSTATE
UPDATE words.item SET id = id || 'x' WHERE id LIKE 'xx%';
\echo :SQLSTATE
SELECT vend.available(repeat('x', 256), 'words');
SELECT * FROM vend.audit('words') UNION ALL SELECT * FROM vend.audit('numbers') UNION ALL SELECT * FROM vend.audit('ids');
SELECT vend.detach_store('words'), vend.detach_store('numbers'), vend.detach_store('ids');
DROP SCHEMA words, numbers, ids CASCADE;
