-- Aim: each argument that is a relation, a type or a role, given as 0, as an oid that means nothing, and as everything of the kind that
-- there is: what it cannot be is told by an error with a code, never by an internal one, and nothing is taken for NULL.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('x', item_key_type => 0::regtype);
CREATE SCHEMA kind;
SET search_path = kind, public;
CREATE TYPE kind.shell;
CREATE TYPE kind.pair AS (a int, b int);
CREATE TYPE kind.color AS ENUM ('red');
CREATE DOMAIN kind.name_of AS text CHECK (VALUE <> '');
CREATE DOMAIN kind.number AS bigint;
CREATE TYPE kind.span AS RANGE (SUBTYPE = bigint);
CREATE TABLE kind.tab (id int PRIMARY KEY, version bigint NOT NULL DEFAULT 1, stock bigint NOT NULL DEFAULT 1, balance bigint NOT NULL DEFAULT 1);
CREATE TABLE kind.keyless (id int, version bigint, stock bigint, balance bigint);
CREATE TABLE kind.empty ();
CREATE TABLE kind.parent (id int PRIMARY KEY, version bigint NOT NULL, stock bigint NOT NULL, balance bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE kind.child PARTITION OF kind.parent FOR VALUES FROM (1) TO (9);
CREATE TEMP TABLE scratch (id int PRIMARY KEY, version bigint NOT NULL, stock bigint NOT NULL, balance bigint NOT NULL);
CREATE UNLOGGED TABLE kind.unlogged (id int PRIMARY KEY, version bigint NOT NULL, stock bigint NOT NULL, balance bigint NOT NULL);
CREATE VIEW kind.show AS SELECT * FROM kind.tab;
CREATE MATERIALIZED VIEW kind.kept AS SELECT * FROM kind.tab;
CREATE SEQUENCE kind.seq;
CREATE FOREIGN DATA WRAPPER kind_fdw;
CREATE SERVER kind_server FOREIGN DATA WRAPPER kind_fdw;
CREATE FOREIGN TABLE kind.far (id int, version bigint, stock bigint, balance bigint) SERVER kind_server;
CREATE TABLE kind.gone (id int);
CREATE TYPE kind.gone_type AS ENUM ('a');
CREATE ROLE regress_vend_gone;
CREATE TABLE kind.dropped AS SELECT 'kind.gone'::regclass::oid AS relation, 'kind.gone_type'::regtype::oid AS type, 'regress_vend_gone'::regrole::oid AS role;
DROP TABLE kind.gone;
DROP TYPE kind.gone_type;
DROP ROLE regress_vend_gone;
CREATE ROLE regress_vend_role;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 5, 50);

CREATE TABLE kind.value (kind text, name text, value oid);
INSERT INTO kind.value SELECT k, '0', 0 FROM unnest('{regclass,regtype,regrole}'::text[]) k;
INSERT INTO kind.value SELECT k, '4294967295', 4294967295 FROM unnest('{regclass,regtype,regrole}'::text[]) k;
INSERT INTO kind.value SELECT 'regclass', 'dropped', relation FROM kind.dropped UNION ALL SELECT 'regtype', 'dropped', type FROM kind.dropped UNION ALL SELECT 'regrole', 'dropped', role FROM kind.dropped;
INSERT INTO kind.value SELECT 'regclass', CASE WHEN relname ~ '^pg_toast_\d' THEN 'a toast table' ELSE relname END, oid FROM pg_class
    WHERE relnamespace = 'kind'::regnamespace AND relname NOT IN ('value', 'dropped') OR oid IN ('pg_class'::regclass, 'pg_stat_activity'::regclass, 'vend.store'::regclass, 'scratch'::regclass, 'shop.item'::regclass, 'shop.ledger'::regclass, 'shop.role'::regclass, 'shop.stock_delta'::regclass, (SELECT reltoastrelid FROM pg_class WHERE oid = 'shop.item'::regclass));
INSERT INTO kind.value SELECT 'regtype', CASE WHEN typnamespace = 'pg_catalog'::regnamespace THEN 'pg_catalog: ' || typtype::text ELSE typname END, oid FROM pg_type
    WHERE typnamespace IN ('pg_catalog'::regnamespace, 'kind'::regnamespace) AND oid < 16384 OR typnamespace = 'kind'::regnamespace AND typname IN ('shell', 'pair', 'color', 'name_of', 'number', 'span', 'span_multirange', 'tab', '_tab', '_color', '_pair');
INSERT INTO kind.value SELECT 'regrole', rolname, oid FROM pg_roles WHERE rolname IN ('pg_read_all_data', 'regress_vend_role');

CREATE FUNCTION kind.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
    RETURN 'done';
WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
-- These are all functions of vend that have such an argument; their other arguments are valid.
CREATE TABLE kind.call (n int GENERATED ALWAYS AS IDENTITY, function text, argument text, kind text, statement text);
INSERT INTO kind.call (function, argument, kind, statement) VALUES
    ('create_store', 'item_key_type', 'regtype', $$vend.create_store('new', item_key_type => %L::oid::regtype)$$),
    ('create_store', 'wallet_key_type', 'regtype', $$vend.create_store('new', wallet_key_type => %L::oid::regtype)$$),
    ('attach_store', 'items', 'regclass', $$vend.attach_store('new', %L::oid::regclass, 'id')$$),
    ('attach_store', 'wallets', 'regclass', $$vend.attach_store('new', 'kind.tab', wallets => %L::oid::regclass, wallet_key => 'id', balance => 'balance')$$),
    ('attach_store', 'wallet_key_type', 'regtype', $$vend.attach_store('new', 'kind.tab', wallet_key_type => %L::oid::regtype)$$),
    ('reattach_store', 'items', 'regclass', $$vend.reattach_store('shop', items => %L::oid::regclass)$$),
    ('reattach_store', 'wallets', 'regclass', $$vend.reattach_store('shop', wallets => %L::oid::regclass)$$),
    ('grant_role', 'role', 'regrole', $$vend.grant_role('buyer', %L::oid::regrole)$$),
    ('revoke_role', 'role', 'regrole', $$vend.revoke_role('buyer', %L::oid::regrole)$$),
    ('guard_version', 'relation', 'regclass', $$vend.guard_version(%L::oid::regclass, 'version', '{stock}')$$),
    ('unguard_version', 'relation', 'regclass', $$vend.unguard_version(%L::oid::regclass)$$),
    ('update_if', 'relation', 'regclass', $$vend.update_if(%L::oid::regclass, 1, 1, '{"stock": 2}')$$);
-- The list is complete.
SELECT DISTINCT p.proname, n.name, n.type::regtype FROM pg_proc p, unnest(proargnames, proargtypes::oid[]) n (name, type)
    WHERE pronamespace = 'vend'::regnamespace AND n.type IN ('regclass'::regtype, 'regtype'::regtype, 'regrole'::regtype, 'oid'::regtype, 'regproc'::regtype, 'regnamespace'::regtype)
        AND NOT EXISTS (SELECT FROM kind.call c WHERE c.function = p.proname AND c.argument = n.name AND c.kind::regtype = n.type);
SELECT c.function, c.argument, kind.told(format('SELECT ' || c.statement, v.value)) AS answer, string_agg(DISTINCT v.name, ', ' ORDER BY v.name)
    FROM kind.call c JOIN kind.value v USING (kind) GROUP BY c.n, c.function, c.argument, 3 ORDER BY c.n, 3;
-- A key type that was accepted can be sold by, even a domain.
CREATE FUNCTION kind.sold(type regtype, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM vend.attach_store('new', 'kind.tab', wallet_key_type => type);
    INSERT INTO kind.tab (id, stock) VALUES (1, 9);
    EXECUTE format('SELECT status || '' '' || buyer FROM vend.try_purchase(1, %L, unit_price => 1, store => ''new'')', key) INTO answer;
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
    RETURN answer;
END
$$;
SELECT kind.sold('color', 'red'), kind.sold('number', '7'), kind.sold('name_of', 'ann'), kind.sold('varchar', 'ann'), kind.sold('uuid', '00000000-0000-0000-0000-00000000000a');
SELECT vend.detach_store('shop');
SET client_min_messages = error;
DROP SCHEMA kind, shop CASCADE;
DROP FOREIGN DATA WRAPPER kind_fdw CASCADE;
DROP TABLE scratch;
DROP ROLE regress_vend_role;
