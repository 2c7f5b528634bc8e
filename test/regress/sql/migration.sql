-- Aim: a migration that breaks the binding of a store fails itself, with a hint, unless the same transaction binds the tables again or
-- ends the binding. What breaks nothing goes on, and so do restores and the DROP of a whole store.
-- Guarantee: G8 (the tables are yours to change), and the store goes on selling.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE DOMAIN public.code AS text;
CREATE TABLE goods (id public.code PRIMARY KEY, sku integer UNIQUE, price integer NOT NULL, stock integer NOT NULL, sv bigint NOT NULL DEFAULT 0, v bigint NOT NULL DEFAULT 1, mode text, note text);
CREATE TABLE people (id integer PRIMARY KEY, mail text UNIQUE, balance bigint NOT NULL);
INSERT INTO goods VALUES ('lamp', 1, 10, 50), ('vase', 2, 3, 9);
INSERT INTO people VALUES (1, 'alpha', 10000), (2, 'beta', 10000);
SELECT vend.attach_store('shop', 'goods', 'id', 'stock', 'price', 'people', 'id', 'balance', 'sv', 'v', 'mode');

-- What breaks a binding is the error of the statement that breaks it, and the shop goes on selling.
ALTER TABLE goods RENAME COLUMN stock TO units;
ALTER TABLE goods ALTER COLUMN stock TYPE double precision;
ALTER TABLE goods ALTER COLUMN stock TYPE numeric;
ALTER TABLE goods RENAME TO wares;
ALTER TABLE goods SET SCHEMA pg_catalog;
\echo :SQLSTATE
CREATE SCHEMA other;
ALTER TABLE goods SET SCHEMA other;
ALTER TABLE goods DROP COLUMN sv, DROP COLUMN mode;
ALTER TABLE goods DROP CONSTRAINT goods_pkey;
ALTER TABLE goods SET UNLOGGED;
ALTER TABLE people DROP COLUMN balance;
ALTER TABLE people ALTER COLUMN balance TYPE numeric(12,2);
ALTER TABLE people ALTER COLUMN id TYPE bigint;
DROP TABLE goods;
DROP TABLE people;
DROP TRIGGER vend_journal ON goods;
DROP DOMAIN public.code CASCADE;
CREATE TABLE child () INHERITS (goods);
CREATE FUNCTION other.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON goods DEFERRABLE FOR EACH ROW EXECUTE FUNCTION other.nothing();
CREATE TRIGGER again AFTER INSERT OR UPDATE OR DELETE ON goods FOR EACH ROW EXECUTE FUNCTION vend.journal('shop');
ALTER TABLE shop.ledger RENAME TO book;
ALTER TABLE shop.stock_delta RENAME COLUMN qty TO units;
DROP TABLE shop.key_era CASCADE;
ALTER TABLE shop.ledger OWNER TO pg_database_owner;
DROP VIEW shop.role;
ALTER VIEW shop.role RENAME TO rights;
ALTER VIEW shop.role RENAME COLUMN buyer TO seller;
ALTER SCHEMA shop RENAME TO store;
DROP SCHEMA shop CASCADE;
-- An index of its own is dropped, alone and by a concurrent DROP, which commits in between.
CREATE UNIQUE INDEX goods_id ON goods (id);
ALTER TABLE goods DROP CONSTRAINT goods_pkey;
DROP INDEX goods_id;
DROP INDEX CONCURRENTLY goods_id;
SELECT status FROM vend.try_purchase('lamp', '1');
SELECT * FROM vend.audit();

-- What breaks none.
ALTER TABLE goods ADD PRIMARY KEY (id);
DROP INDEX CONCURRENTLY IF EXISTS goods_id;
ALTER TABLE goods ADD COLUMN colour text DEFAULT 'red';
ALTER TABLE goods RENAME CONSTRAINT goods_sku_key TO goods_sku;
ALTER TABLE goods RENAME COLUMN sku TO ean;
ALTER TABLE goods DROP COLUMN note;
ALTER TABLE goods ALTER COLUMN stock TYPE bigint;
ALTER TABLE people ALTER COLUMN mail TYPE varchar(99);
CREATE INDEX CONCURRENTLY goods_price ON goods (price);
ALTER INDEX goods_price RENAME TO goods_by_price;
DROP INDEX goods_by_price;
ALTER TABLE goods DISABLE TRIGGER USER;
ALTER TABLE goods ENABLE TRIGGER USER;
ALTER TABLE goods ENABLE ALWAYS TRIGGER vend_unjournalled;
ALTER SCHEMA other RENAME TO another;
DROP SCHEMA another CASCADE;
SELECT status FROM vend.try_purchase('lamp', '1');

-- The same transaction binds the tables again, or ends the binding.
BEGIN;
ALTER TABLE goods RENAME COLUMN stock TO units;
ALTER TABLE goods RENAME TO wares;
SELECT vend.reattach_store('shop', 'wares', stock => 'units');
COMMIT;
SELECT status FROM vend.try_purchase('lamp', '1');
BEGIN;
SELECT vend.detach_store('shop');
ALTER TABLE wares RENAME TO goods;
COMMIT;
SELECT vend.attach_store('shop', 'goods', 'id', 'units', 'price', 'people', 'id', 'balance', 'sv', 'v', 'mode');
-- A statement may break what a later one mends.
BEGIN;
ALTER TABLE goods RENAME COLUMN units TO stock;
ALTER TABLE goods RENAME COLUMN stock TO units;
COMMIT;
BEGIN;
ALTER TABLE goods DROP CONSTRAINT goods_pkey;
ALTER TABLE goods ADD PRIMARY KEY (id);
COMMIT;
-- Broken again after it was bound again; broken at COMMIT, though other statements come in between.
BEGIN;
ALTER TABLE goods RENAME COLUMN units TO stock;
SELECT vend.reattach_store('shop', stock => 'stock');
ALTER TABLE people RENAME COLUMN balance TO coins;
SELECT 1 AS one;
COMMIT;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'goods'::regclass AND attname = 'units';
-- Savepoints: what was rolled back breaks nothing, what was released does.
BEGIN;
SAVEPOINT a;
ALTER TABLE goods RENAME COLUMN units TO stock;
ROLLBACK TO a;
COMMIT;
BEGIN;
SAVEPOINT a;
ALTER TABLE goods RENAME COLUMN units TO stock;
RELEASE a;
COMMIT;
BEGIN;
ALTER TABLE goods RENAME COLUMN units TO stock;
SAVEPOINT a;
SELECT vend.reattach_store('shop', stock => 'stock');
ROLLBACK TO a;
COMMIT;
-- Within a function, in a procedure that commits, and in a transaction of two phases.
DO $$ BEGIN ALTER TABLE goods RENAME COLUMN units TO stock; END $$;
DO $$ BEGIN ALTER TABLE goods RENAME COLUMN units TO stock; COMMIT; END $$;
BEGIN;
ALTER TABLE goods RENAME COLUMN units TO stock;
PREPARE TRANSACTION 'vend_migration';
-- More tables than the session notes one by one.
BEGIN;
DO $$ BEGIN FOR i IN 1 .. 90 LOOP EXECUTE format('CREATE TABLE many_%s (a int)', i); END LOOP; END $$;
ALTER TABLE goods RENAME COLUMN units TO stock;
COMMIT;
BEGIN;
DO $$ BEGIN FOR i IN 1 .. 90 LOOP EXECUTE format('CREATE TABLE many_%s (a int)', i); END LOOP; END $$;
COMMIT;
DO $$ BEGIN FOR i IN 1 .. 90 LOOP EXECUTE format('DROP TABLE many_%s', i); END LOOP; END $$;

-- The role that migrates may have no right on anything of vend's.
CREATE ROLE regress_vend_migrant;
CREATE SCHEMA own_tables AUTHORIZATION regress_vend_migrant;
SET ROLE regress_vend_migrant;
CREATE TABLE own_tables.item (id text PRIMARY KEY, stock bigint NOT NULL, note text);
RESET ROLE;
SELECT vend.attach_store('theirs', 'own_tables.item');
REVOKE USAGE ON SCHEMA vend FROM PUBLIC;
REVOKE SELECT ON vend.store FROM PUBLIC;
SET ROLE regress_vend_migrant;
ALTER TABLE own_tables.item RENAME COLUMN note TO remark;
ALTER TABLE own_tables.item RENAME COLUMN stock TO units;
RESET ROLE;
GRANT USAGE ON SCHEMA vend TO PUBLIC;
GRANT SELECT ON vend.store TO PUBLIC;
-- DROP OWNED takes the whole store.
DROP OWNED BY regress_vend_migrant CASCADE;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('theirs');
SELECT vend.detach_store('theirs');
DROP ROLE regress_vend_migrant;

-- A whole store is dropped with its schema.
SELECT vend.create_store('made');
DROP TABLE made.wallet;
DROP SCHEMA made CASCADE;
SELECT vend.create_store('made');
ALTER SCHEMA made RENAME TO unmade;
SELECT vend.detach_store('made');
DROP SCHEMA made CASCADE;

-- A store without wallets, a store without items.
CREATE TABLE gift (id text PRIMARY KEY, balance bigint NOT NULL);
SELECT vend.attach_store('cards', wallets => 'gift', balance => 'balance');
ALTER TABLE gift RENAME COLUMN balance TO coins;
SELECT vend.detach_store('cards');
SELECT vend.attach_store('bare', 'gift', stock => 'balance');
ALTER TABLE gift RENAME COLUMN balance TO coins;
SELECT vend.detach_store('bare');
DROP SCHEMA cards, bare CASCADE;
DROP TABLE gift;

-- Other relations, other stores: a binding that is broken already keeps nobody from going on.
SELECT vend.create_store('broken');
SET session_replication_role = replica;
ALTER TABLE broken.item RENAME TO thing;
ALTER TABLE broken.wallet RENAME TO purse;
RESET session_replication_role;
ALTER TABLE broken.thing ADD COLUMN note text;
ALTER TABLE broken.purse RENAME TO wallet;
CREATE TABLE unrelated (a int);
ALTER TABLE unrelated RENAME COLUMN a TO b;
DROP TABLE unrelated;
ALTER TABLE broken.thing RENAME TO item;
SELECT count(*) FROM vend.audit('broken');
-- Triggers are restored one by one; until they are all there, nothing is broken.
SET session_replication_role = replica;
DROP TRIGGER vend_append_only ON broken.ledger;
RESET session_replication_role;
ALTER TABLE broken.item ADD COLUMN more text;
CREATE TRIGGER vend_append_only BEFORE UPDATE OR DELETE ON broken.ledger FOR EACH ROW EXECUTE FUNCTION vend.append_only('broken');
ALTER TABLE broken.item RENAME COLUMN stock TO units;
-- A migration of many other tables does not answer for it.
SET session_replication_role = replica;
ALTER TABLE broken.item RENAME COLUMN stock TO units;
RESET session_replication_role;
BEGIN;
DO $$ BEGIN FOR i IN 1 .. 90 LOOP EXECUTE format('CREATE TABLE many_%s (a int)', i); END LOOP; END $$;
COMMIT;
DO $$ BEGIN FOR i IN 1 .. 90 LOOP EXECUTE format('DROP TABLE many_%s', i); END LOOP; END $$;
SELECT vend.detach_store('broken');
DROP SCHEMA broken CASCADE;

-- The extension itself is dropped, and made again.
SELECT vend.watch_migration();
\echo :SQLSTATE
BEGIN;
ALTER TABLE goods RENAME COLUMN units TO stock;
DROP EXTENSION pg_vend;
COMMIT;
ALTER TABLE goods RENAME COLUMN stock TO units;
CREATE EXTENSION pg_vend;
DROP SCHEMA shop CASCADE;
DROP TABLE goods, people;
DROP DOMAIN public.code;
