-- Aim: money in the store's own unit: scale, sums, overflow, stated prices, the limit max_price.
-- Guarantees: G2 (no wallet below zero), G6; what does not fit is an error, never rounded.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('fine', money_type => 'numeric(12,2)');
INSERT INTO fine.item (id, price, stock) VALUES ('lamp', 19.99, 100), ('mint', 0.01, 1000), ('villa', 9999999999.99, 10);
INSERT INTO fine.wallet (id, balance) VALUES ('alpha', 100), ('beta', 0.03), ('rich', 9999999999.99);

SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('mint', 'beta', 3);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('mint', 'beta');
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('villa', 'rich');
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('villa', 'rich', 2);
SELECT amount, balance FROM vend.purchase('lamp', 'alpha', 3);
\echo :SQLSTATE

-- A max_price that equals the price is enough, whatever scale it is written in.
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', max_price => 19.99);
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 1);
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 0.0100000);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', max_price => 19.98);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', max_price => 0);
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', max_price => 19.989);
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 0.015);
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => -1);
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 'NaN');
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 'Infinity');
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('mint', 'alpha', max_price => 1e30);
\echo :SQLSTATE

-- A deposit is refused if it does not fit the scale, the column or the sum.
SELECT amount, balance FROM vend.deposit('alpha', 0.01);
SELECT amount, balance FROM vend.deposit('alpha', 5);
SELECT amount, balance FROM vend.deposit('alpha', 1.100);
SELECT amount, balance FROM vend.deposit('alpha', 0.001);
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', 1e10);
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', 9999999999.99);
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', 'NaN');
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', '-Infinity');
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', 1e100);
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', 0);
\echo :SQLSTATE
SELECT amount, balance FROM vend.deposit('alpha', -1);
\echo :SQLSTATE
SELECT balance FROM fine.wallet WHERE id = 'alpha';
SELECT DISTINCT scale(amount) FROM fine.ledger WHERE kind = 'purchase';
SELECT * FROM vend.audit();
SELECT vend.detach_store('fine');
DROP SCHEMA fine CASCADE;

-- Whole numbers go up to the end of bigint.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('half', 4611686018427387904, 10), ('max', 9223372036854775807, 10), ('one', 1, 9223372036854775807), ('free', 0, 9223372036854775807);
INSERT INTO shop.wallet (id, balance) VALUES ('rich', 9223372036854775807), ('alpha', 10);
-- The product of qty and price is beyond what money can say.
SELECT status, amount FROM vend.try_purchase('half', 'rich', 2);
\echo :SQLSTATE
SELECT status, amount FROM vend.try_purchase('max', 'rich', 10);
\echo :SQLSTATE
SELECT status, amount FROM vend.try_purchase('max', 'alpha', 2);
\echo :SQLSTATE
SELECT status, amount FROM vend.try_purchase('half', 'nobody', 2);
\echo :SQLSTATE
SELECT status, amount FROM vend.try_purchase('max', 'rich', 11);
SELECT status, amount FROM vend.try_purchase('max', 'rich', 9223372036854775807);
SELECT status, amount, balance FROM vend.try_purchase('half', 'rich');
SELECT status, amount, balance FROM vend.try_purchase('one', 'rich', 4611686018427387903);
SELECT status, amount, balance FROM vend.try_purchase('free', 'alpha', 9223372036854775807);
SELECT status, amount, balance FROM vend.try_purchase('free', 'alpha', 1);
SELECT amount FROM vend.try_purchase('one', 'alpha', 9223372036854775808);
\echo :SQLSTATE
-- These sums overflow.
SELECT stock FROM vend.restock('max', 9223372036854775807);
\echo :SQLSTATE
SELECT stock FROM vend.restock('free', 9223372036854775807);
SELECT stock FROM vend.restock('free', 1);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 9223372036854775807);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 9223372036854775797);
SELECT balance FROM vend.deposit('alpha', 9223372036854775808);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 0.5);
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('one', 'alpha', max_price => 1.5);
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('one', 'alpha', unit_price => 1, max_price => 1);
\echo :SQLSTATE
SELECT id, stock FROM shop.item ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Without a price column each sale states its price.
SELECT vend.create_store('ask', prices => false);
INSERT INTO ask.item (id, stock) VALUES ('lamp', 10);
INSERT INTO ask.wallet (id, balance) VALUES ('alpha', 100);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, unit_price => 30, id => '00000000-0000-4000-8000-00000000000a');
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha', unit_price => 0);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha', unit_price => 41);
SELECT unit_price, amount, balance FROM vend.purchase('lamp', 'alpha', unit_price => 40);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, unit_price => 30, id => '00000000-0000-4000-8000-00000000000a');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => -1);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => 0.5);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => 'NaN');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => 1e20);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => 1, max_price => 1);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, unit_price => 9223372036854775807);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('ghost', 'alpha', unit_price => 1);
SELECT * FROM vend.audit();
SELECT vend.detach_store('ask');
DROP SCHEMA ask CASCADE;

-- Without wallets nothing is paid; the buyer and the amount are recorded.
SELECT vend.create_store('gift', wallets => false);
INSERT INTO gift.item (id, price, stock) VALUES ('lamp', 100, 3);
SELECT status, buyer, unit_price, amount, balance FROM vend.try_purchase('lamp', 'anybody', 2, id => '00000000-0000-4000-8000-00000000000a');
SELECT status, buyer, unit_price, amount, balance FROM vend.try_purchase('lamp', 'anybody', 2, id => '00000000-0000-4000-8000-00000000000a');
SELECT status, buyer, unit_price, amount, balance FROM vend.try_purchase('lamp', 'anybody', 2);
SELECT buyer, item, qty FROM gift.holding;
SELECT kind, wallet, amount FROM gift.ledger WHERE kind = 'purchase';
SELECT balance FROM vend.deposit('anybody', 5);
\echo :SQLSTATE
SELECT * FROM vend.audit();
SELECT vend.detach_store('gift');
DROP SCHEMA gift CASCADE;

-- An amount that does not fit into its column sells nothing.
SELECT vend.create_store('gift', wallets => false, money_type => 'numeric(4,2)');
INSERT INTO gift.item (id, price, stock) VALUES ('lamp', 99.99, 30);
SELECT status, amount FROM vend.try_purchase('lamp', 'anybody', 2);
\echo :SQLSTATE
SELECT status, amount FROM vend.try_purchase('lamp', 'anybody');
SELECT stock FROM gift.item;
SELECT * FROM vend.audit();
SELECT vend.detach_store('gift');
DROP SCHEMA gift CASCADE;

-- A store without wallets and prices is a count that never goes below zero.
SELECT vend.create_store('bare', 'bigint', 'bigint', wallets => false, prices => false);
INSERT INTO bare.item (id, stock) VALUES (1, 3);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase(1, 7, 2, unit_price => 0);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase(1, 7, 2, unit_price => 5);
SELECT status FROM vend.try_purchase(1, 7, 1);
\echo :SQLSTATE
SELECT * FROM vend.audit();
SELECT vend.detach_store('bare');
DROP SCHEMA bare CASCADE;
