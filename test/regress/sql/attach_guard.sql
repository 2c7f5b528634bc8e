-- Aim: a version guard and a store on one table, whichever came first: sales pass it and count nothing up, an edit says which
-- version it read and counts up once, a guard over what sales write keeps the table from being bound.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE goods (sku text PRIMARY KEY, name text, price numeric(8,2), units int NOT NULL, version int NOT NULL DEFAULT 1);
CREATE TABLE people (id int PRIMARY KEY, email text, credits numeric(10,2) NOT NULL, version int NOT NULL DEFAULT 1);
INSERT INTO goods VALUES ('lamp', 'Lamp', 10, 100), ('vase', 'Vase', 20, 100);
INSERT INTO people VALUES (7, 'ann@example.org', 1000);
-- No sale could pass a guard over the stock, or one whose version is the stock.
SELECT vend.guard_version('goods', 'version', '{name,units}');
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', wallets => 'people', balance => 'credits', version => 'version');
\echo :SQLSTATE
SELECT vend.unguard_version('goods');
SELECT vend.guard_version('goods', 'units', '{name}');
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price');
SELECT vend.unguard_version('goods');
SELECT vend.guard_version('people', 'version', '{email,credits}');
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', wallets => 'people', balance => 'credits');
SELECT vend.unguard_version('people');
-- One guard is older than the store, another one is newer.
SELECT vend.guard_version('goods', 'version', '{name,price}');
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', wallets => 'people', balance => 'credits', version => 'version');
SELECT vend.guard_version('people', 'version', '{email}', 'next');
SELECT vend.guard_version('people', 'version', '{credits}');
SELECT tgrelid::regclass, tgtype & 2 <> 0 AS before FROM pg_trigger WHERE tgname = 'zz_vend_guard' ORDER BY 1;
-- Sales pass, in each row mode; nothing is counted up.
SELECT m, status FROM unnest('{atomic,pessimistic,optimistic}'::text[]) m, vend.try_purchase('lamp', 7, lock_mode => m);
SELECT status FROM vend.purchase_many('{lamp,vase}'::text[], '{7,7}'::int[]);
SELECT * FROM goods ORDER BY sku;
SELECT * FROM people;
-- An edit says what it read, and counts once; what it read is also what a buyer was shown.
UPDATE goods SET name = 'Blue lamp', version = 1 WHERE sku = 'lamp';
UPDATE goods SET name = 'Red lamp', version = 1 WHERE sku = 'lamp';
\echo :SQLSTATE
UPDATE goods SET name = 'Red lamp' WHERE sku = 'lamp';
\echo :SQLSTATE
UPDATE people SET email = 'a@example.org', version = 2 WHERE id = 7 AND version = 1;
SELECT vend.update_if('goods', 'lamp', 2, '{"price": 12.50}');
SELECT vend.update_if('goods', 'lamp', 2, '{"price": 13}');
\echo :SQLSTATE
SELECT * FROM goods ORDER BY sku;
SELECT * FROM people;
SELECT status FROM vend.try_purchase('lamp', 7, expected_version => 2);
SELECT status, unit_price FROM vend.try_purchase('lamp', 7, expected_version => 3);
-- An edit of stock beside it is journalled and passes.
UPDATE goods SET units = units + 5 WHERE sku = 'vase';
SELECT units, version FROM goods WHERE sku = 'vase';
SELECT * FROM vend.audit();
-- The same is true in escrow.
SELECT vend.reattach_store('shop', lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode('vase', 'escrow');
SELECT status FROM vend.try_purchase('vase', 7);
UPDATE goods SET name = 'Tall vase', version = 1 WHERE sku = 'vase';
SELECT vend.settle() >= 0 AS settled;
SELECT sku, name, units, version FROM goods ORDER BY sku;
SELECT * FROM vend.audit();
-- The guard outlives the store.
SELECT vend.detach_store('shop');
UPDATE goods SET name = 'Lamp' WHERE sku = 'lamp';
\echo :SQLSTATE
UPDATE people SET email = 'b@example.org', version = 3 WHERE id = 7;
SELECT version FROM people;
DROP TABLE goods, people;
DROP SCHEMA shop CASCADE;
