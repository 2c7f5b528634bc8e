-- Aim: withdrawals: what they give and write, every refusal as a status and as an SQLSTATE, the same id again, what is no
-- amount, keys of each type, money with a scale. A refusal changes nothing.
-- Guarantees: G2 (no wallet below zero), G3, G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 300), ('empty', 0), ('rich', 9223372036854775807);
\set a '''00000000-0000-4000-8000-00000000000a'''
\set b '''00000000-0000-4000-8000-00000000000b'''
\set c '''00000000-0000-4000-8000-00000000000c'''
\set d '''00000000-0000-4000-8000-00000000000d'''

\x on
SELECT id IS NOT NULL AS has_id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.withdraw('alpha', 100);
SELECT status, detail, id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time FROM vend.try_withdraw('alpha', 50, id => :a);
\x off
SELECT line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind = 'withdrawal' ORDER BY amount;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
-- The whole balance can be spent, and no more.
SELECT status, amount, balance FROM vend.try_withdraw('beta', 301);
SELECT status, amount, balance FROM vend.try_withdraw('beta', 300);
SELECT status, amount, balance FROM vend.try_withdraw('beta', 1);
SELECT status, amount, balance FROM vend.try_withdraw('rich', 9223372036854775807);
SELECT wallet, balance FROM vend.deposit('beta', 300);

-- Every refusal is a status in one transaction that stays usable, and an error.
CREATE TABLE shop.before AS SELECT (SELECT count(*) FROM shop.ledger) AS ledger, (SELECT sum(balance) FROM shop.wallet) AS balance;
\x on
BEGIN;
SELECT * FROM vend.try_withdraw('alpha', 851);
SELECT * FROM vend.try_withdraw('empty', 1, id => :b);
SELECT * FROM vend.try_withdraw('nobody', 1);
SELECT * FROM vend.try_withdraw('nobody', 1, id => :b);
SELECT * FROM vend.try_withdraw(E'a "b"\n%s', 1);
COMMIT;
\x off
SELECT * FROM vend.withdraw('alpha', 851);
\echo :SQLSTATE
SELECT * FROM vend.withdraw('nobody', 1);
\echo :SQLSTATE
DO $$
BEGIN
    PERFORM vend.withdraw('empty', 1);
EXCEPTION WHEN SQLSTATE 'VN003' THEN
    RAISE WARNING 'caught: %', SQLERRM;
END
$$;
SELECT (SELECT count(*) FROM shop.ledger) = ledger AS ledger, (SELECT sum(balance) FROM shop.wallet) = balance AS balance FROM shop.before;
-- A refusal leaves its id free.
SELECT status, balance FROM vend.try_withdraw('beta', 10, id => :b);

-- A replay tells what was recorded, and the current balance; also if the withdrawal could not be paid any more.
SELECT id, kind, wallet, amount, balance, replayed FROM vend.withdraw('alpha', 50, id => :a);
SELECT wallet, balance FROM vend.withdraw('alpha', 850);
SELECT id, kind, wallet, amount, balance, replayed FROM vend.withdraw('alpha', 50, id => :a);
SELECT status, detail, id, kind, wallet, amount, balance, at = (SELECT at FROM shop.ledger WHERE id = :a) AS same_time FROM vend.try_withdraw('alpha', 50, id => :a);
SELECT count(*) FROM shop.ledger WHERE id = :a;

-- Anything else under that id is a mismatch, in both forms; before anything else is looked at.
SELECT status FROM vend.try_withdraw('alpha', 51, id => :a);
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('alpha', 51, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('beta', 50, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('nobody', 50, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('empty', 50, id => :a);
\echo :SQLSTATE
SELECT kind FROM vend.deposit('alpha', 50, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', 50, id => :a);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 50, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => :a);
\echo :SQLSTATE
SELECT wallet, balance FROM vend.deposit('alpha', 500, id => :c);
SELECT status FROM vend.try_withdraw('alpha', 500, id => :c);
\echo :SQLSTATE
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', id => :d);
SELECT status FROM vend.try_withdraw('alpha', 100, id => :d);
\echo :SQLSTATE

-- These amounts are not valid.
SELECT status FROM vend.try_withdraw('alpha', 0);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', -1);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 0.5);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 9223372036854775808);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 1e100);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 'NaN');
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 'Infinity');
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('alpha', '-Infinity');
\echo :SQLSTATE
SELECT status, balance FROM vend.try_withdraw('alpha', 9223372036854775807);
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 1.000);
-- These arguments are NULL.
SELECT status FROM vend.try_withdraw(NULL, 1);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw(NULL::bigint, 1);
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('alpha', NULL);
\echo :SQLSTATE
SELECT status, balance FROM vend.try_withdraw('alpha', 1, NULL, NULL);
SELECT status FROM vend.try_withdraw('alpha', 1, store => 'nowhere');
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 1, id => 'x');
\echo :SQLSTATE

-- Withdrawals are rolled back, are several in one statement, and are refused in a read-only transaction.
BEGIN;
SELECT balance FROM vend.withdraw('alpha', 100);
SAVEPOINT one;
SELECT balance FROM vend.withdraw('alpha', 100);
ROLLBACK TO one;
SELECT balance FROM vend.withdraw('alpha', 1);
ROLLBACK;
SELECT n, w.status, w.balance FROM generate_series(97, 101) n, vend.try_withdraw('alpha', n) w;
BEGIN READ ONLY;
SELECT status FROM vend.try_withdraw('alpha', 1);
\echo :SQLSTATE
ROLLBACK;

-- A wallet that is gone still replays; it cannot be withdrawn from.
DELETE FROM shop.wallet WHERE id = 'alpha';
SELECT kind, wallet, amount, balance, replayed FROM vend.withdraw('alpha', 50, id => :a);
SELECT status, detail FROM vend.try_withdraw('alpha', 50);
SELECT status FROM vend.try_withdraw('alpha', 51, id => :a);
\echo :SQLSTATE
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT kind, count(*), sum(amount) AS amount FROM shop.ledger WHERE kind <> 'adjustment' GROUP BY kind ORDER BY kind;
SELECT * FROM shop.holding;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Money may have a scale; a withdrawal is allowed where direct writes are refused.
SELECT vend.create_store('fine', money_type => 'numeric(12,2)', direct_writes => 'refuse');
INSERT INTO fine.wallet (id) VALUES ('alpha');
SELECT balance FROM vend.deposit('alpha', 9999999999.99);
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 0.01);
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 5);
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 1.100);
SELECT status, detail, amount, balance FROM vend.try_withdraw('alpha', 9999999993.89);
SELECT status, detail, amount, balance FROM vend.try_withdraw('alpha', 1e10);
SELECT status FROM vend.try_withdraw('alpha', 0.001);
\echo :SQLSTATE
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 9999999993.88);
SELECT kind, amount FROM fine.ledger WHERE kind = 'withdrawal' ORDER BY amount;
SELECT * FROM vend.audit();
SELECT vend.detach_store('fine');
DROP SCHEMA fine CASCADE;

-- Keys are bigint, uuid and mixed; spellings of one key are one wallet and one id.
SELECT vend.create_store('numbers', 'bigint', 'bigint');
SELECT vend.create_store('mixed', 'bigint', 'uuid');
INSERT INTO numbers.wallet (id, balance) VALUES (7, 100), (-9223372036854775808, 100);
INSERT INTO mixed.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 100);
SET vend.default_store = 'numbers';
SELECT status, wallet, balance FROM vend.try_withdraw(7, 1);
SELECT status, wallet, balance FROM vend.try_withdraw('7', 1);
SELECT status, wallet, balance FROM vend.try_withdraw(7::smallint, 1::smallint);
SELECT status, wallet, balance FROM vend.try_withdraw(amount => 1, wallet => 7::bigint);
SELECT status, wallet, balance FROM vend.try_withdraw('-9223372036854775808', 1);
SELECT wallet, balance FROM vend.withdraw(7, 1);
SELECT status, wallet, balance FROM vend.try_withdraw('007', 1, id => :a);
SELECT status, wallet, balance FROM vend.try_withdraw(7, 1, id => :a);
SELECT status, wallet FROM vend.try_withdraw(8, 1);
SELECT status FROM vend.try_withdraw('alpha', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw(9223372036854775808, 1);
\echo :SQLSTATE
PREPARE untyped AS SELECT status, wallet, balance FROM vend.try_withdraw($1, $2);
EXECUTE untyped('7', 1);
SET vend.default_store = 'mixed';
EXECUTE untyped('BBBBBBBB-0000-4000-8000-000000000001', 1);
SELECT status, wallet, balance FROM vend.try_withdraw('bbbbbbbb-0000-4000-8000-000000000001'::uuid, 1, id => :a);
SELECT status, wallet, balance FROM vend.try_withdraw('{bbbbbbbb000040008000000000000001}', 1, id => :a);
SELECT status FROM vend.try_withdraw(7, 1);
\echo :SQLSTATE
DEALLOCATE ALL;
SELECT name, count(a.*) AS findings FROM vend.store LEFT JOIN LATERAL vend.audit(name) a ON true GROUP BY name ORDER BY name;
RESET vend.default_store;
SELECT vend.detach_store('numbers'), vend.detach_store('mixed');
DROP SCHEMA numbers, mixed CASCADE;

-- A store without wallets has no withdrawals; a store without prices has.
SELECT vend.create_store('gift', wallets => false);
SELECT status FROM vend.try_withdraw('anybody', 5);
\echo :SQLSTATE
SELECT balance FROM vend.withdraw('anybody', 5);
\echo :SQLSTATE
SELECT vend.create_store('ask', prices => false);
INSERT INTO ask.wallet (id, balance) VALUES ('alpha', 100);
SELECT status, amount, balance FROM vend.try_withdraw('alpha', 30, store => 'ask');
SELECT * FROM vend.audit('ask');
SELECT * FROM vend.audit('gift');
SELECT vend.detach_store('gift'), vend.detach_store('ask');
DROP SCHEMA gift, ask CASCADE;
