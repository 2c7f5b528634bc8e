-- Aim: a version guard on every kind of table and beside everything else that a table may carry: partitions, inheritance, generated
-- columns, triggers, policies, foreign keys; columns renamed and dropped; who may put it on; what it cannot be made of; DROP EXTENSION.
-- Section "The version guard".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';

-- These columns and tables cannot be guarded.
CREATE TABLE public.product (id int PRIMARY KEY, name text, price_cents int, loud text GENERATED ALWAYS AS (upper(name)) STORED, version int NOT NULL DEFAULT 1, nullable int, counted int NOT NULL GENERATED ALWAYS AS IDENTITY, amount numeric NOT NULL DEFAULT 1);
CREATE VIEW public.shown AS SELECT * FROM public.product;
CREATE FUNCTION pg_temp.hears(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'allowed';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail := PG_EXCEPTION_DETAIL, hint := PG_EXCEPTION_HINT;
        RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT s AS call, pg_temp.hears('SELECT vend.guard_version(' || s || ')') FROM unnest(ARRAY[
    '''public.product'', ''version'', ''{name}''', '''public.product'', ''version'', ''{name,id}'', ''next''', '''public.product'', ''version'', ''{}''', '''public.product'', ''version'', ''{name,name}''', '''public.product'', ''version'', ''{name,version}''', '''public.product'', ''version'', ''{name,NULL}''',
    '''public.product'', ''version'', ''{{name},{price_cents}}''', '''public.product'', ''version'', ''{loud}''', '''public.product'', ''version'', ''{Name}''', '''public.product'', ''version'', ''{ctid}''', '''public.product'', ''revision'', ''{name}''', '''public.product'', ''nullable'', ''{name}''', '''public.product'', ''counted'', ''{name}''',
    '''public.product'', ''amount'', ''{name}''', '''public.product'', ''xmin'', ''{name}''', '''public.product'', ''version'', ''{name}'', ''last''', '''public.product'', ''version'', ''{name}'', NULL', '''public.product'', NULL, ''{name}''', '''public.product'', ''version'', NULL', 'NULL, ''version'', ''{name}''', '0, ''version'', ''{name}''',
    '''public.shown'', ''version'', ''{name}''', '''public.product_pkey'', ''version'', ''{name}''']) WITH ORDINALITY u (s, n) ORDER BY n;
-- From 18 on NOT NULL can be NOT VALID: older rows may still have null.
SELECT current_setting('server_version_num')::int < 180000 OR (pg_temp.hears(a || v) ~ 'Column "nullable" may be null' AND pg_temp.hears(a || b || v) = 'allowed') AS is_right
    FROM (VALUES ('ALTER TABLE public.product ADD CONSTRAINT present NOT NULL nullable NOT VALID; ', 'ALTER TABLE public.product VALIDATE CONSTRAINT present; ', 'SELECT vend.guard_version(''public.product'', ''nullable'', ''{name}'')')) t (a, b, v);
DROP VIEW public.shown;
SELECT vend.unguard_version('public.product');
\echo :SQLSTATE
SELECT vend.guard_version('public.product', 'version', '{name,price_cents}');
SELECT vend.guard_version('public.product', 'version', '{name}');
\echo :SQLSTATE
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'public.product'::regclass;
SELECT vend.guard();
\echo :SQLSTATE
-- A trigger made by hand has wrong arguments.
CREATE TABLE public.made (id int PRIMARY KEY, name text, version int NOT NULL);
INSERT INTO public.made VALUES (1, 'a', 1);
CREATE FUNCTION pg_temp.made(definition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE 'CREATE TRIGGER t ' || definition;
    answer := pg_temp.hears('UPDATE public.made SET name = ''b'', version = 1; DELETE FROM public.made; TRUNCATE public.made');
    DROP TRIGGER t ON public.made;
    RETURN answer;
END
$$;
SELECT s AS trigger, pg_temp.made(s) FROM unnest(ARRAY[
    'BEFORE UPDATE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard(version, read, name)', 'BEFORE UPDATE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard()', 'BEFORE UPDATE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard(version, read)',
    'BEFORE UPDATE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard(version, any, name)', 'BEFORE UPDATE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard(id, read, title)', 'BEFORE UPDATE ON public.made EXECUTE FUNCTION vend.guard(version, read, name)',
    'BEFORE DELETE ON public.made FOR EACH ROW EXECUTE FUNCTION vend.guard(version, read, name)', 'BEFORE TRUNCATE ON public.made EXECUTE FUNCTION vend.guard(version, read, name)']) WITH ORDINALITY u (s, n) ORDER BY n;

-- A column that is renamed or dropped leaves nothing unguarded unnoticed, not even where it is not touched.
INSERT INTO public.product (id, name, price_cents) VALUES (1, 'lamp', 100);
ALTER TABLE public.product RENAME name TO title;
UPDATE public.product SET price_cents = 120, version = 1;
UPDATE public.product SET nullable = 5;
\echo :SQLSTATE
SELECT vend.update_if('public.product', 1, 1, '{"title": "x"}');
\echo :SQLSTATE
ALTER TABLE public.product RENAME title TO name;
ALTER TABLE public.product RENAME TO goods;
UPDATE public.goods SET price_cents = 120, version = 1 RETURNING price_cents, version;
ALTER TABLE public.goods DROP price_cents;
UPDATE public.goods SET nullable = 5;
ALTER TABLE public.goods ADD price_cents int GENERATED ALWAYS AS (nullable) STORED;
UPDATE public.goods SET nullable = 5;
ALTER TABLE public.goods DROP price_cents, ADD price_cents int;
UPDATE public.goods SET price_cents = 5;
ALTER TABLE public.goods ALTER version DROP NOT NULL;
UPDATE public.goods SET nullable = 5;
ALTER TABLE public.goods ALTER version SET NOT NULL, ALTER version TYPE numeric;
UPDATE public.goods SET nullable = 5;
ALTER TABLE public.goods ALTER version TYPE bigint;
UPDATE public.goods SET price_cents = 5, version = 2 RETURNING price_cents, version;
ALTER TABLE public.goods RENAME CONSTRAINT product_pkey TO goods_pkey;
-- A guard is found whatever its name is. A guard that is switched off does not guard, and vend.update_if() says so.
ALTER TRIGGER zz_vend_guard ON public.goods RENAME TO "My guard";
ALTER TABLE public.goods DISABLE TRIGGER "My guard";
UPDATE public.goods SET price_cents = 6 RETURNING price_cents, version;
SELECT vend.update_if('public.goods', 1, 3, '{"price_cents": 7}');
\echo :SQLSTATE
SELECT vend.guard_version('public.goods', 'version', '{name}');
\echo :SQLSTATE
SELECT vend.unguard_version('public.goods');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.goods'::regclass;
DROP TABLE public.goods;

-- There are other triggers. The guard judges what an earlier one has made of the row; one that counts up itself is found out.
CREATE TABLE public.product (id int PRIMARY KEY, name text, slug text, touched int DEFAULT 0, version int NOT NULL DEFAULT 1);
INSERT INTO public.product (id, name, slug) VALUES (1, 'lamp', 'lamp');
CREATE FUNCTION public.slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := lower(NEW.name); NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE TRIGGER slug BEFORE UPDATE ON public.product FOR EACH ROW EXECUTE FUNCTION public.slug();
SELECT vend.guard_version('public.product', 'version', '{slug}');
UPDATE public.product SET name = 'Lamp' RETURNING *;
UPDATE public.product SET name = 'vase';
\echo :SQLSTATE
UPDATE public.product SET name = 'vase', version = 1 RETURNING *;
CREATE FUNCTION public.bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := OLD.version + 1; RETURN NEW; END $$;
CREATE TRIGGER bump BEFORE UPDATE ON public.product FOR EACH ROW EXECUTE FUNCTION public.bump();
UPDATE public.product SET name = 'bowl', version = 2;
\echo :SQLSTATE
DROP TRIGGER bump ON public.product;
-- A trigger keeps the row from being updated.
CREATE FUNCTION public.never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER never BEFORE UPDATE ON public.product FOR EACH ROW EXECUTE FUNCTION public.never();
UPDATE public.product SET name = 'bowl' RETURNING *;
SELECT vend.update_if('public.product', 1, 2, '{"name": "bowl"}');
\echo :SQLSTATE
DROP TABLE public.product;
DROP FUNCTION public.slug, public.bump, public.never;

-- What a foreign key does to a guarded column is an UPDATE that says no version.
CREATE TABLE public.maker (id int PRIMARY KEY);
CREATE TABLE public.product (id int PRIMARY KEY, maker int REFERENCES public.maker ON DELETE SET NULL ON UPDATE CASCADE, name text, version int NOT NULL DEFAULT 1);
INSERT INTO public.maker VALUES (1);
INSERT INTO public.product (id, maker, name) VALUES (1, 1, 'lamp');
SELECT vend.guard_version('public.product', 'version', '{maker}');
DELETE FROM public.maker;
\echo :SQLSTATE
SELECT vend.unguard_version('public.product'), vend.guard_version('public.product', 'version', '{name}');
DELETE FROM public.maker;
TABLE public.product;
DROP TABLE public.product, public.maker;

-- Partitions number their columns otherwise, and are attached before and after; a row that moves is guarded as any other.
CREATE TABLE public.product (id int, region text, name text, stock int DEFAULT 5, version int NOT NULL DEFAULT 1, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE public.product_eu PARTITION OF public.product FOR VALUES IN ('eu');
CREATE TABLE public.product_us (version int NOT NULL DEFAULT 1, gone text, name text, stock int DEFAULT 5, region text NOT NULL, id int NOT NULL);
ALTER TABLE public.product_us DROP gone;
SELECT vend.guard_version('public.product', 'version', '{name,region}');
ALTER TABLE public.product ATTACH PARTITION public.product_us FOR VALUES IN ('us');
INSERT INTO public.product (id, region, name) VALUES (1, 'eu', 'lamp'), (2, 'us', 'vase');
UPDATE public.product SET stock = stock - 1 RETURNING *;
UPDATE public.product SET name = 'x' WHERE id = 2;
\echo :SQLSTATE
UPDATE public.product SET name = 'x', version = 1 RETURNING *;
UPDATE public.product SET name = 'y', version = 1 WHERE id = 2;
\echo :SQLSTATE
UPDATE public.product_us SET name = 'y', version = 2 RETURNING name, version;
UPDATE public.product_us SET name = 'z';
\echo :SQLSTATE
UPDATE public.product SET region = 'us' WHERE id = 1;
\echo :SQLSTATE
UPDATE public.product SET region = 'us', version = 1 WHERE id = 1;
\echo :SQLSTATE
UPDATE public.product SET region = 'us', version = 2 WHERE id = 1 RETURNING tableoid::regclass, *;
INSERT INTO public.product AS p (id, region, name, version) VALUES (2, 'us', 'w', 3), (3, 'eu', 'new', 1) ON CONFLICT (id, region) DO UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version;
INSERT INTO public.product AS p (id, region, name, version) VALUES (2, 'us', 'q', 3) ON CONFLICT (id, region) DO UPDATE SET name = EXCLUDED.name;
\echo :SQLSTATE
SELECT tableoid::regclass, * FROM public.product ORDER BY id;
SELECT vend.update_if('public.product', 1, 3, '{"name": "x"}');
\echo :SQLSTATE
SELECT vend.guard_version('public.product_us', 'version', '{name}');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT vend.unguard_version('public.product_us');
\set VERBOSITY default
SELECT vend.unguard_version('public.product');
UPDATE public.product SET name = 'free' RETURNING name, version;
DROP TABLE public.product;
CREATE TABLE public.product (id int PRIMARY KEY, name text, version int NOT NULL DEFAULT 1) PARTITION BY RANGE (id);
CREATE TABLE public.product_1 PARTITION OF public.product FOR VALUES FROM (1) TO (100);
INSERT INTO public.product VALUES (1, 'lamp');
SELECT vend.guard_version('public.product', 'version', '{name}');
SELECT vend.update_if('public.product', 1, 1, '{"name": "vase"}'), vend.update_if('public.product_1', 1, 2, '{"name": "bowl"}');
TABLE public.product;

-- Inheritance: each table is guarded by itself.
CREATE TABLE public.animal (id int PRIMARY KEY, name text, version int NOT NULL DEFAULT 1);
CREATE TABLE public.dog (bark text) INHERITS (public.animal);
RESET client_min_messages;
SELECT vend.guard_version('public.animal', 'version', '{name}');
SET client_min_messages = warning;
INSERT INTO public.animal (id, name) VALUES (1, 'cat');
INSERT INTO public.dog (id, name) VALUES (1, 'rex');
UPDATE public.animal SET name = 'x' WHERE name = 'rex' RETURNING tableoid::regclass, *;
UPDATE public.animal SET name = 'x';
\echo :SQLSTATE
SELECT vend.guard_version('public.dog', 'version', '{name,bark}');
UPDATE public.animal SET name = 'y', version = 1 RETURNING tableoid::regclass, *;
SELECT vend.update_if('public.animal', 1, 2, '{"name": "z"}');
SELECT tableoid::regclass, * FROM public.animal;

-- Only some roles may guard a table.
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_editor;
CREATE TABLE public.letter (id int PRIMARY KEY, subject text, body text, stock int DEFAULT 1, version int NOT NULL DEFAULT 1);
ALTER TABLE public.letter OWNER TO regress_vend_owner;
GRANT SELECT, UPDATE (subject, version, stock), TRIGGER ON public.letter TO regress_vend_editor;
SET ROLE regress_vend_editor;
SELECT vend.guard_version('public.letter', 'version', '{subject}');
\echo :SQLSTATE
RESET ROLE;
GRANT CREATE ON SCHEMA public TO regress_vend_owner;
SET ROLE regress_vend_owner;
SELECT vend.guard_version('public.letter', 'version', '{subject,body}');
INSERT INTO public.letter VALUES (1, 's', 'b'), (2, 's', 'b');
SET ROLE regress_vend_editor;
SELECT vend.unguard_version('public.letter');
\echo :SQLSTATE
-- update_if() works with the rights of the caller, and under the policies that bind him.
SELECT vend.update_if('public.letter', 1, 1, '{"subject": "t"}');
SELECT vend.update_if('public.letter', 1, 2, '{"body": "t"}');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
ALTER TABLE public.letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON public.letter FOR SELECT USING (id < 3);
CREATE POLICY written ON public.letter FOR UPDATE USING (id = 1);
SET ROLE regress_vend_editor;
SELECT vend.update_if('public.letter', 1, 2, '{"subject": "u"}');
SELECT vend.update_if('public.letter', 2, 1, '{"subject": "u"}');
\echo :SQLSTATE
SELECT vend.update_if('public.letter', 2, 9, '{"subject": "u"}');
\echo :SQLSTATE
SELECT vend.update_if('public.letter', 3, 1, '{"subject": "u"}');
\echo :SQLSTATE
RESET ROLE;
REVOKE UPDATE (subject, version, stock) ON public.letter FROM regress_vend_editor;
SET ROLE regress_vend_editor;
SELECT vend.update_if('public.letter', 1, 3, '{"subject": "v"}');
\echo :SQLSTATE
RESET ROLE;
BEGIN READ ONLY;
SELECT vend.update_if('public.letter', 1, 3, '{"subject": "v"}');
\echo :SQLSTATE
ROLLBACK;
SET session_replication_role = replica;
SELECT vend.update_if('public.letter', 1, 3, '{"subject": "v"}');
\echo :SQLSTATE
RESET session_replication_role;
-- The search_path of the caller changes nothing.
CREATE SCHEMA trap;
CREATE FUNCTION trap.equal(int, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = bigint, FUNCTION = trap.equal);
CREATE FUNCTION trap.same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.same);
SET search_path = trap, pg_catalog;
SELECT vend.update_if('public.letter', 2, 3, '{"subject": "of the other row"}');
\echo :SQLSTATE
SELECT vend.update_if('public.letter', 1, 2, '{"subject": "v"}');
\echo :SQLSTATE
SELECT vend.update_if('public.letter', 1, 3, '{"subject": "v"}');
RESET search_path;
DROP SCHEMA trap CASCADE;

-- DROP EXTENSION needs no CASCADE; tables and rows stay, the guards go.
DROP EXTENSION pg_vend;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('public.letter'::regclass, 'public.product'::regclass, 'public.product_1'::regclass, 'public.animal'::regclass, 'public.dog'::regclass);
UPDATE public.letter SET subject = 'free' RETURNING *;
CREATE EXTENSION pg_vend;
DROP TABLE public.letter, public.product, public.dog, public.animal, public.made;
REVOKE CREATE ON SCHEMA public FROM regress_vend_owner;
DROP ROLE regress_vend_owner, regress_vend_editor;
