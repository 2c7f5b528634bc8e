-- Aim: which store a call means: the argument, else the setting, else the only one there is. Stores share nothing.
-- Guarantee: G4 (an id belongs to one store), section "Binding".
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- There is no store.
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.audit();
\echo :SQLSTATE
SELECT kind FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SELECT kind FROM vend.restock('lamp', 1);
\echo :SQLSTATE

-- There is one store, which every call means.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100);
SELECT status, unit_price, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'mall');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => '');
\echo :SQLSTATE

-- There are two stores: a call without a name is ambiguous.
SELECT vend.create_store('mall');
INSERT INTO mall.item (id, price, stock) VALUES ('lamp', 70, 5);
INSERT INTO mall.wallet (id, balance) VALUES ('alpha', 900);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT unit_price FROM vend.purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.audit();
\echo :SQLSTATE
SELECT kind FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SELECT kind FROM vend.restock('lamp', 1);
\echo :SQLSTATE

-- The setting decides, the argument overrides it.
SET vend.default_store = 'mall';
SELECT status, unit_price, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT status, unit_price, balance FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
SELECT wallet, amount, balance FROM vend.deposit('alpha', 1);
SELECT wallet, amount, balance FROM vend.deposit('alpha', 1, store => 'shop');
SELECT item, qty, stock FROM vend.restock('lamp', 1);
SELECT item, qty, stock FROM vend.restock('lamp', 1, store => 'shop');
SELECT * FROM vend.audit();
SELECT * FROM vend.audit('shop');
SET vend.default_store = 'nowhere';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
RESET vend.default_store;

-- One id, two stores: two purchases.
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a', store => 'shop');
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a', store => 'mall');
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a', store => 'shop');

-- Stores of different key types stand side by side in one session.
SELECT vend.create_store('numbers', 'bigint', 'uuid');
INSERT INTO numbers.item (id, price, stock) VALUES (1, 3, 5);
INSERT INTO numbers.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000007', 10);
SELECT status, item, buyer, balance FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007', store => 'numbers');
SELECT status, item, buyer, balance FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
SELECT status, item, buyer, balance FROM vend.try_purchase('1', '00000000-0000-0000-0000-000000000007'::uuid, store => 'numbers');

-- If all stores but one are gone, every call means that one again.
SELECT vend.detach_store('shop'), vend.detach_store('numbers');
SELECT status, unit_price, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit();
SELECT vend.detach_store('mall');
DROP SCHEMA shop, mall, numbers CASCADE;
