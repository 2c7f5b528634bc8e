-- Aim: what a version guard takes and what it refuses, in both conventions: each way to set the version or not, equal
-- values, values stored out of line, each type of version and its end, ON CONFLICT, MERGE, COPY, the replica role.
-- Section "The version guard"; G5 (no lost update, no false conflict).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE TABLE public.product (id int PRIMARY KEY, name text, price_cents int, description text, stock int DEFAULT 10, version int NOT NULL DEFAULT 1);
-- The function shows how many rows a statement finds and what they are then, or its error; then it undoes it.
CREATE FUNCTION pg_temp.hears(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found int;
    answer text;
    detail text;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS found = ROW_COUNT;
    SELECT string_agg(concat_ws(' ', coalesce(p.name, '-'), p.price_cents, p.stock, 'v' || p.version), ', ' ORDER BY id) INTO answer FROM public.product p;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN format('%s: %s', found, answer);
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail := PG_EXCEPTION_DETAIL;
        IF SQLSTATE !~ '^VN|^55000|^22023|^22003|^P0002' THEN RETURN SQLSTATE; END IF;
        RETURN concat_ws(' / ', SQLSTATE, coalesce(nullif(detail, ''), SQLERRM));
END
$$;
INSERT INTO public.product (id, name, price_cents, version) VALUES (1, 'lamp', 100, 7);

-- The convention "read" is the default.
SELECT vend.guard_version('public.product', version_column => 'version', columns => '{name,price_cents,description}');
SELECT s AS statement, pg_temp.hears('UPDATE public.product SET ' || s) FROM unnest(ARRAY[
    'name = ''vase'', version = 7', 'name = ''vase'', version = 6', 'name = ''vase'', version = 8', 'name = ''vase'', version = 9', 'name = ''vase'', version = -1',
    'name = ''vase''', 'name = NULL', 'name = ''vase'', version = NULL', 'name = ''vase'', version = DEFAULT', 'name = ''vase'', version = version', 'name = ''vase'', version = version + 1',
    '(name, version) = (SELECT ''vase'', 7)', 'price_cents = price_cents + 1', 'stock = stock - 1', 'stock = stock - 1, version = 7', 'stock = stock - 1, version = 6', 'stock = stock - 1, version = 8', 'stock = stock - 1, version = 9',
    'version = 7', 'version = 6', 'version = 8', 'version = 1000', 'version = NULL', 'id = 2', 'name = name', 'name = ''lamp''', 'name = ''lamp'', version = 6', 'name = ''lamp'', version = 7',
    'name = ''vase'', version = 7 WHERE id = 2']) WITH ORDINALITY u (s, n) ORDER BY n;
-- The messages are shown whole.
UPDATE public.product SET name = 'vase', version = 6;
UPDATE public.product SET name = 'vase', version = 8;
UPDATE public.product SET name = 'vase';
-- Each edit counts up by one, and RETURNING shows it.
UPDATE public.product SET name = 'vase', version = 7 WHERE id = 1 RETURNING name, version;
UPDATE public.product SET name = 'bowl', version = 7 WHERE id = 1;
\echo :SQLSTATE
UPDATE public.product SET price_cents = 120, description = 'round', version = 8 WHERE id = 1 RETURNING name, version;
UPDATE public.product SET stock = stock - 1 WHERE id = 1 RETURNING stock, version;
-- Deleting is free, and so is a row that is inserted.
DELETE FROM public.product WHERE id = 1;
INSERT INTO public.product (id, name, price_cents, version) VALUES (1, 'lamp', 100, 7), (2, 'vase', 50, 3);
-- One statement updates several rows: all or none.
SELECT pg_temp.hears('UPDATE public.product SET price_cents = price_cents * 2, version = version');
SELECT pg_temp.hears('UPDATE public.product SET price_cents = price_cents * 2, version = 7');
SELECT pg_temp.hears('UPDATE public.product p SET price_cents = v.price, version = v.read FROM (VALUES (1, 110, 7), (2, 60, 3)) v (id, price, read) WHERE p.id = v.id');
SELECT pg_temp.hears('UPDATE public.product p SET price_cents = v.price, version = v.read FROM (VALUES (1, 110, 7), (2, 60, 2)) v (id, price, read) WHERE p.id = v.id');

-- INSERT ... ON CONFLICT DO UPDATE: the row that is proposed brings the version that was read.
SELECT s AS action, pg_temp.hears('INSERT INTO public.product AS p (id, name, price_cents, version) VALUES (2, ''bowl'', 60, 3), (3, ''cup'', 5, 1) ON CONFLICT (id) DO ' || s) FROM unnest(ARRAY[
    'UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version', 'UPDATE SET name = EXCLUDED.name', 'UPDATE SET name = EXCLUDED.name, version = p.version + 1', 'UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version - 1',
    'UPDATE SET stock = p.stock - 1', 'NOTHING']) WITH ORDINALITY u (s, n) ORDER BY n;
-- MERGE is guarded too.
SELECT s AS action, pg_temp.hears('MERGE INTO public.product p USING (VALUES (2, ''bowl'', 3), (3, ''cup'', 1)) v (id, name, read) ON p.id = v.id WHEN NOT MATCHED THEN INSERT (id, name, version) VALUES (v.id, v.name, v.read) WHEN MATCHED ' || s) FROM unnest(ARRAY[
    'THEN UPDATE SET name = v.name, version = v.read', 'THEN UPDATE SET name = v.name', 'THEN UPDATE SET name = v.name, version = v.read - 1', 'THEN UPDATE SET stock = stock - 1', 'THEN DELETE', 'THEN DO NOTHING',
    -- What PostgreSQL tells of a MERGE is which columns any of its actions sets: the second goes unnoticed (see the documentation).
    'AND v.read = 0 THEN UPDATE SET version = v.read WHEN MATCHED THEN UPDATE SET name = v.name']) WITH ORDINALITY u (s, n) ORDER BY n;
-- Two commands in one statement, of which each says what it read. (Before 15.11, 16.7 and 17.3 the second of an AFTER trigger would be told of the columns of the first.)
SELECT pg_temp.hears('WITH a AS (UPDATE public.product SET name = ''x'', version = 7 WHERE id = 1) UPDATE public.product SET name = ''y'' WHERE id = 2');
SELECT pg_temp.hears('WITH a AS (UPDATE public.product SET name = ''x'', version = 7 WHERE id = 1) UPDATE public.product SET name = ''y'', version = 3 WHERE id = 2');
-- COPY only inserts.
COPY public.product (id, name, version) FROM stdin;
5	jug	40
\.
SELECT pg_temp.hears('UPDATE public.product SET name = ''pot'', version = 40 WHERE id = 5');
DELETE FROM public.product WHERE id = 5;
-- A replica takes what it is sent: the versions are the publisher's.
SELECT pg_temp.hears('SET LOCAL session_replication_role = replica; UPDATE public.product SET name = ''replicated'', version = 12 WHERE id = 1');
SELECT pg_temp.hears('SET LOCAL session_replication_role = replica; UPDATE public.product SET name = ''replicated'' WHERE id = 1');

-- Under the convention "next" a client is known to be stale only by the version that it writes.
SELECT vend.unguard_version('public.product');
SELECT vend.guard_version('public.product', 'version', '{name,price_cents,description}', 'next');
SELECT s AS statement, pg_temp.hears('UPDATE public.product SET ' || s) FROM unnest(ARRAY[
    'name = ''vase'', version = 8 WHERE id = 1 AND version = 7', 'name = ''vase'', version = 7 WHERE id = 1 AND version = 6', 'name = ''vase'', version = 8 WHERE id = 1', 'name = ''vase'', version = 7 WHERE id = 1', 'name = ''vase'', version = 9 WHERE id = 1', 'name = ''vase'', version = 1 WHERE id = 1',
    'name = ''vase'' WHERE id = 1', 'name = ''vase'', version = NULL WHERE id = 1', 'name = ''vase'', version = version + 1 WHERE id = 1', 'name = ''vase'', version = version WHERE id = 1',
    'stock = stock - 1 WHERE id = 1', 'stock = stock - 1, version = 8 WHERE id = 1 AND version = 7', 'stock = stock - 1, version = 6 WHERE id = 1', 'stock = stock - 1, version = 9 WHERE id = 1', 'version = version + 1 WHERE id = 1', 'name = ''lamp'' WHERE id = 1', 'name = ''lamp'', version = 6 WHERE id = 1']) WITH ORDINALITY u (s, n) ORDER BY n;
UPDATE public.product SET name = 'vase', version = 6 WHERE id = 1;
UPDATE public.product SET name = 'vase' WHERE id = 1;
SELECT s AS action, pg_temp.hears('INSERT INTO public.product AS p (id, name, price_cents, version) VALUES (2, ''bowl'', 60, 3) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name' || s) FROM unnest(ARRAY[
    ', version = EXCLUDED.version + 1 WHERE p.version = EXCLUDED.version', ', version = EXCLUDED.version', '']) WITH ORDINALITY u (s, n) ORDER BY n;
SELECT pg_temp.hears('MERGE INTO public.product p USING (VALUES (2, ''bowl'', 3)) v (id, name, read) ON p.id = v.id WHEN MATCHED AND v.read = 0 THEN UPDATE SET version = v.read + 1 WHEN MATCHED THEN UPDATE SET name = v.name');

-- Values are equal if they have the same bytes: a reader sees the case of a letter and the zeros of a number.
CREATE TABLE public.page (id int PRIMARY KEY, title text, size numeric, tags text[], body jsonb, long text, big text, revision bigint NOT NULL);
ALTER TABLE public.page ALTER long SET STORAGE EXTERNAL;
INSERT INTO public.page SELECT 1, 'T', 1.0, '{a,b}', '{"a": 1}', repeat('x', 100000), (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 3000) i), 1;
SELECT vend.guard_version('public.page', 'revision', '{title,size,tags,body,long,big}');
CREATE FUNCTION pg_temp.revises(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE revised bigint;
BEGIN
    EXECUTE 'UPDATE public.page SET ' || statement || ', revision = 1 RETURNING revision' INTO revised;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'revision ' || revised;
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
SELECT s AS assignment, pg_temp.revises(s) FROM unnest(ARRAY[
    'title = ''T''', 'title = ''t''', 'title = NULL', 'size = 1.0', 'size = 1', 'size = 1.00', 'tags = ''{a,b}''', 'tags = ''{b,a}''', 'body = ''{"a":1}''', 'body = ''{"a":2}''', 'long = long', 'long = long || ''''', 'long = repeat(''x'', 100000)', 'long = repeat(''x'', 99999) || ''y''',
    'long = repeat(''x'', 99999)', 'big = big', 'big = big || ''''', 'big = upper(big)', 'big = left(big, 10)', 'long = NULL']) WITH ORDINALITY u (s, n) ORDER BY n;
UPDATE public.page SET title = 'U';
\echo :SQLSTATE
-- A column changes from null, and to null.
UPDATE public.page SET title = NULL, revision = 1 RETURNING title, revision;
UPDATE public.page SET title = NULL RETURNING title, revision;
UPDATE public.page SET title = 'T';
\echo :SQLSTATE
UPDATE public.page SET title = 'T', revision = 2 RETURNING title, revision;

-- The last version of each type is the last.
CREATE TABLE public.small (id int PRIMARY KEY, name text, version smallint NOT NULL);
CREATE TABLE public.plain (id int PRIMARY KEY, name text, version integer NOT NULL);
CREATE TABLE public.large (id int PRIMARY KEY, name text, version bigint NOT NULL);
INSERT INTO public.small VALUES (1, 'a', 32766), (2, 'a', -32768);
INSERT INTO public.plain VALUES (1, 'a', 2147483646), (2, 'a', -2147483648);
INSERT INTO public.large VALUES (1, 'a', 9223372036854775806), (2, 'a', -9223372036854775808);
SELECT vend.guard_version(t, 'version', '{name}') FROM unnest('{public.small,public.plain,public.large}'::regclass[]) t;
UPDATE public.small SET name = 'b', version = version RETURNING id, version;
UPDATE public.small SET name = 'c', version = version RETURNING id, version;
UPDATE public.plain SET name = 'b', version = version RETURNING id, version;
UPDATE public.plain SET name = 'c', version = version RETURNING id, version;
UPDATE public.large SET name = 'b', version = version RETURNING id, version;
UPDATE public.large SET name = 'c', version = version RETURNING id, version;
\echo :SQLSTATE
-- Two edits in one transaction count twice; a savepoint takes its own back.
BEGIN;
UPDATE public.plain SET name = 'd', version = -2147483647 WHERE id = 2 RETURNING version;
SAVEPOINT s;
UPDATE public.plain SET name = 'e', version = -2147483646 WHERE id = 2 RETURNING version;
UPDATE public.plain SET name = 'f', version = -2147483646 WHERE id = 2 RETURNING version;
\echo :SQLSTATE
ROLLBACK TO s;
UPDATE public.plain SET name = 'f', version = -2147483646 WHERE id = 2 RETURNING version;
COMMIT;

-- A function makes the same edits.
SELECT vend.unguard_version('public.product');
SELECT vend.guard_version('public.product', 'version', '{name,price_cents,description}');
SELECT vend.update_if('public.product', 1, 7, '{"name": "vase", "price_cents": 120}');
SELECT vend.update_if('public.product', '1', 8, '{"description": null, "stock": 3}'), vend.update_if('public.product', 1::bigint, 8, '{"stock": 4}');
SELECT name, price_cents, description, stock, version FROM public.product WHERE id = 1;
CREATE TABLE public.person (email varchar(20) PRIMARY KEY, "Full Name" varchar(5), born date, tags text[], about jsonb, size numeric(4,1), version int NOT NULL DEFAULT 1, nick text GENERATED ALWAYS AS (lower("Full Name")) STORED);
INSERT INTO public.person (email, "Full Name") VALUES ('a@b', 'Ann'), ('b@b', 'Bob');
SELECT vend.guard_version('public.person', 'version', '{"Full Name",born,tags,about}', 'next');
SELECT vend.update_if('public.person', 'a@b', 1, '{"Full Name": "Anna", "born": "2001-02-03", "tags": ["x", "y"], "about": {"k": [1]}, "size": 1.25}');
SELECT vend.update_if('public.person', 'a@b'::varchar, 2, '{"size": "3"}');
TABLE public.person;
SELECT s AS call, pg_temp.hears('SELECT vend.update_if(' || s || ')') FROM unnest(ARRAY[
    '''public.person'', ''a@b'', 2, ''{"size": 1}''', '''public.person'', ''c@b'', 1, ''{"size": 1}''', '''public.person'', ''a@b'', 3, ''{"Full Name": "Annabel"}''', '''public.person'', ''a@b'', 3, ''{"born": "soon"}''', '''public.person'', ''a@b'', 3, ''{"nick": "x"}''', '''public.person'', ''a@b'', 3, ''{"full name": "x"}''',
    '''public.person'', ''a@b'', 3, ''{"ctid": "(0,1)"}''', '''public.person'', ''a@b'', 3, ''{"version": 9}''', '''public.person'', ''a@b'', 3, ''{"email": "x"}''', '''public.person'', ''a@b'', 3, ''{}''', '''public.person'', ''a@b'', 3, ''[1]''', '''public.person'', ''a@b'', 3, ''"x"''', '''public.person'', ''a@b'', 3, ''null''',
    '''public.person'', ''a@b'', 4294967296, ''{"size": 1}''', '''public.person'', ''a@b'', 2147483647, ''{"size": 1}''', '''public.product'', ''one'', 1, ''{"name": "x"}''', '''public.product'', 1, 9, ''{"name": {"a": 1}}''', '0, 1, 9, ''{"name": "x"}''', '''pg_class'', 1, 9, ''{"relname": "x"}''', '''pg_stat_activity'', 1, 9, ''{"pid": 1}'''])
    WITH ORDINALITY u (s, n) ORDER BY n;
-- The error has a hint.
SELECT vend.update_if('public.person', 'c@b', 1, '{"size": 1}');
DROP TABLE public.product, public.page, public.small, public.plain, public.large, public.person;
