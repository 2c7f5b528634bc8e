-- Aim: an id buys once. The same call again is told what was recorded; another call under that id is a mismatch.
-- Guarantee: G4 (once).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('vase', 30, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
\set a '''00000000-0000-4000-8000-00000000000a'''
\set b '''00000000-0000-4000-8000-00000000000b'''
\set c '''00000000-0000-4000-8000-00000000000c'''

SELECT *, at AS time FROM vend.purchase('lamp', 'alpha', 2, id => :a) \gset first_
\echo :first_id :first_item :first_buyer :first_qty :first_unit_price :first_amount :first_balance :first_replayed
SELECT id, item, buyer, qty, unit_price, amount, balance, replayed, at = :'first_time' AS same_time FROM vend.purchase('lamp', 'alpha', 2, id => :a);
SELECT status, detail, id, item, buyer, qty, unit_price, amount, balance, at = :'first_time' AS same_time FROM vend.try_purchase('lamp', 'alpha', 2, id => :a);

-- A replay tells what was recorded, and the current balance.
UPDATE shop.item SET price = 1 WHERE id = 'lamp';
SELECT wallet, balance FROM vend.deposit('alpha', 50);
SELECT m AS lock_mode, status, qty, unit_price, amount, balance FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', 'alpha', 2, id => :a, lock_mode => m);

-- Arguments that are no part of a purchase's identity do not matter to a replay.
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', 2, id => :a, expected_version => 1, max_price => 1, nowait => true);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', 2, id => :a, remember => true);
SELECT status, unit_price FROM vend.try_purchase(item => 'lamp', buyer => 'alpha', qty => 2, id => upper(:a)::uuid);

-- Another quantity, item or buyer is a mismatch, in both functions; the error says what the id belongs to.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'beta', 2, id => :a);
\echo :SQLSTATE
SELECT replayed FROM vend.purchase('lamp', 'alpha', 3, id => :a);
\echo :SQLSTATE

-- An id belongs to a kind: the ids of a deposit, a restock and an adjustment are not those of a purchase.
SELECT kind, balance FROM vend.deposit('alpha', 10, id => :b);
SELECT kind, stock FROM vend.restock('vase', 2, id => :c);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => :b);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, id => :c);
\echo :SQLSTATE
SELECT kind FROM vend.deposit('alpha', 200, id => :a);
\echo :SQLSTATE
SELECT kind FROM vend.restock('lamp', 2, id => :a);
\echo :SQLSTATE
SELECT id AS adjustment FROM shop.ledger WHERE kind = 'adjustment' AND item = 'vase' \gset
\set VERBOSITY sqlstate
SELECT status FROM vend.try_purchase('vase', 'alpha', 5, id => :'adjustment');
\set VERBOSITY default

-- A sale is replayed in its own transaction; a sale that was rolled back is not replayed.
BEGIN;
SELECT status, balance FROM vend.try_purchase('vase', 'beta', id => '00000000-0000-4000-8000-00000000000d');
SELECT status, balance FROM vend.try_purchase('vase', 'beta', id => '00000000-0000-4000-8000-00000000000d');
SAVEPOINT one;
SELECT status, balance FROM vend.try_purchase('vase', 'beta', 2, id => '00000000-0000-4000-8000-00000000000d');
\echo :SQLSTATE
ROLLBACK TO one;
SELECT status, balance FROM vend.try_purchase('vase', 'beta', id => '00000000-0000-4000-8000-00000000000d', lock_mode => 'optimistic');
ROLLBACK;
SELECT status, balance FROM vend.try_purchase('vase', 'beta', 2, id => '00000000-0000-4000-8000-00000000000d');

-- A refusal that was not asked to be remembered leaves its id free.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 9, id => '00000000-0000-4000-8000-00000000000e');
SELECT kind, stock FROM vend.restock('lamp', 20);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 9, id => '00000000-0000-4000-8000-00000000000e');

-- A call without an id returns one, which replays it.
SELECT id AS made FROM vend.purchase('lamp', 'beta') \gset
SELECT status, balance FROM vend.try_purchase('lamp', 'beta', id => :'made');

-- The nil id and the highest are ids like any other.
SELECT status FROM vend.try_purchase('lamp', 'beta', id => '00000000-0000-0000-0000-000000000000');
SELECT status FROM vend.try_purchase('lamp', 'beta', id => '00000000-0000-0000-0000-000000000000');
SELECT status FROM vend.try_purchase('lamp', 'beta', id => 'ffffffff-ffff-ffff-ffff-ffffffffffff');
SELECT status FROM vend.try_purchase('lamp', 'beta', id => 'ffffffff-ffff-ffff-ffff-ffffffffffff');

SELECT kind, count(*), sum(qty) AS qty, sum(amount) AS amount FROM shop.ledger WHERE kind <> 'adjustment' GROUP BY kind ORDER BY kind;
SELECT id, stock FROM shop.item ORDER BY id;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
