-- Aim: refunds: whole, partial, several, never more than was bought; at the price that was paid; every refusal as a status
-- and as an SQLSTATE, the same id again, deleted items and wallets, stores of every shape. A refusal changes nothing.
-- Guarantees: G3 (stock, money and holding go back together), G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 10), ('vase', 30, 10), ('free', 0, 10);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 500);
\set a '''00000000-0000-4000-8000-00000000000a'''
\set b '''00000000-0000-4000-8000-00000000000b'''
\set c '''00000000-0000-4000-8000-00000000000c'''
\set d '''00000000-0000-4000-8000-00000000000d'''
\set e '''00000000-0000-4000-8000-00000000000e'''
\set p '''00000000-0000-4000-8000-0000000000a1'''
\set q '''00000000-0000-4000-8000-0000000000a2'''
\set r '''00000000-0000-4000-8000-0000000000a3'''
\set none '''00000000-0000-4000-8000-0000000000ff'''

-- The whole purchase is given back.
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 3, id => :p);
SELECT * FROM shop.holding ORDER BY buyer, item;
\x on
SELECT id IS NOT NULL AS has_id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.refund(:p, id => :a);
\x off
SELECT line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind IN ('purchase', 'refund') ORDER BY at;
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT id, stock, stock_version, version FROM shop.item ORDER BY id;
SELECT * FROM vend.audit();

-- A purchase is given back in parts, and no more than was bought: the last part is what is left.
SELECT status, balance FROM vend.try_purchase('vase', 'alpha', 5, id => :q);
\x on
SELECT status, detail, id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time FROM vend.try_refund(:q, 2, id => :b);
\x off
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT status, detail, qty, amount, stock, balance FROM vend.try_refund(:q, 4);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:q, 1);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:q, 1);
SELECT status, detail, qty, amount, stock, balance FROM vend.try_refund(:q, 2);
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:q);
SELECT status, detail, qty, amount, stock, balance FROM vend.try_refund(:q);
SELECT status, detail, qty, amount, stock, balance FROM vend.try_refund(:q, 1);
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT id, balance FROM shop.wallet ORDER BY id;
-- Two purchases of the same buyer and item are given back in parts, each on its own account.
SELECT id AS one FROM vend.purchase('vase', 'beta', 2) \gset
SELECT id AS two FROM vend.purchase('vase', 'beta', 3) \gset
SELECT status, detail FROM vend.try_refund(:'one', 3);
SELECT status, qty, balance FROM vend.try_refund(:'two', 3);
SELECT status, detail FROM vend.try_refund(:'two', 1);
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT status, qty, balance FROM vend.try_refund(:'one');
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT * FROM vend.audit();

-- Every refusal is a status in one transaction that stays usable, and an error.
SELECT balance FROM vend.deposit('alpha', 5, id => :c);
CREATE TABLE shop.before AS SELECT (SELECT count(*) FROM shop.ledger) AS ledger, (SELECT sum(stock) FROM shop.item) AS stock, (SELECT sum(balance) FROM shop.wallet) AS balance;
\x on
BEGIN;
SELECT * FROM vend.try_refund(:none);
SELECT * FROM vend.try_refund(:none, 2, id => :d);
SELECT * FROM vend.try_refund(:c);
SELECT * FROM vend.try_refund(:b);
SELECT * FROM vend.try_refund(:p, 1, id => :d);
SELECT * FROM vend.try_refund(:p, 9223372036854775807);
COMMIT;
\x off
SELECT * FROM vend.refund(:none);
\echo :SQLSTATE
SELECT * FROM vend.refund(:p);
\echo :SQLSTATE
SELECT * FROM vend.refund(:p, 1);
\echo :SQLSTATE
DO $$
BEGIN
    PERFORM vend.refund('00000000-0000-4000-8000-0000000000a1');
EXCEPTION WHEN SQLSTATE 'VN010' THEN
    RAISE WARNING 'caught: %', SQLERRM;
END
$$;
-- A remembered refusal cannot be refunded; nor can an adjustment.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 99, id => '00000000-0000-4000-8000-0000000000b1', remember => true);
SELECT status FROM vend.try_refund('00000000-0000-4000-8000-0000000000b1');
SELECT status FROM vend.try_refund((SELECT id FROM shop.ledger WHERE kind = 'adjustment' AND item = 'lamp'));
SELECT (SELECT count(*) FROM shop.ledger WHERE kind <> 'refusal') = ledger AS ledger, (SELECT sum(stock) FROM shop.item) = stock AS stock, (SELECT sum(balance) FROM shop.wallet) = balance AS balance FROM shop.before;

-- A replay tells what was recorded, with the current stock and balance; also if nothing would be left to refund.
SELECT stock FROM vend.restock('lamp', 5);
SELECT id, kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.refund(:p, id => :a);
SELECT id, kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.refund(:p, 3, id => :a);
SELECT status, detail, id, kind, item, wallet, qty, amount, stock, balance, at = (SELECT at FROM shop.ledger WHERE id = :b) AS same_time FROM vend.try_refund(:q, 2, id => :b);
-- A request that names no quantity is the same request again, too.
SELECT status, qty, amount FROM vend.try_refund(:q, id => :b);
SELECT count(*) FROM shop.ledger WHERE id IN (:a, :b);
-- A refusal left its id free.
SELECT status, balance FROM vend.try_purchase('lamp', 'beta', 4, id => :r);
SELECT status, qty, balance FROM vend.try_refund(:r, 1, id => :d);

-- Anything else under that id is a mismatch, in both forms; before anything else is looked at.
SELECT status FROM vend.try_refund(:q, 3, id => :b);
\echo :SQLSTATE
SELECT kind FROM vend.refund(:p, 2, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:r, 2, id => :b);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:none, 2, id => :b);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:q, 5, id => :c);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:none, 5, id => :c);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:r, id => :r);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:r, id => '00000000-0000-4000-8000-0000000000b1');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, id => :b);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 60, id => :b);
\echo :SQLSTATE
SELECT stock FROM vend.restock('vase', 2, id => :b);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 60, id => :b);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', 60, id => :b);
\echo :SQLSTATE

-- A purchase that was refunded is replayed as it was and not bought again, and there is no more to refund after that.
SELECT status, qty, amount, balance FROM vend.try_purchase('lamp', 'alpha', 3, id => :p);
SELECT status, detail FROM vend.try_refund(:p);
SELECT status, qty, amount, balance FROM vend.try_purchase('lamp', 'beta', 4, id => :r);
SELECT status, qty, amount, balance FROM vend.try_refund(:r, 1);

-- What was paid goes back, whatever it costs now.
UPDATE shop.item SET price = 7 WHERE id = 'lamp';
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:r, 1);
UPDATE shop.item SET price = 700000 WHERE id = 'lamp';
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:r);
SELECT qty, amount, unit_price FROM shop.ledger WHERE ref = :r ORDER BY at;
SELECT * FROM shop.holding ORDER BY buyer, item;

-- A refund of a free item gives the unit back, and moves no coin.
SELECT status, amount, balance FROM vend.try_purchase('free', 'alpha', 3, id => :e);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:e, 2);
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT status, detail FROM vend.try_refund(:e, 2);
UPDATE shop.item SET price = 50 WHERE id = 'free';
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:e);
SELECT status, detail FROM vend.try_refund(:e);
SELECT qty, amount, unit_price, ref FROM shop.ledger WHERE ref = :e ORDER BY at;

-- Some quantities are not valid, and some arguments are NULL.
SELECT status FROM vend.try_refund(:p, 0);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:p, -1);
\echo :SQLSTATE
SELECT kind FROM vend.refund(:p, -9223372036854775808);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:p, 9223372036854775808);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:none, 0);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(NULL);
\echo :SQLSTATE
SELECT kind FROM vend.refund(NULL, 1);
\echo :SQLSTATE
SELECT status FROM vend.try_refund('lamp');
\echo :SQLSTATE
SELECT status, detail FROM vend.try_refund(:p, NULL, NULL, NULL);
SELECT status FROM vend.try_refund(:p, store => 'nowhere');
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT status FROM vend.try_refund(:p);
\echo :SQLSTATE
ROLLBACK;

-- The purchase is given back in its own transaction, which is rolled back to a savepoint, and then whole.
BEGIN;
SELECT id AS now FROM vend.purchase('vase', 'alpha', 4) \gset
SELECT status, qty, stock, balance FROM vend.try_refund(:'now', 1);
SAVEPOINT one;
SELECT status, qty, stock, balance FROM vend.try_refund(:'now', 3);
SELECT status FROM vend.try_refund(:'now');
ROLLBACK TO one;
SELECT status, qty, stock, balance FROM vend.try_refund(:'now', 2);
COMMIT;
SELECT status, qty, stock, balance FROM vend.try_refund(:'now', 2);
BEGIN;
SELECT status, qty, stock, balance FROM vend.try_refund(:'now');
ROLLBACK;
SELECT * FROM shop.holding ORDER BY buyer, item;
-- One statement makes several refunds.
SELECT id AS many FROM vend.purchase('vase', 'alpha', 5) \gset
SELECT n, f.status, f.stock, f.balance FROM generate_series(1, 4) n, vend.try_refund(:'many', n) f;
SELECT status, qty, stock, balance FROM vend.try_refund(:'many');
SELECT status, qty, stock, balance FROM vend.try_refund(:'now');
-- The parameters may be untyped.
SELECT id AS more FROM vend.purchase('vase', 'alpha', 4) \gset
PREPARE untyped AS SELECT status, qty, amount FROM vend.try_refund($1, $2, $3, store => $4);
EXECUTE untyped(:'more', '2', NULL, 'shop');
EXECUTE untyped(:'more', NULL, :none, NULL);
EXECUTE untyped(:'more', NULL, :none, NULL);
DEALLOCATE untyped;
-- A refund is the same in every lock mode, whatever mode the item has.
UPDATE shop.item SET lock_mode = 'optimistic' WHERE id = 'vase';
SELECT m AS lock_mode, p.status, f.status, f.qty, f.stock FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('vase', 'alpha', 2, lock_mode => m) p, vend.try_refund(p.id) f;
SELECT id, stock FROM shop.item ORDER BY id;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();

-- An item that is gone takes nothing back, and its refunds still replay.
SELECT status FROM vend.try_purchase('vase', 'alpha', 3, id => '00000000-0000-4000-8000-0000000000a4');
SELECT status FROM vend.try_purchase('free', 'beta', 3, id => '00000000-0000-4000-8000-0000000000a5');
SELECT status, qty, stock, balance FROM vend.try_refund('00000000-0000-4000-8000-0000000000a4', 1, id => '00000000-0000-4000-8000-0000000000f4');
SELECT status, qty, stock, balance FROM vend.try_refund('00000000-0000-4000-8000-0000000000a5', 1, id => '00000000-0000-4000-8000-0000000000f5');
DELETE FROM shop.item WHERE id = 'vase';
DELETE FROM shop.wallet WHERE id = 'beta';
\x on
SELECT * FROM vend.try_refund('00000000-0000-4000-8000-0000000000a4');
SELECT * FROM vend.try_refund('00000000-0000-4000-8000-0000000000a5');
\x off
SELECT kind FROM vend.refund('00000000-0000-4000-8000-0000000000a4');
\echo :SQLSTATE
SELECT kind FROM vend.refund('00000000-0000-4000-8000-0000000000a5');
\echo :SQLSTATE
SELECT item, wallet, qty, amount, stock, balance, replayed FROM vend.refund('00000000-0000-4000-8000-0000000000a4', 1, id => '00000000-0000-4000-8000-0000000000f4');
SELECT item, wallet, qty, amount, stock, balance, replayed FROM vend.refund('00000000-0000-4000-8000-0000000000a5', 1, id => '00000000-0000-4000-8000-0000000000f5');
SELECT * FROM shop.holding ORDER BY buyer, item;
-- If item and wallet are gone, the item is named first.
SELECT status FROM vend.try_purchase('free', 'alpha', 1, id => '00000000-0000-4000-8000-0000000000a8');
BEGIN;
DELETE FROM shop.item WHERE id = 'free';
DELETE FROM shop.wallet WHERE id = 'alpha';
SELECT status, detail FROM vend.try_refund('00000000-0000-4000-8000-0000000000a8');
ROLLBACK;
-- Another row of that key is not paid.
INSERT INTO shop.item (id, price, stock) VALUES ('vase', 1, 0);
SELECT status, qty, amount, stock, balance FROM vend.try_refund('00000000-0000-4000-8000-0000000000a4');
SELECT * FROM vend.audit();

-- Sums overflow: the stock, the balance.
UPDATE shop.item SET price = 1, stock = 9223372036854775807 WHERE id = 'free';
SELECT status FROM vend.try_purchase('free', 'alpha', 1, id => '00000000-0000-4000-8000-0000000000a7');
SELECT stock FROM vend.restock('free', 1);
SELECT status FROM vend.try_refund('00000000-0000-4000-8000-0000000000a7');
\echo :SQLSTATE
UPDATE shop.item SET stock = 0 WHERE id = 'free';
UPDATE shop.wallet SET balance = 9223372036854775807 WHERE id = 'alpha';
SELECT status FROM vend.try_refund('00000000-0000-4000-8000-0000000000a7');
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('alpha', 1);
SELECT status, stock, balance FROM vend.try_refund('00000000-0000-4000-8000-0000000000a7');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Without wallets nothing was paid here and the amount is recorded; the unit and the holding go back.
SELECT vend.create_store('gift', wallets => false);
INSERT INTO gift.item (id, price, stock) VALUES ('lamp', 100, 5);
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'anybody', 3, id => :p);
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1, id => :a);
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1, id => :a);
SELECT status, detail, qty, amount, stock, balance FROM vend.try_refund(:p, 3);
SELECT * FROM gift.holding;
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p);
SELECT * FROM gift.holding;
SELECT kind FROM vend.refund(:p);
\echo :SQLSTATE
SELECT status FROM vend.try_refund(:none);
SELECT kind, item, qty, wallet, amount, unit_price, ref FROM gift.ledger WHERE kind IN ('purchase', 'refund') ORDER BY at;
SELECT * FROM vend.audit();
SELECT vend.detach_store('gift');
DROP SCHEMA gift CASCADE;

-- Without prices a refund uses the price that the sale stated. Direct writes are refused.
SELECT vend.create_store('ask', prices => false, direct_writes => 'refuse');
INSERT INTO ask.item (id) VALUES ('lamp');
INSERT INTO ask.wallet (id) VALUES ('alpha');
SELECT stock FROM vend.restock('lamp', 10);
SELECT balance FROM vend.deposit('alpha', 100);
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, unit_price => 30, id => :p);
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, unit_price => 0, id => :q);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:p, 1);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:q);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(:p);
SELECT * FROM vend.audit();
SELECT vend.detach_store('ask');
DROP SCHEMA ask CASCADE;

-- This store has neither.
SELECT vend.create_store('bare', 'bigint', 'bigint', wallets => false, prices => false);
INSERT INTO bare.item (id, stock) VALUES (1, 3);
SELECT status FROM vend.try_purchase(1, 7, 2, unit_price => 5, id => :p);
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1);
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p);
SELECT status, detail FROM vend.try_refund(:p);
SELECT * FROM vend.audit();
SELECT vend.detach_store('bare');
DROP SCHEMA bare CASCADE;

-- Money has a scale, and parts add up to the whole.
SELECT vend.create_store('fine', money_type => 'numeric(12,2)');
INSERT INTO fine.item (id, price, stock) VALUES ('lamp', 33.33, 10), ('mint', 0.01, 10), ('villa', 9999999999.99, 2);
INSERT INTO fine.wallet (id, balance) VALUES ('alpha', 100), ('rich', 9999999999.99);
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'alpha', 3, id => :p);
SELECT status, amount, balance FROM vend.try_purchase('mint', 'alpha', 1, id => :q);
SELECT status, qty, amount, balance FROM vend.try_refund(:p, 1);
SELECT status, qty, amount, balance FROM vend.try_refund(:p, 2);
SELECT status, qty, amount, balance FROM vend.try_refund(:q);
SELECT status, amount, balance FROM vend.try_purchase('villa', 'rich', id => :r);
-- The refund does not fit into the wallet's column.
SELECT balance FROM vend.deposit('rich', 0.01);
SELECT status FROM vend.try_refund(:r);
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('rich', 0.01);
SELECT status, amount, balance FROM vend.try_refund(:r);
SELECT qty, amount, unit_price FROM fine.ledger WHERE kind = 'refund' ORDER BY at;
SELECT * FROM fine.holding;
SELECT * FROM vend.audit();
SELECT vend.detach_store('fine');
DROP SCHEMA fine CASCADE;

-- Keys may have each type. An id belongs to one store: the next knows nothing of it.
SELECT vend.create_store('mixed', 'bigint', 'uuid');
SELECT vend.create_store('uuids', 'uuid', 'bigint');
INSERT INTO mixed.item (id, price, stock) VALUES (42, 1, 10);
INSERT INTO mixed.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 10);
INSERT INTO uuids.item (id, price, stock) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 2, 10);
INSERT INTO uuids.wallet (id, balance) VALUES (7, 10);
SELECT status FROM vend.try_purchase('042', 'BBBBBBBB-0000-4000-8000-000000000001', 2, id => :p, store => 'mixed');
SELECT status FROM vend.try_refund(:p, store => 'uuids');
SELECT status FROM vend.try_purchase('AAAAAAAA-0000-4000-8000-000000000001', '007', 2, id => :p, store => 'uuids');
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1, id => :a, store => 'mixed');
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1, id => :a, store => 'uuids');
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:p, 1, id => :a, store => 'uuids');
SELECT * FROM mixed.holding;
SELECT * FROM uuids.holding;
-- The purchase follows a key that was changed.
UPDATE uuids.wallet SET id = 8;
SELECT status, detail FROM vend.try_refund(:p, store => 'uuids');
SELECT name, count(a.*) AS findings FROM vend.store LEFT JOIN LATERAL vend.audit(name) a ON true GROUP BY name ORDER BY name;
SELECT vend.detach_store('mixed'), vend.detach_store('uuids');
DROP SCHEMA mixed, uuids CASCADE;
