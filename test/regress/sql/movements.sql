-- Aim: deposit and restock: what they give, what they write, replays, and items and wallets that do not exist.
-- Guarantees: G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 0), ('vase', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 0), ('beta', 10);
\set a '''00000000-0000-4000-8000-00000000000a'''
\set b '''00000000-0000-4000-8000-00000000000b'''

SELECT kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.deposit('alpha', 500);
SELECT kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.restock('lamp', 5);
SELECT kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.deposit('alpha', 500, id => :a);
SELECT kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.restock('lamp', 5, id => :b);
SELECT line, kind, item, qty, wallet, amount, unit_price, ref FROM shop.ledger WHERE kind IN ('deposit', 'restock') ORDER BY kind, id > :a;
SELECT id, stock, stock_version, version FROM shop.item ORDER BY id;
SELECT id, balance FROM shop.wallet ORDER BY id;

-- A replay tells what was recorded, with the current stock and balance.
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 4);
SELECT id, kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.deposit('alpha', 500, id => :a);
SELECT id, kind, item, wallet, qty, amount, stock, balance, replayed FROM vend.restock('lamp', 5, id => :b);
SELECT count(*) FROM shop.ledger WHERE kind IN ('deposit', 'restock');

-- Anything else under that id is a mismatch.
SELECT balance FROM vend.deposit('alpha', 501, id => :a);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('beta', 500, id => :a);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 5, id => :a);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 6, id => :b);
\echo :SQLSTATE
SELECT stock FROM vend.restock('vase', 5, id => :b);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 5, id => :b);
\echo :SQLSTATE

-- An item or wallet that does not exist cannot be filled; a movement of one that is gone still replays.
SELECT balance FROM vend.deposit('nobody', 1);
\echo :SQLSTATE
SELECT stock FROM vend.restock('ghost', 1);
\echo :SQLSTATE
DELETE FROM shop.item WHERE id = 'lamp';
SELECT kind, item, qty, stock, replayed FROM vend.restock('lamp', 5, id => :b);
DELETE FROM shop.wallet WHERE id = 'alpha';
SELECT kind, wallet, amount, balance, replayed FROM vend.deposit('alpha', 500, id => :a);

-- One statement makes several movements; a rollback undoes one.
SELECT (vend.deposit('beta', n)).balance FROM generate_series(1, 3) n;
SELECT (vend.restock('vase', n)).stock FROM generate_series(1, 3) n;
BEGIN;
SELECT balance FROM vend.deposit('beta', 100);
SELECT stock FROM vend.restock('vase', 100);
ROLLBACK;
SELECT id, stock FROM shop.item;
SELECT id, balance FROM shop.wallet;

-- Movements are the engine's writes: they make no adjustment, and pass if direct writes are refused.
SELECT kind, count(*) FROM shop.ledger GROUP BY kind ORDER BY kind;
SELECT vend.create_store('strict', direct_writes => 'refuse');
INSERT INTO strict.item (id, price, stock) VALUES ('lamp', 100, 0);
INSERT INTO strict.wallet (id, balance) VALUES ('alpha', 0);
SELECT stock FROM vend.restock('lamp', 5, store => 'strict');
SELECT balance FROM vend.deposit('alpha', 500, store => 'strict');
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', store => 'strict');
SELECT * FROM vend.audit('strict');
SELECT * FROM vend.audit('shop');
SELECT vend.detach_store('shop'), vend.detach_store('strict');
DROP SCHEMA shop, strict CASCADE;
