-- Aim: transfers: what they give and write, every refusal as a status and as an SQLSTATE, the same id again, what is no
-- amount, sums that overflow, keys of each type and mixture, money with a scale. A refusal changes nothing.
-- Guarantees: G2 (no wallet below zero), G3 (both wallets or none), G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 300), ('empty', 0), ('full', 9223372036854775807);
\set a '''00000000-0000-4000-8000-00000000000a'''
\set b '''00000000-0000-4000-8000-00000000000b'''
\set c '''00000000-0000-4000-8000-00000000000c'''
\set d '''00000000-0000-4000-8000-00000000000d'''

-- The payer stands first, whichever of the two is locked first.
\x on
SELECT id IS NOT NULL AS has_id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.transfer('alpha', 'beta', 100, id => :a);
SELECT status, detail, id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time FROM vend.try_transfer('beta', 'alpha', 50, id => :b);
SELECT id IS NOT NULL AS has_id, kind, wallet, payee, amount, balance, replayed FROM vend.transfer(amount => 10, payee => 'empty', payer => 'alpha');
\x off
SELECT line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind = 'transfer' ORDER BY abs(amount) DESC, line;
SELECT count(DISTINCT id) AS ids, count(DISTINCT at) AS times FROM shop.ledger WHERE kind = 'transfer';
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
-- The whole balance can be spent, and no more.
SELECT status, amount, balance FROM vend.try_transfer('empty', 'beta', 11);
SELECT status, amount, balance FROM vend.try_transfer('empty', 'beta', 10);
SELECT status, amount, balance FROM vend.try_transfer('empty', 'beta', 1);

-- Every refusal is a status in one transaction that stays usable, and an error.
CREATE TABLE shop.before AS SELECT (SELECT count(*) FROM shop.ledger) AS ledger, (SELECT string_agg(id || balance, ',' ORDER BY id) FROM shop.wallet) AS balances;
\x on
BEGIN;
SELECT * FROM vend.try_transfer('alpha', 'beta', 941);
SELECT * FROM vend.try_transfer('nobody', 'beta', 1);
SELECT * FROM vend.try_transfer('alpha', 'nobody', 1, id => :c);
SELECT * FROM vend.try_transfer('alpha', 'nobody', 100000);
SELECT * FROM vend.try_transfer('nobody', 'noone', 1);
COMMIT;
\x off
SELECT * FROM vend.transfer('alpha', 'beta', 941);
\echo :SQLSTATE
SELECT * FROM vend.transfer('nobody', 'beta', 1);
\echo :SQLSTATE
SELECT * FROM vend.transfer('alpha', 'nobody', 1);
\echo :SQLSTATE
-- A transfer to the payer's own wallet is refused.
SELECT status FROM vend.try_transfer('alpha', 'alpha', 1);
\echo :SQLSTATE
SELECT balance FROM vend.transfer('nobody', 'nobody', 1);
\echo :SQLSTATE
-- The transfer does not fit into the payee's wallet.
SELECT status FROM vend.try_transfer('alpha', 'full', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('full', 'alpha', 9223372036854775807);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('full', 'alpha', 9223372036854774868);
\echo :SQLSTATE
SELECT (SELECT count(*) FROM shop.ledger) = ledger AS ledger, (SELECT string_agg(id || balance, ',' ORDER BY id) FROM shop.wallet) = balances AS balances FROM shop.before;
SELECT status, balance FROM vend.try_transfer('full', 'alpha', 9223372036854774867);
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT status, balance FROM vend.try_transfer('alpha', 'full', 9223372036854774867);
-- A refusal leaves its id free.
SELECT status, balance FROM vend.try_transfer('alpha', 'empty', 5, id => :c);

-- A replay tells what was recorded, and the payer's current balance.
SELECT id, kind, wallet, payee, amount, balance, replayed FROM vend.transfer('alpha', 'beta', 100, id => :a);
SELECT wallet, balance FROM vend.withdraw('alpha', 900);
SELECT id, kind, wallet, payee, amount, balance, replayed FROM vend.transfer('alpha', 'beta', 100, id => :a);
SELECT status, detail, id, kind, wallet, payee, amount, balance, at = (SELECT DISTINCT at FROM shop.ledger WHERE id = :a) AS same_time FROM vend.try_transfer('alpha', 'beta', 100, id => :a);
SELECT count(*) FROM shop.ledger WHERE id = :a;

-- Anything else under that id is a mismatch, in both forms.
SELECT status FROM vend.try_transfer('alpha', 'beta', 101, id => :a);
\echo :SQLSTATE
SELECT balance FROM vend.transfer('alpha', 'beta', 101, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('empty', 'beta', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'empty', 100, id => :a);
\echo :SQLSTATE
SELECT balance FROM vend.transfer('alpha', 'empty', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('beta', 'alpha', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'nobody', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('nobody', 'beta', 100, id => :a);
\echo :SQLSTATE
SELECT kind FROM vend.deposit('beta', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_withdraw('alpha', 100, id => :a);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => :a);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 1, id => :a);
\echo :SQLSTATE
SELECT status, balance FROM vend.try_withdraw('beta', 20, id => :d);
SELECT status FROM vend.try_transfer('beta', 'alpha', 20, id => :d);
\echo :SQLSTATE

-- These amounts are not valid.
SELECT status FROM vend.try_transfer('alpha', 'beta', 0);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', -1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', 0.5);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', 9223372036854775808);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 'beta', 'NaN');
\echo :SQLSTATE
SELECT balance FROM vend.transfer('alpha', 'beta', 'Infinity');
\echo :SQLSTATE
-- These arguments are NULL.
SELECT status FROM vend.try_transfer(NULL, 'beta', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', NULL, 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', NULL::uuid, 1);
\echo :SQLSTATE
SELECT balance FROM vend.transfer('alpha', 'beta', NULL);
\echo :SQLSTATE
SELECT status, balance FROM vend.try_transfer('alpha', 'beta', 1, NULL, NULL);
SELECT status FROM vend.try_transfer('alpha', 'beta', 1, store => 'nowhere');
\echo :SQLSTATE

-- Transfers are rolled back, are several in one statement, and are refused in a read-only transaction.
BEGIN;
SELECT balance FROM vend.transfer('beta', 'alpha', 100);
SAVEPOINT one;
SELECT balance FROM vend.transfer('beta', 'alpha', 100);
ROLLBACK TO one;
SELECT balance FROM vend.transfer('alpha', 'beta', 50);
ROLLBACK;
SELECT n, t.status, t.balance FROM generate_series(13, 17) n, vend.try_transfer('alpha', 'beta', n) t;
BEGIN READ ONLY;
SELECT status FROM vend.try_transfer('alpha', 'beta', 1);
\echo :SQLSTATE
ROLLBACK;

-- Wallets that are gone still replay; they neither give nor take.
DELETE FROM shop.wallet WHERE id = 'beta';
SELECT kind, wallet, payee, amount, balance, replayed FROM vend.transfer('alpha', 'beta', 100, id => :a);
SELECT status, detail, balance FROM vend.try_transfer('alpha', 'beta', 1);
DELETE FROM shop.wallet WHERE id = 'alpha';
SELECT kind, wallet, payee, amount, balance, replayed FROM vend.transfer('alpha', 'beta', 100, id => :a);
SELECT status FROM vend.try_transfer('alpha', 'beta', 101, id => :a);
\echo :SQLSTATE
SELECT status, detail, balance FROM vend.try_transfer('alpha', 'full', 1);
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT kind, count(*), sum(amount) AS amount FROM shop.ledger WHERE kind <> 'adjustment' GROUP BY kind ORDER BY kind;
SELECT * FROM shop.holding;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Money may have a scale; a transfer is allowed where direct writes are refused.
SELECT vend.create_store('fine', money_type => 'numeric(12,2)', direct_writes => 'refuse');
INSERT INTO fine.wallet (id) VALUES ('alpha'), ('beta');
SELECT balance FROM vend.deposit('alpha', 9999999999.99);
SELECT status, amount, balance FROM vend.try_transfer('alpha', 'beta', 0.01);
SELECT status, amount, balance FROM vend.try_transfer('alpha', 'beta', 1.100);
SELECT status, detail, amount, balance FROM vend.try_transfer('beta', 'alpha', 1.12);
SELECT status FROM vend.try_transfer('alpha', 'beta', 0.001);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('beta', 1.12);
-- The new balance would be 0.01 more than fits into the column.
SELECT status FROM vend.try_transfer('beta', 'alpha', 1.12);
\echo :SQLSTATE
SELECT status, amount, balance FROM vend.try_transfer('beta', 'alpha', 1.11);
SELECT id, balance FROM fine.wallet ORDER BY id;
SELECT line, wallet, amount FROM fine.ledger WHERE kind = 'transfer' ORDER BY abs(amount), line;
SELECT * FROM vend.audit();
SELECT vend.detach_store('fine');
DROP SCHEMA fine CASCADE;

-- Keys are bigint, uuid and mixed, arguments typed and untyped in each mixture; spellings of one key are one wallet.
SELECT vend.create_store('numbers', 'uuid', 'bigint');
SELECT vend.create_store('uuids', 'bigint', 'uuid');
SELECT vend.create_store('words');
INSERT INTO numbers.wallet (id, balance) VALUES (7, 100), (8, 100), (10, 100), (-1, 100);
INSERT INTO uuids.wallet (id, balance) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 100), ('bbbbbbbb-0000-4000-8000-000000000001', 100);
INSERT INTO words.wallet (id, balance) VALUES ('7', 100), ('8', 100), ('07', 100);
SET vend.default_store = 'numbers';
SELECT status, wallet, payee, balance FROM vend.try_transfer(7, 8, 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer('7', '8', 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer(7, '8', 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer('7', 8, 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer(7::bigint, 8::smallint, 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer('10', -1, 1);
SELECT wallet, payee, balance FROM vend.transfer(8, 7, 1);
SELECT wallet, payee, balance FROM vend.transfer('8', 7, 1);
SELECT wallet, payee, balance FROM vend.transfer(8, '7', 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer('007', ' 8', 1, id => :a);
SELECT status, wallet, payee, balance FROM vend.try_transfer(7, 8, 1, id => :a);
SELECT status FROM vend.try_transfer('07', 7, 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer('alpha', 7, 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer(7, 'alpha', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_transfer(7, 1.5, 1);
\echo :SQLSTATE
SELECT status, detail FROM vend.try_transfer(7, 9, 1);
SELECT id, balance FROM numbers.wallet ORDER BY id;
PREPARE untyped AS SELECT status, wallet, payee, balance FROM vend.try_transfer($1, $2, $3);
PREPARE half (bigint) AS SELECT status, wallet, payee, balance FROM vend.try_transfer($1, $2, 1);
EXECUTE untyped('7', '8', 1);
EXECUTE half(7, '8');
SET vend.default_store = 'uuids';
EXECUTE untyped('AAAAAAAA-0000-4000-8000-000000000001', 'bbbbbbbb000040008000000000000001', 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer('bbbbbbbb-0000-4000-8000-000000000001'::uuid, 'aaaaaaaa-0000-4000-8000-000000000001', 1, id => :a);
SELECT status, wallet, payee, balance FROM vend.try_transfer('{BBBBBBBB-0000-4000-8000-000000000001}', 'aaaaaaaa-0000-4000-8000-000000000001'::uuid, 1, id => :a);
SELECT status FROM vend.try_transfer('{BBBBBBBB-0000-4000-8000-000000000001}', 'bbbbbbbb-0000-4000-8000-000000000001'::uuid, 1);
\echo :SQLSTATE
SET vend.default_store = 'words';
SELECT status, wallet, payee, balance FROM vend.try_transfer('7', '07', 1);
SELECT status, wallet, payee, balance FROM vend.try_transfer(7, 8, 1);
EXECUTE untyped('8', '7', 1);
DEALLOCATE ALL;
SELECT name, count(a.*) AS findings FROM vend.store LEFT JOIN LATERAL vend.audit(name) a ON true GROUP BY name ORDER BY name;
RESET vend.default_store;
SELECT vend.detach_store(name) FROM vend.store;
DROP SCHEMA numbers, uuids, words CASCADE;

-- A store without wallets has no transfers; a store without prices has.
SELECT vend.create_store('gift', wallets => false);
SELECT status FROM vend.try_transfer('anybody', 'else', 5);
\echo :SQLSTATE
SELECT balance FROM vend.transfer('anybody', 'else', 5);
\echo :SQLSTATE
SELECT vend.create_store('ask', prices => false);
INSERT INTO ask.wallet (id, balance) VALUES ('alpha', 100), ('beta', 0);
SELECT status, amount, balance FROM vend.try_transfer('alpha', 'beta', 30, store => 'ask');
SELECT * FROM vend.audit('ask');
SELECT * FROM vend.audit('gift');
SELECT vend.detach_store('gift'), vend.detach_store('ask');
DROP SCHEMA gift, ask CASCADE;
