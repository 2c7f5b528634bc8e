-- Aim: bad arguments are errors with the code that fits, in both functions, and never a silent NULL.
-- Section "Faults" of docs/errors.md; G3 (nothing has changed).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);

-- A required argument is NULL.
SELECT * FROM vend.purchase(NULL, 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', NULL);
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', NULL);
\echo :SQLSTATE
SELECT * FROM vend.purchase(NULL::bigint, 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', NULL::uuid);
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', nowait => NULL);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase(NULL, NULL, NULL);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', NULL);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', NULL);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', remember => NULL);
\echo :SQLSTATE
SELECT * FROM vend.deposit(NULL, 1);
\echo :SQLSTATE
SELECT * FROM vend.deposit('alpha', NULL);
\echo :SQLSTATE
SELECT * FROM vend.restock(NULL, 1);
\echo :SQLSTATE
SELECT * FROM vend.restock('lamp', NULL);
\echo :SQLSTATE
-- An optional argument that is NULL is as if it were left out.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, NULL, NULL, false, NULL, NULL, NULL, NULL, false, NULL);

-- These quantities are not valid.
SELECT * FROM vend.purchase('lamp', 'alpha', 0);
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', -1);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', 0);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', -9223372036854775808);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 9223372036854775807);
SELECT * FROM vend.try_purchase('lamp', 'alpha', 1.5);
\echo :SQLSTATE
SELECT * FROM vend.restock('lamp', 0);
\echo :SQLSTATE
SELECT * FROM vend.restock('lamp', -5);
\echo :SQLSTATE
SELECT * FROM vend.deposit('alpha', 0);
\echo :SQLSTATE
SELECT * FROM vend.deposit('alpha', -5);
\echo :SQLSTATE

-- These lock modes are not valid.
SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'escrow');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'none');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => '');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'ATOMIC');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic ');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atom');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomicpessimistic');
\echo :SQLSTATE

-- These stores do not exist.
SELECT * FROM vend.purchase('lamp', 'alpha', store => 'nowhere');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', store => 'shop.item');
\echo :SQLSTATE
SELECT * FROM vend.deposit('alpha', 1, store => 'nowhere');
\echo :SQLSTATE
SELECT * FROM vend.restock('lamp', 1, store => 'nowhere');
\echo :SQLSTATE
SELECT * FROM vend.audit('nowhere');
\echo :SQLSTATE

-- Versions that an item never had are stale, not wrong.
SELECT status FROM vend.try_purchase('lamp', 'alpha', expected_version => -1);
SELECT status FROM vend.try_purchase('lamp', 'alpha', expected_version => 9223372036854775807);

-- These ids are not valid.
SELECT * FROM vend.try_purchase('lamp', 'alpha', id => 'order-1');
\echo :SQLSTATE

-- These movements name items and wallets that do not exist.
SELECT * FROM vend.deposit('nobody', 1);
\echo :SQLSTATE
SELECT * FROM vend.restock('ghost', 1);
\echo :SQLSTATE

-- An error in the middle of a statement undoes the whole statement.
SELECT (vend.try_purchase('lamp', 'alpha', q)).status FROM unnest(ARRAY[1, 1, 0]) q;
\echo :SQLSTATE
SELECT stock FROM shop.item;
SELECT balance FROM shop.wallet;
SELECT kind, count(*) FROM shop.ledger GROUP BY kind ORDER BY kind;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
