-- Aim: tables of an attached store that are changed later: columns renamed, retyped, dropped, tables and schemas renamed. The error
-- names what is wrong with the binding, reattach_store() cures it, and the audit is empty after each.
-- Guarantees: G6, G8 (the tables are the owner's, to change as he likes).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE TABLE goods (id text PRIMARY KEY, sku integer UNIQUE, price integer NOT NULL, stock integer NOT NULL, sv bigint NOT NULL DEFAULT 0, v bigint NOT NULL DEFAULT 1, mode text);
CREATE TABLE people (id integer PRIMARY KEY, mail text UNIQUE, balance bigint NOT NULL);
INSERT INTO goods VALUES ('lamp', 1, 10, 50), ('vase', 2, 3, 9);
INSERT INTO people VALUES (1, 'alpha', 10000), (2, 'beta', 10000);
SELECT vend.attach_store('shop', 'goods', 'id', 'stock', 'price', 'people', 'id', 'balance', 'sv', 'v', 'mode');
SELECT vend.set_lock_mode('vase', 'escrow');
SELECT status FROM vend.try_purchase('lamp', 1, 2, vend.id_from('lamp'));
SELECT status FROM vend.try_purchase('vase', 2, 2, vend.id_from('vase'));
-- The function shows the answers to a sale, a movement, plain SQL and the audit.
CREATE FUNCTION pg_temp.hears(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    detail text;
BEGIN
    EXECUTE 'SELECT r::text FROM ' || statement || ' r' INTO answer;
    RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
CREATE FUNCTION pg_temp.all_hear() RETURNS TABLE (calls text, hear text) LANGUAGE sql AS $$
    SELECT string_agg(c, ', ' ORDER BY n), h FROM unnest(ARRAY['sale', 'escrow', 'deposit', 'refund', 'restock', 'audit', 'available'],
        ARRAY[$s$vend.try_purchase('lamp', '1')$s$, $s$vend.try_purchase('vase', '1')$s$, $s$vend.deposit('2', 1)$s$, $s$vend.refund(vend.id_from('none'))$s$, $s$vend.restock('vase', 1)$s$, 'vend.audit()', $s$vend.available('vase')$s$]) WITH ORDINALITY u (c, s, n), pg_temp.hears(s) h GROUP BY h ORDER BY min(n)
$$;
SELECT * FROM pg_temp.all_hear();

-- Each change shows its answers and is then undone.
CREATE FUNCTION pg_temp.after(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answers text[];
BEGIN
    BEGIN
        EXECUTE change;
        answers := ARRAY(SELECT concat_ws(': ', a.calls, a.hear) FROM pg_temp.all_hear() a);
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN QUERY SELECT unnest(answers);
    WHEN OTHERS THEN
        RETURN NEXT concat_ws(' ', SQLSTATE, SQLERRM);
    END;
END
$$;
SELECT c AS change, a FROM unnest(ARRAY['ALTER TABLE goods RENAME stock TO units', 'ALTER TABLE goods DROP price', 'ALTER TABLE goods DROP sv', 'ALTER TABLE goods DROP mode', 'ALTER TABLE goods RENAME id TO code', 'ALTER TABLE goods DROP id',
    'ALTER TABLE goods ALTER stock TYPE real', 'ALTER TABLE goods ALTER stock TYPE numeric', 'ALTER TABLE goods ALTER price TYPE numeric(10,2)', 'ALTER TABLE goods ALTER v TYPE text', 'ALTER TABLE goods ALTER mode TYPE char(3)', 'ALTER TABLE goods ALTER id TYPE varchar(10)',
    'ALTER TABLE goods RENAME TO wares', 'ALTER TABLE goods SET SCHEMA pg_temp', 'DROP TABLE goods', 'DROP TABLE people', 'ALTER TABLE people ALTER balance TYPE numeric(10,2)', 'ALTER TABLE people ALTER id TYPE bigint', 'ALTER TABLE people ALTER id TYPE text',
    'ALTER TABLE people DROP CONSTRAINT people_pkey', 'ALTER TABLE goods SET UNLOGGED', 'ALTER SCHEMA shop RENAME TO store', 'ALTER TABLE shop.ledger RENAME TO book', 'ALTER TABLE goods DISABLE TRIGGER USER', 'DROP TRIGGER vend_journal ON people', 'CREATE TABLE child () INHERITS (goods)',
-- These changes do no harm.
    'ALTER TABLE goods ALTER stock TYPE bigint', 'ALTER TABLE goods ALTER stock TYPE numeric(12,3)', 'ALTER TABLE people ALTER balance TYPE integer', 'ALTER TABLE goods RENAME sku TO ean', 'ALTER TABLE goods ADD note text', 'ALTER TABLE goods ALTER price TYPE smallint', 'ALTER TABLE goods ALTER stock DROP NOT NULL']) WITH ORDINALITY u (c, n), pg_temp.after(c) a ORDER BY n;

-- The changes are cured, one after the other.
CREATE FUNCTION pg_temp.cured() RETURNS TABLE (sale text, escrow text, replay text, stock text, findings bigint) LANGUAGE sql AS $$
    SELECT a.status, b.status, c.status, vend.available('lamp') || ' ' || vend.available('vase'), (SELECT count(*) FROM vend.audit()) FROM vend.try_purchase('lamp', '1') a, vend.try_purchase('vase', '1') b, vend.try_purchase('lamp', '1', 2, vend.id_from('lamp')) c
$$;
SELECT vend.restock('vase', 500) IS NULL;
ALTER TABLE goods RENAME stock TO units;
SELECT vend.reattach_store('shop');
SELECT vend.reattach_store('shop', stock => 'units');
SELECT * FROM pg_temp.cured();
ALTER TABLE goods RENAME TO wares;
SELECT vend.reattach_store('shop');
SELECT vend.reattach_store('shop', 'wares');
SELECT * FROM pg_temp.cured();
CREATE SCHEMA data;
ALTER TABLE wares SET SCHEMA data;
ALTER TABLE people SET SCHEMA data;
ALTER SCHEMA data RENAME TO "Data";
SELECT vend.reattach_store('shop', '"Data".wares');
SELECT vend.reattach_store('shop', '"Data".wares', wallets => '"Data".people');
SELECT * FROM pg_temp.cured();
-- Columns that a store can do without are dropped, unbound and bound again.
ALTER TABLE "Data".wares DROP COLUMN sv, DROP COLUMN v;
SELECT vend.reattach_store('shop', stock_version => '', version => '');
SELECT * FROM pg_temp.cured();
SELECT vend.reattach_store('shop', stock_version => 'sv', version => 'v', add_columns => true);
SELECT * FROM pg_temp.cured();
SELECT vend.reattach_store('shop', price => '');
SELECT status, amount FROM vend.try_purchase('lamp', 1, unit_price => 3);
SELECT vend.reattach_store('shop', price => 'price');
-- Without a lock mode there is no escrow: what was pending is settled first.
SELECT vend.purchase('vase', 1) IS NULL;
SELECT vend.reattach_store('shop', lock_mode => '');
SELECT * FROM vend.audit();
SELECT status FROM vend.try_purchase('vase', 1);
-- (A detach that could not settle leaves the store like this.)
SELECT vend.detach_store('shop');
INSERT INTO shop.stock_delta SELECT 'vase', -units FROM "Data".wares WHERE id = 'vase';
SELECT vend.attach_store('shop', '"Data".wares', 'id', 'units', 'price', '"Data".people', 'id', 'balance', 'sv', 'v', journal_opening => false);
SELECT count(*) FROM shop.stock_delta;
SELECT status FROM vend.try_purchase('vase', 1);
SELECT vend.journal_opening();
SELECT vend.restock('vase', 500) IS NULL;
SELECT vend.reattach_store('shop', lock_mode => 'mode');
SELECT * FROM pg_temp.cured();
-- The types of figures change, with and without decimals, and the types of keys.
ALTER TABLE "Data".wares ALTER units TYPE numeric(10,0), ALTER price TYPE numeric(8,2);
ALTER TABLE "Data".people ALTER balance TYPE numeric(12,2);
SELECT vend.reattach_store('shop');
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shop.ledger'::regclass AND attname = 'amount';
UPDATE "Data".wares SET price = 9.99 WHERE id = 'lamp';
SELECT * FROM pg_temp.cured();
SELECT kind, qty, amount FROM vend.refund(vend.id_from('lamp'), 1);
ALTER TABLE "Data".people ALTER id TYPE bigint;
SELECT vend.reattach_store('shop');
SELECT * FROM pg_temp.cured();
ALTER TABLE "Data".people ALTER id TYPE text;
SELECT vend.reattach_store('shop');
SELECT * FROM pg_temp.cured();
ALTER TABLE "Data".wares ALTER id TYPE varchar(20);
SELECT vend.reattach_store('shop');
SELECT * FROM pg_temp.cured();
SELECT * FROM shop.holding ORDER BY buyer, item;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shop.ledger'::regclass AND attname IN ('item', 'wallet', 'amount', 'unit_price') ORDER BY attnum;
-- A type with fewer decimals than what has been paid is refused.
ALTER TABLE "Data".wares ALTER price TYPE integer;
ALTER TABLE "Data".people ALTER balance TYPE bigint;
SELECT vend.reattach_store('shop');
SELECT sum(amount) FROM shop.ledger;
ALTER TABLE "Data".people ALTER balance TYPE numeric(12,2);
SELECT * FROM pg_temp.cured();
-- Another column becomes the key: what the ledger knows under the old keys has no row any more.
SELECT vend.reattach_store('shop', item_key => 'sku');
SELECT * FROM vend.audit();
SELECT vend.reattach_store('shop', item_key => 'id');
SELECT * FROM vend.audit();
-- Rows were written while the triggers were off.
ALTER TABLE "Data".wares DISABLE TRIGGER USER;
UPDATE "Data".wares SET units = 77 WHERE id = 'lamp';
SELECT * FROM pg_temp.all_hear();
SELECT vend.reattach_store('shop', journal_opening => false);
SELECT finding, key, found - expected AS more FROM vend.audit();
SELECT vend.reattach_store('shop');
SELECT * FROM pg_temp.cured();
-- Another table takes the place of the items; items without a row are written off.
CREATE TABLE things (id text PRIMARY KEY, units int NOT NULL, price int NOT NULL, sv int, v int, mode text);
INSERT INTO things VALUES ('lamp', 5, 1, 0, 1);
SELECT vend.reattach_store('shop', 'things');
SELECT item, sum(qty) FROM shop.ledger GROUP BY item HAVING sum(qty) <> 0 ORDER BY item;
SELECT count(*) FROM pg_trigger WHERE tgrelid = '"Data".wares'::regclass AND NOT tgisinternal;
SELECT status FROM vend.try_purchase('lamp', '1');
SELECT * FROM vend.audit();
-- The store journals plain SQL or refuses it.
SELECT vend.reattach_store('shop', direct_writes => 'refuse');
UPDATE things SET units = 6;
\echo :SQLSTATE
SELECT vend.reattach_store('shop', direct_writes => 'journal');
UPDATE things SET units = 6;
SELECT vend.reattach_store('shop', direct_writes => 'often');
\echo :SQLSTATE
SELECT vend.reattach_store('nowhere');
\echo :SQLSTATE
-- The ledger is not created again: its ids would be lost.
ALTER TABLE shop.ledger RENAME TO book;
SELECT vend.reattach_store('shop');
\echo :SQLSTATE
ALTER TABLE shop.book RENAME TO ledger;
-- The schema of the store itself is renamed.
ALTER SCHEMA shop RENAME TO mall;
SELECT vend.reattach_store('shop');
\echo :SQLSTATE
ALTER SCHEMA mall RENAME TO shop;
SELECT status FROM vend.try_purchase('lamp', '1');
-- A store that create_store() made can be bound again as well.
SELECT vend.create_store('made');
INSERT INTO made.item (id, price, stock) VALUES ('lamp', 10, 50);
INSERT INTO made.wallet VALUES ('1', 1000);
ALTER TABLE made.item RENAME stock TO units;
ALTER TABLE made.wallet RENAME TO purse;
SELECT vend.reattach_store('made', stock => 'units', wallets => 'made.purse');
SELECT status FROM vend.try_purchase('lamp', '1', store => 'made');
SELECT * FROM vend.audit('made');
SELECT vend.detach_store('made'), vend.detach_store('shop');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'vend%' AND tgrelid::regclass::text !~ '^vend';
SET client_min_messages = error;
DROP SCHEMA shop, made, "Data" CASCADE;
DROP TABLE things;
ALTER EVENT TRIGGER vend_migration ENABLE;
