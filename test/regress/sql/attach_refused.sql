-- Aim: what attach_store() refuses, each with its message, detail and hint, and that nothing has changed.
-- Section "What can be bound" of docs/existing-tables.md; G3 (nothing has changed), G6 (nothing is bound that cannot be counted).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_other', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO regress_vend_owner, regress_vend_other;
SET ROLE regress_vend_owner;
CREATE TABLE goods (id text PRIMARY KEY, ean integer UNIQUE, maker text, part text, stock bigint NOT NULL, price integer NOT NULL, fine numeric(8,3), half real, doubt double precision, loose numeric, long numeric(19,2), whole numeric(10,2) NOT NULL DEFAULT 0,
    tax integer GENERATED ALWAYS AS (price / 5) STORED, serial bigint GENERATED ALWAYS AS IDENTITY, day date UNIQUE, letter char(5) UNIQUE, late integer UNIQUE DEFERRABLE, worth money, amounts int[], note text, short varchar(4), UNIQUE (maker, part));
CREATE TABLE people (id bigint PRIMARY KEY, balance bigint NOT NULL, credit numeric(10,2) NOT NULL DEFAULT 0);
INSERT INTO goods (id, ean, stock, price) VALUES ('lamp', 1, 5, 100), ('vase', 2, 3, 30);
INSERT INTO people VALUES (1, 1000), (2, 0);
-- The function shows the answer to a call after a preparation, and undoes both.
CREATE FUNCTION hears(preparation text, arguments text, store text DEFAULT 'shop') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := (SELECT concat_ws(' ', (SELECT count(*) FROM vend.store), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_namespace)));
    answer text;
    detail text;
    hint text;
BEGIN
    BEGIN
        EXECUTE preparation;
        EXECUTE format('SELECT vend.attach_store(%L, %s)', store, arguments);
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        answer := 'allowed';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        answer := regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, '')), 'pg_temp_\d+', 'pg_temp');
    END;
    IF before <> (SELECT concat_ws(' ', (SELECT count(*) FROM vend.store), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_namespace))) THEN answer := 'something was changed: ' || answer; END IF;
    RETURN answer;
END
$$;
\pset format unaligned
\pset tuples_only on
\pset recordsep '\n\n'
\pset fieldsep '\n'
-- (These tables can be attached.)
SELECT hears('SELECT', a) FROM unnest(ARRAY['''goods''', '''goods'', ''ean'', ''whole'', ''price'', ''people'', ''id'', ''balance''', '''goods'', price => ''price'', wallets => ''people'', balance => ''credit''', '''goods'', price => ''fine'', money_type => ''numeric(12,3)''']) a;

-- No store can sell from these relations.
CREATE VIEW seen AS SELECT * FROM goods;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM goods;
CREATE TEMP TABLE fleeting (LIKE goods INCLUDING ALL);
CREATE UNLOGGED TABLE unlogged (LIKE goods INCLUDING ALL);
CREATE SEQUENCE numbers;
CREATE TABLE parent (LIKE goods INCLUDING ALL);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (goods);
SELECT p || '  ' || a AS call, hears(p, a) FROM (VALUES
    (1, 'SELECT', '''seen'', ''id'''), (2, 'SELECT', '''kept'', ''id'''), (3, 'SELECT', '''fleeting'''), (4, 'SELECT', '''unlogged'''), (5, 'SELECT', '''numbers'', ''last_value'''), (6, 'SELECT', '''goods_pkey'', ''id'''),
    (7, 'SELECT', '''parent'''), (8, 'SELECT', '''goods'''), (9, 'SELECT', '''nowhere'''), (10, 'SELECT', '''pg_class'''), (11, 'SELECT', '''vend.store'''), (12, 'SELECT', '0'), (13, 'SELECT', '''child'''),
    (14, 'DROP TABLE heir', '''goods'', wallets => ''seen'', wallet_key => ''id'', balance => ''stock''')) v (n, p, a) ORDER BY n;
DROP TABLE heir;
RESET ROLE;
CREATE FOREIGN DATA WRAPPER regress_vend_wrapper;
CREATE SERVER regress_vend_server FOREIGN DATA WRAPPER regress_vend_wrapper;
CREATE FOREIGN TABLE far (id text, stock bigint) SERVER regress_vend_server;
ALTER FOREIGN TABLE far OWNER TO regress_vend_owner;
SET ROLE regress_vend_owner;
SELECT hears('SELECT', '''far'', ''id''');

-- Some keys cannot be used.
SELECT p || '  ' || a AS call, hears(p, a) FROM (VALUES
    (1, 'ALTER TABLE goods DROP CONSTRAINT goods_pkey', '''goods'''),
    (2, 'ALTER TABLE goods DROP CONSTRAINT goods_pkey, ADD PRIMARY KEY (id, stock)', '''goods'''),
    (3, 'SELECT', '''goods'', ''maker'''), (4, 'SELECT', '''goods'', ''part'''), (5, 'SELECT', '''goods'', ''note'''), (6, 'SELECT', '''goods'', ''late'''), (7, 'SELECT', '''goods'', ''day'''), (8, 'SELECT', '''goods'', ''letter'''),
    (9, 'SELECT', '''goods'', ''ghost'''), (10, 'SELECT', '''goods'', ''ctid'''), (11, 'SELECT', '''goods'', ''"id"'''),
    (12, 'CREATE UNIQUE INDEX ON goods (note) WHERE note IS NOT NULL', '''goods'', ''note'''), (13, 'CREATE UNIQUE INDEX ON goods (lower(note))', '''goods'', ''note'''), (14, 'CREATE UNIQUE INDEX ON goods (note) INCLUDE (stock); UPDATE goods SET note = id', '''goods'', ''note'''),
    (15, 'CREATE UNIQUE INDEX ON goods (note COLLATE "C"); UPDATE goods SET note = id', '''goods'', ''note'''),
    (16, 'UPDATE goods SET ean = NULL WHERE id = ''lamp''', '''goods'', ''ean'''),
    (17, 'CREATE UNIQUE INDEX ON goods (note); UPDATE goods SET note = id', '''goods'', ''note'''),
    (18, 'ALTER TABLE people DROP CONSTRAINT people_pkey', '''goods'', wallets => ''people'', balance => ''balance'''),
    (19, 'SELECT', '''goods'', wallets => ''people'', wallet_key => ''balance'', balance => ''balance''')) v (n, p, a) ORDER BY n;

-- Some figures cannot be used: for their types, their decimals, or their values.
SELECT p || '  ' || a AS call, hears(p, a) FROM (VALUES
    (1, 'SELECT', '''goods'', stock => ''half'''), (2, 'SELECT', '''goods'', stock => ''doubt'''), (3, 'SELECT', '''goods'', stock => ''loose'''), (4, 'SELECT', '''goods'', stock => ''long'''), (5, 'SELECT', '''goods'', stock => ''worth'''), (6, 'SELECT', '''goods'', stock => ''amounts'''),
    (7, 'SELECT', '''goods'', stock => ''tax'''), (8, 'SELECT', '''goods'', stock => ''serial'''), (9, 'SELECT', '''goods'', stock => ''ghost'''), (31, 'SELECT', '''goods'', stock_version => ''ghost'''), (32, 'SELECT', '''goods'', version => ''ghost'''), (33, 'SELECT', '''goods'', lock_mode => ''ghost'''), (10, 'SELECT', '''goods'', stock => '''''), (11, 'SELECT', '''goods'', stock => NULL'),
    (12, 'SELECT', '''goods'', price => ''loose'''), (13, 'SELECT', '''goods'', price => ''half'''), (14, 'SELECT', '''goods'', price => ''ghost'''), (15, 'SELECT', '''goods'', price => ''fine'', wallets => ''people'', balance => ''credit'''),
    (16, 'SELECT', '''goods'', price => ''price'', money_type => ''real'''), (29, 'SELECT', '''goods'', money_type => ''bigint); DROP TABLE people; --'''), (30, 'SELECT', '''goods'', money_type => ''integer'''), (17, 'SELECT', '''goods'', price => ''fine'', money_type => ''numeric(12,2)'''), (18, 'SELECT', '''goods'', wallets => ''people'', balance => ''balance'', money_type => ''numeric(12,2)'''),
    (19, 'ALTER TABLE people ALTER credit TYPE numeric', '''goods'', wallets => ''people'', balance => ''credit'''), (20, 'SELECT', '''goods'', wallets => ''people'', balance => ''ghost'''),
    (21, 'ALTER TABLE people ADD twice bigint GENERATED ALWAYS AS (balance * 2) STORED', '''goods'', wallets => ''people'', balance => ''twice'''),
    (22, 'UPDATE goods SET stock = -1 WHERE id = ''vase''', '''goods'''), (23, 'UPDATE goods SET whole = 1.5 WHERE id = ''vase''', '''goods'', stock => ''whole'''), (24, 'UPDATE goods SET whole = ''NaN'' WHERE id = ''lamp''', '''goods'', stock => ''whole'''),
    (25, 'ALTER TABLE goods ALTER stock DROP NOT NULL; UPDATE goods SET stock = NULL WHERE id = ''lamp''', '''goods'''),
    (26, 'UPDATE people SET balance = -1 WHERE id = 2', '''goods'', wallets => ''people'', balance => ''balance'''), (27, 'UPDATE people SET credit = ''NaN'' WHERE id = 2', '''goods'', wallets => ''people'', balance => ''credit'''),
    (28, 'ALTER TABLE people ALTER balance DROP NOT NULL; UPDATE people SET balance = NULL WHERE id = 1', '''goods'', wallets => ''people'', balance => ''balance''')) v (n, p, a) ORDER BY n;

-- Some optional columns cannot be used.
SELECT p || '  ' || a AS call, hears(p, a) FROM (VALUES
    (1, 'SELECT', '''goods'', stock_version => ''stock_version'''), (2, 'SELECT', '''goods'', version => ''version'''), (3, 'SELECT', '''goods'', lock_mode => ''lock_mode'''),
    (4, 'SELECT', '''goods'', stock_version => ''note'', add_columns => true'), (5, 'SELECT', '''goods'', version => ''tax'''), (6, 'SELECT', '''goods'', lock_mode => ''short'''), (7, 'SELECT', '''goods'', lock_mode => ''price'''),
    (8, 'CREATE TYPE mode AS ENUM (''atomic'', ''escrow''); ALTER TABLE goods ADD mode mode', '''goods'', lock_mode => ''mode'''),
    (9, 'SELECT', '''goods'', stock_version => ''v'', version => ''v'', add_columns => true'), (10, 'SELECT', '''goods'', price => ''stock'''), (11, 'SELECT', '''goods'', stock_version => ''stock'''), (12, 'SELECT', '''goods'', ''ean'', ''ean'''), (13, 'SELECT', '''goods'', wallets => ''people'', wallet_key => ''id'', balance => ''id''')) v (n, p, a) ORDER BY n;

-- The two tables must be different, have one owner, and belong to no other store.
SELECT vend.create_store('mall');
CREATE TABLE shelf (id text PRIMARY KEY, stock int NOT NULL);
SELECT vend.attach_store('stand', 'shelf');
SELECT p || '  ' || a AS call, hears(p, a) FROM (VALUES
    (1, 'SELECT', '''goods'', wallets => ''people'''), (2, 'SELECT', '''goods'', balance => ''balance'''), (3, 'SELECT', '''goods'', wallet_key => ''id'''), (4, 'SELECT', '''goods'', wallets => ''goods'', balance => ''price'''),
    (5, 'SELECT', '''mall.item'''), (6, 'SELECT', '''mall.ledger'', ''id'', ''qty'''), (7, 'SELECT', '''shelf'''), (8, 'SELECT', '''goods'', wallets => ''mall.wallet'', balance => ''balance'''), (9, 'SELECT', '''mall.stock_delta'', ''item'', ''qty'''), (10, 'SELECT', '''goods'', wallets => ''shelf'', balance => ''stock'''),
    (13, 'SELECT', '''goods'', wallets => ''people'', balance => ''balance'', wallet_key_type => ''text'''), (14, 'SELECT', '''goods'', wallet_key_type => ''real'''), (15, 'SELECT', '''goods'', wallet_key_type => ''date'''), (16, 'SELECT', '''goods'', wallet_key_type => ''integer''')) v (n, p, a) ORDER BY n;
SELECT hears('SELECT', '''goods''', 'stand'), hears('SELECT', '''goods''', 'mall');
SELECT vend.detach_store('stand');
DROP TABLE shelf;

-- Virtual columns, which come with 18, are refused: a sale reads rows as they are stored.
SELECT current_setting('server_version_num')::int < 180000 OR bool_and(answer ~ '^55000 .*"computed" of table "public.goods" is virtual.*\nBind a column that is stored.$') FROM (SELECT hears('ALTER TABLE goods ADD COLUMN computed integer GENERATED ALWAYS AS (price * 2) VIRTUAL', '''goods'', ' || a) FROM unnest(ARRAY['price => ''computed''', 'stock => ''computed''', 'version => ''computed''']) a) h (answer);

-- Some names and words cannot be used.
SELECT n AS name, hears('SELECT', '''goods''', n) FROM unnest(ARRAY['vend', 'pg_shop', 'pg_catalog', 'information_schema', '', repeat('x', 64)]) n;
SELECT a AS call, hears('SELECT', '''goods'', direct_writes => ' || a) FROM unnest(ARRAY['''maybe''', 'NULL']) a;
-- The schema may have relations of these names, if they are not in the way.
SELECT p AS call, hears('CREATE SCHEMA shop; ' || p, '''goods''') FROM unnest(ARRAY['CREATE TABLE shop.ledger (id int)', 'CREATE TABLE shop.stock_delta (item text)', 'CREATE TABLE shop.stock_delta (item int, qty bigint)', 'CREATE VIEW shop.role AS SELECT 1 AS x', 'CREATE TABLE shop.holding ()', 'CREATE TABLE shop.item ()', 'CREATE TABLE shop.ledger (item text, wallet text, amount int)']) p;

-- The owner may have triggers.
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT hears(p, '''goods''') = 'allowed' OR (hears(p, '''goods''') ~ 'has a deferrable trigger' AND current_setting('server_version_num')::int < 180000) FROM unnest(ARRAY['CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON goods DEFERRABLE FOR EACH ROW EXECUTE FUNCTION later()']) p;
SELECT hears('CREATE TRIGGER vend_journal AFTER UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION later()', '''goods''');

-- The caller must own the tables and the schema, or be allowed to make one.
ALTER TABLE people OWNER TO regress_vend_owner;
SET ROLE regress_vend_other;
CREATE TABLE mine (id text PRIMARY KEY, stock int NOT NULL);
CREATE TABLE wallets (id text PRIMARY KEY, balance int NOT NULL);
CREATE SCHEMA theirs;
GRANT ALL ON SCHEMA theirs TO regress_vend_owner;
SELECT a AS call, hears('SELECT', a) FROM unnest(ARRAY['''goods''', '''mine'', wallets => ''people'', balance => ''balance''']) a;
SET ROLE regress_vend_owner;
SELECT hears('SELECT', '''goods''', 'theirs');
RESET ROLE;
SELECT hears('SELECT', '''goods'', wallets => ''wallets'', balance => ''balance''');
-- A superuser may attach, but not in a schema whose owner could replace what is in it.
SELECT hears('SELECT', '''goods''', 'theirs');
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_other', current_database()); END $$;
SET ROLE regress_vend_other;
SELECT regexp_replace(hears('SELECT', '''mine'''), 'database .*', 'database');
SELECT hears('SELECT', '''mine''', 'theirs');
RESET ROLE;

\pset format aligned
\pset tuples_only off
\pset recordsep '\n'
\pset fieldsep '|'
-- The refused calls leave nothing.
SELECT name FROM vend.store;
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'vend%' AND tgrelid IN ('goods'::regclass, 'people'::regclass, 'mine'::regclass);
SELECT vend.detach_store('mall');
SET client_min_messages = error;
DROP FOREIGN DATA WRAPPER regress_vend_wrapper CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP OWNED BY regress_vend_owner, regress_vend_other CASCADE;
DROP ROLE regress_vend_owner, regress_vend_other;
