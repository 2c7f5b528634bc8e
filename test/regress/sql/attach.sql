-- Aim: the walk through attach_store(): tables of an application become a store, everything is sold and moved in every
-- lock mode, and detach_store() leaves the tables as they were.
-- Guarantees: G6 (from the first minute), G8 (the tables stay what they are); section "vend.attach_store" of docs/sql-reference.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE TABLE products (
    sku text PRIMARY KEY, title text NOT NULL, price_cents integer NOT NULL CHECK (price_cents >= 0),
    stock_qty integer NOT NULL DEFAULT 0 CHECK (stock_qty >= 0), tags text[], edited_at timestamptz);
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, credits bigint NOT NULL DEFAULT 0);
CREATE TABLE reviews (sku text NOT NULL REFERENCES products ON UPDATE CASCADE, author bigint NOT NULL REFERENCES users);
INSERT INTO products VALUES ('lamp', 'A lamp', 100, 20), ('vase', 'A vase', 30, 5), ('sofa', 'A sofa', 900, 0);
INSERT INTO users (name, credits) VALUES ('alpha', 5000), ('beta', 50), ('gamma', 0);
INSERT INTO reviews VALUES ('lamp', 2);
-- The function shows what \d+ shows of the tables, and the privileges on them.
CREATE FUNCTION pg_temp.shape() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s', attrelid::regclass, to_jsonb(a) - '{attcacheoff,atttypid,attmissingval}'::text[]) FROM pg_attribute a WHERE attrelid IN ('products'::regclass, 'users'::regclass)
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('products'::regclass, 'users'::regclass)
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ('products'::regclass, 'users'::regclass)
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid IN ('products'::regclass, 'users'::regclass)
    UNION ALL SELECT (to_jsonb(c) - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relhastriggers,relfrozenxid,relminmxid}'::text[])::text FROM pg_class c WHERE oid IN ('products'::regclass, 'users'::regclass)
    UNION ALL SELECT obj_description(oid) FROM pg_class WHERE oid IN ('products'::regclass, 'users'::regclass)
$$;
CREATE TABLE pg_temp.before AS SELECT * FROM pg_temp.shape() s;
CREATE FUNCTION pg_temp.changes() RETURNS TABLE (change text, shape text) LANGUAGE sql AS $$
    SELECT 'gone', * FROM (TABLE pg_temp.before EXCEPT ALL SELECT pg_temp.shape()) b UNION ALL SELECT 'new', * FROM (SELECT pg_temp.shape() EXCEPT ALL TABLE pg_temp.before) n ORDER BY 1, 2
$$;

-- The keys are the primary keys, if none is named.
SELECT vend.attach_store('shop', 'products', stock => 'stock_qty', price => 'price_cents', wallets => 'users', balance => 'credits');
SELECT key, value FROM vend.store s, jsonb_each_text(jsonb_strip_nulls(to_jsonb(s))) ORDER BY key COLLATE "C";
SELECT * FROM vend.audit();
SELECT kind, line, item, qty, wallet, amount, unit_price, ref FROM shop.ledger ORDER BY item COLLATE "C", wallet;
SELECT * FROM pg_temp.changes();
SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner) = current_user AS mine, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v') GROUP BY c.oid ORDER BY 1;

-- The tables are sold from in every row mode, every movement is made, and some sales are refused.
SELECT m AS mode, p.status, p.item, p.buyer, p.qty, p.unit_price, p.amount, p.balance, pg_typeof(p.buyer) FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', 1, 2, lock_mode => m, id => vend.id_from(m)) p;
SELECT m AS mode, q, w, p.status FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, unnest(ARRAY[1, 1000]) q, unnest(ARRAY[1, 2, 99]) w, vend.try_purchase('lamp', w, q, lock_mode => m) p WHERE (q, w) <> (1, 1);
SELECT status, item, qty, balance FROM vend.try_purchase('lamp', '1', 2, id => vend.id_from('atomic'));
SELECT kind, qty, amount, balance FROM vend.refund(vend.id_from('atomic'), 1);
SELECT status FROM vend.try_purchase('lamp', 1, expected_version => 0);
\echo :SQLSTATE
SELECT vend.available('lamp');
SELECT status, detail FROM vend.try_purchase('lamp', 1, max_price => 99);
SELECT kind, amount, balance FROM vend.deposit(2, 25);
SELECT kind, amount, balance FROM vend.withdraw(2, 5);
SELECT kind, amount, balance FROM vend.transfer(2, 3, 10);
SELECT kind, item, qty FROM vend.restock('sofa', 3);
SELECT status, item, qty, amount, balance FROM vend.purchase_many('{lamp,vase,lamp,none}', '{1,3,2,1}'::bigint[]);
SELECT status, detail, wallet, payee, amount, balance FROM vend.transfer_many('{1,2}'::bigint[], '{2,99}'::bigint[], '{7,1}');
SELECT buyer, amount, balance FROM vend.checkout(1, '{vase,sofa}', '{2,1}');
SELECT sku, stock_qty, available FROM products, vend.available(sku) available ORDER BY sku;
SELECT * FROM users ORDER BY id;
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT * FROM vend.audit();

-- No item has a lock mode of its own yet, so there is no escrow. The column is added when asked for.
SELECT vend.set_lock_mode('lamp', 'escrow');
\echo :SQLSTATE
SELECT vend.set_lock_mode('lamp', 'optimistic');
\echo :SQLSTATE
SELECT vend.reattach_store('shop', stock_version => 'stock_version', version => 'revision', lock_mode => 'lock_mode', add_columns => true);
SELECT left(shape, 120) AS shape FROM pg_temp.changes() WHERE change = 'new' AND shape ~ 'CHECK|CONSTRAINT';
SELECT count(*) FILTER (WHERE kind = 'adjustment') AS openings FROM shop.ledger;
SELECT vend.set_lock_mode('lamp', 'escrow');
SELECT m AS mode, p.status, p.balance FROM unnest(ARRAY[NULL, 'atomic']) m, vend.try_purchase('vase', 1, lock_mode => m) p;
SELECT status, qty, amount, balance FROM vend.try_purchase('lamp', 1, 3, id => vend.id_from('escrow'));
SELECT stock_qty + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = sku), 0) AS stock, vend.available(sku) FROM products WHERE sku = 'lamp';
SELECT kind, qty, balance FROM vend.refund(vend.id_from('escrow'), 1);
SELECT status FROM vend.try_purchase('lamp', 1, 1000);
UPDATE products SET title = 'The lamp' WHERE sku = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 1, expected_version => 2);
SELECT status FROM vend.try_purchase('lamp', 1, expected_version => 1);
SELECT * FROM vend.audit();
SELECT count(*) >= 0 AS settled FROM vend.settle();
-- The number of settlings of an item in escrow depends on the worker.
SELECT sku, stock_qty, CASE WHEN lock_mode IS DISTINCT FROM 'escrow' THEN stock_version END AS stock_version, revision, lock_mode FROM products ORDER BY sku;
UPDATE products SET lock_mode = 'hasty';
\echo :SQLSTATE

-- Detaching drops every trigger and settles what is pending; the tables and the ledger stay.
SELECT qty FROM vend.purchase('lamp', 1, 2);
SELECT vend.available('lamp');
SELECT vend.detach_store('shop');
SELECT sku, stock_qty FROM products ORDER BY sku;
SELECT count(*) FROM shop.stock_delta;
SELECT count(*) FROM vend.store;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('shop'::regnamespace, 'public'::regnamespace)) AND NOT tgisinternal;
ALTER TABLE products DROP COLUMN stock_version, DROP COLUMN revision, DROP COLUMN lock_mode;
SELECT change, left(shape, 60) AS shape FROM pg_temp.changes() WHERE shape !~ '\.pg\.dropped\.|"relnatts"|"relchecks"';
CREATE TABLE pg_temp.known AS SELECT id FROM shop.ledger;
UPDATE products SET stock_qty = stock_qty + 1;

-- The store is attached again with its ledger: only writes of the meantime are journalled.
SELECT vend.attach_store('shop', 'products', 'sku', 'stock_qty', 'price_cents', 'users', 'id', 'credits');
SELECT kind, item, qty, wallet, amount FROM shop.ledger WHERE id NOT IN (TABLE pg_temp.known) ORDER BY item COLLATE "C";
SELECT status, qty FROM vend.try_purchase('lamp', 1, 2, id => vend.id_from('atomic'));
SELECT * FROM vend.audit();

-- The tables outlive the extension, and come back to it.
DROP EXTENSION pg_vend;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('products'::regclass, 'users'::regclass) AND NOT tgisinternal;
CREATE EXTENSION pg_vend;
SELECT vend.attach_store('shop', 'products', 'sku', 'stock_qty', 'price_cents', 'users', 'id', 'credits');
SELECT * FROM vend.audit();
SELECT status, qty FROM vend.try_purchase('vase', 1);
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
SELECT change, left(shape, 60) AS shape FROM pg_temp.changes() WHERE shape !~ '\.pg\.dropped\.|"relnatts"|"relchecks"';

-- A store may do without wallets, and without prices: then each sale states its own. Optimistic sales without a version compare the stock.
SELECT vend.attach_store('gate', 'products', stock => 'stock_qty', wallet_key_type => 'uuid', money_type => 'numeric(8,2)');
SELECT status, detail FROM vend.try_purchase('lamp', '00000000-0000-0000-0000-00000000000a');
\echo :SQLSTATE
SELECT status, amount, balance FROM vend.try_purchase('lamp', '00000000-0000-0000-0000-00000000000a', 2, unit_price => 2.50, lock_mode => 'optimistic');
SELECT vend.deposit('00000000-0000-0000-0000-00000000000a', 1);
\echo :SQLSTATE
SELECT vend.detach_store('gate');
DROP SCHEMA gate CASCADE;
SELECT vend.attach_store('gate', 'products', stock => 'stock_qty', price => 'price_cents');
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'anybody', 2, lock_mode => 'optimistic');
SELECT * FROM vend.audit();
SELECT vend.detach_store('gate');
DROP SCHEMA gate CASCADE;

-- The schema may exist and have relations in it, a store may span two schemas, and names may need quotes.
CREATE SCHEMA "My Shop";
CREATE TABLE "My Shop"."The Items" ("item ""no""" int PRIMARY KEY, "left" bigint NOT NULL, "select" numeric(6,2) NOT NULL);
CREATE TABLE "My Shop"."wallet;" ("user" uuid UNIQUE NOT NULL, "sum" numeric(10,2) NOT NULL);
INSERT INTO "My Shop"."The Items" VALUES (1, 5, 9.99);
INSERT INTO "My Shop"."wallet;" VALUES ('00000000-0000-0000-0000-00000000000a', 100);
SELECT vend.attach_store('My Shop', '"My Shop"."The Items"', 'item "no"', 'left', 'select', '"My Shop"."wallet;"', 'user', 'sum', 'stock version', 'the version', 'lock', true);
SELECT vend.set_lock_mode(1, 'escrow');
SELECT item, qty, amount, balance FROM vend.purchase(1, '00000000-0000-0000-0000-00000000000A', 2);
SELECT vend.set_lock_mode(1, NULL);
SELECT item, qty, amount, balance FROM vend.purchase(1, '00000000-0000-0000-0000-00000000000A', 2);
SELECT * FROM vend.audit();
SELECT * FROM "My Shop"."The Items";
SELECT vend.detach_store('My Shop');
DROP SCHEMA "My Shop" CASCADE;
DROP TABLE reviews, products, users;
