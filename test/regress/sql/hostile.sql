-- Aim: a search_path in which every operator and function that SQL of ours could mean is somebody else's and raises an error:
-- no function of vend, no journal and no audit runs one of them. And names that try to be SQL: of stores, roles and keys.
-- Section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE SCHEMA evil;
CREATE FUNCTION evil.caught(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil % was called', what; END $$;
DO $$
DECLARE
    t text;
    u text;
    o text;
    f text;
BEGIN
    -- These are the binary operators of these types, among each other where one of both is a number.
    FOREACH t IN ARRAY ARRAY['bigint', 'integer', 'numeric', 'text', 'uuid', 'boolean', 'timestamptz', 'oid', 'name', 'smallint'] LOOP
        FOREACH u IN ARRAY ARRAY['bigint', 'integer', 'numeric', 'text', 'uuid', 'boolean', 'timestamptz', 'oid', 'name', 'smallint'] LOOP
            FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '/', '||', '~'] LOOP
                CONTINUE WHEN t <> u AND NOT (ARRAY[t, u] <@ ARRAY['bigint', 'integer', 'numeric', 'smallint']);
                f := format('op_%s_%s_%s', t, u, ascii(o) * 1000 + ascii(substr(o, 2)));
                EXECUTE format('CREATE FUNCTION evil.%I(a %s, b %s) RETURNS boolean LANGUAGE sql AS %L', f, t, u, format('SELECT evil.caught(%L)', format('%s %s %s', t, o, u)));
                EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.%I)', o, t, u, f);
            END LOOP;
        END LOOP;
    END LOOP;
    FOREACH t IN ARRAY ARRAY['bigint', 'integer', 'numeric'] LOOP
        EXECUTE format('CREATE FUNCTION evil.%I(a %s) RETURNS %2$s LANGUAGE sql AS %L', 'minus_' || t, t, format('SELECT evil.caught(%L)::int', 'minus ' || t));
        EXECUTE format('CREATE OPERATOR evil.- (RIGHTARG = %s, FUNCTION = evil.%I)', t, 'minus_' || t);
        EXECUTE format('CREATE FUNCTION evil.abs(a %s) RETURNS %1$s LANGUAGE sql AS %L', t, 'SELECT evil.caught(''abs'')::int');
        EXECUTE format('CREATE FUNCTION evil.%I(s %s, a %2$s) RETURNS %2$s LANGUAGE sql AS %L', 'sum_' || t, t, 'SELECT evil.caught(''sum'')::int');
        EXECUTE format('CREATE AGGREGATE evil.sum(%s) (SFUNC = evil.%I, STYPE = %1$s, INITCOND = ''0'')', t, 'sum_' || t);
        EXECUTE format('CREATE FUNCTION evil.text(a %s) RETURNS text LANGUAGE sql AS %L', t, 'SELECT evil.caught(''text'')::text');
    END LOOP;
    FOREACH f IN ARRAY ARRAY['lower', 'upper', 'quote_ident', 'quote_literal', 'to_regclass', 'btrim', 'format', 'length'] LOOP
        EXECUTE format('CREATE FUNCTION evil.%I(a text) RETURNS text LANGUAGE sql AS %L', f, format('SELECT evil.caught(%L)::text', f));
    END LOOP;
    EXECUTE 'CREATE FUNCTION evil.format(a text, VARIADIC b text[]) RETURNS text LANGUAGE sql AS $f$SELECT evil.caught(''format'')::text$f$';
    FOREACH f IN ARRAY ARRAY['now', 'clock_timestamp', 'transaction_timestamp', 'statement_timestamp'] LOOP
        EXECUTE format('CREATE FUNCTION evil.%I() RETURNS timestamptz LANGUAGE plpgsql AS %L', f, format('BEGIN PERFORM evil.caught(%L); RETURN NULL; END', f));
    END LOOP;
    EXECUTE 'CREATE FUNCTION evil.uuid_v7() RETURNS uuid LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.caught(''uuid_v7''); RETURN NULL; END$f$';
    EXECUTE 'CREATE FUNCTION evil.journal() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.caught(''journal''); RETURN NULL; END$f$';
    EXECUTE 'CREATE FUNCTION evil.append_only() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.caught(''append_only''); RETURN NULL; END$f$';
END
$$;
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE DOMAIN evil.uuid AS pg_catalog.int4;
CREATE DOMAIN evil.int4 AS pg_catalog.bool;
CREATE DOMAIN evil.int8 AS pg_catalog.int4;
CREATE DOMAIN evil."numeric" AS pg_catalog.int4;
CREATE DOMAIN evil.timestamptz AS pg_catalog.int4;
CREATE DOMAIN evil.regclass AS pg_catalog.int4;
CREATE TABLE evil.store (LIKE vend.store);
CREATE TABLE evil.item (id pg_catalog.text PRIMARY KEY, price pg_catalog.int8, stock pg_catalog.int8);
CREATE TABLE evil.wallet (id pg_catalog.text PRIMARY KEY, balance pg_catalog.int8);
CREATE TABLE evil.ledger (id pg_catalog.uuid, kind pg_catalog.text);
CREATE VIEW evil.role AS SELECT true AS buyer;
CREATE ROLE regress_vend_owner;
CREATE ROLE "regress_vend ""x""; DROP ROLE regress_vend_owner; --";
CREATE ROLE "regress_vend_$1%s";
GRANT ALL ON SCHEMA evil TO PUBLIC;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;

SET ROLE regress_vend_owner;
SET search_path = evil, vend, pg_catalog, pg_temp;
-- The operator is found by its search_path, and fails.
SELECT 1::bigint = 1::bigint;
SELECT now();
-- Each function is called under it: a store is made, sold from, refunded, given rights, audited and bound again.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50), ('vase', 30, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 5000);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 3, vend.id_from('sale'), max_price => 100, expected_version => 1);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 3, vend.id_from('sale'));
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'pessimistic', nowait => true);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'optimistic');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 99, vend.id_from('late'), remember => true);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 99, vend.id_from('late'));
SET vend.lock_timeout = 50;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
RESET vend.lock_timeout;
SELECT balance FROM vend.deposit('alpha', 5, vend.id_from('deposit'));
SELECT replayed FROM vend.deposit('alpha', 5, vend.id_from('deposit'));
SELECT balance FROM vend.withdraw('alpha', 5);
SELECT status, balance FROM vend.try_withdraw('alpha', 99999);
SELECT balance FROM vend.transfer('alpha', 'beta', 5, vend.id_from('transfer'));
SELECT status FROM vend.try_transfer('alpha', 'beta', 5, vend.id_from('transfer'));
SELECT stock, balance FROM vend.refund(vend.id_from('sale'), 1, vend.id_from('refund'));
SELECT status FROM vend.try_refund(vend.id_from('sale'), 1, vend.id_from('refund'));
SELECT status FROM vend.try_refund(vend.id_from('sale'), 9);
SELECT stock FROM vend.restock('lamp', 5);
SELECT vend.grant_role('auditor', '"regress_vend_$1%s"'), vend.revoke_role('auditor', '"regress_vend_$1%s"');
UPDATE shop.item SET price = 90, stock = 40 WHERE id OPERATOR(pg_catalog.=) 'vase';
UPDATE shop.wallet SET id = 'omega' WHERE id OPERATOR(pg_catalog.=) 'beta';
DELETE FROM shop.item WHERE id OPERATOR(pg_catalog.=) 'vase';
TRUNCATE shop.wallet;
SELECT finding FROM vend.audit();
ALTER TABLE shop.item DISABLE TRIGGER USER;
INSERT INTO shop.item (id, price, stock) VALUES ('bowl', 1, 1);
ALTER TABLE shop.item ENABLE TRIGGER USER;
SELECT finding, key FROM vend.audit();
SELECT vend.detach_store('shop');
SELECT vend.create_store('shop');
SELECT finding FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('numbers', 'bigint', 'pg_catalog.uuid', money_type => 'pg_catalog.numeric(12,2)', direct_writes => 'refuse');
INSERT INTO numbers.item (id, price) VALUES (1, 1.5);
INSERT INTO numbers.wallet (id) VALUES ('00000000-0000-0000-0000-000000000007');
SELECT stock FROM vend.restock(1, 5);
SELECT balance FROM vend.deposit('00000000-0000-0000-0000-000000000007', 10.25);
SELECT status, amount, balance FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007', 2, vend.id_from('sale'));
SELECT amount, balance FROM vend.refund(vend.id_from('sale'));
SELECT finding FROM vend.audit();
SELECT vend.detach_store('numbers');
DROP SCHEMA numbers CASCADE;
RESET search_path;

-- Some names try to be SQL: of a store, of roles, of keys.
SELECT vend.create_store('a"; DROP TABLE b; --');
INSERT INTO "a""; DROP TABLE b; --".item (id, price, stock) VALUES ('''; DROP TABLE x; --', 10, 50), (E'%s %n\n\\ "', 1, 5);
INSERT INTO "a""; DROP TABLE b; --".wallet (id, balance) VALUES ('$1', 500), (E'a''b"c\n', 500);
SELECT status, item, buyer FROM vend.try_purchase('''; DROP TABLE x; --', '$1', 2, vend.id_from('sale'));
SELECT item, wallet, stock FROM vend.refund(vend.id_from('sale'), 1);
SELECT wallet, payee, balance FROM vend.transfer('$1', E'a''b"c\n', 5);
SELECT status, detail FROM vend.try_transfer('$1', '%s%n', 5);
SELECT item FROM vend.purchase(E'%s %n\n\\ "', '$1', 9);
\echo :SQLSTATE
SELECT wallet FROM vend.withdraw('%n%n%s', 9);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('x', 'y', lock_mode => '%s%n');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('x', 'y', store => '%s%n');
\echo :SQLSTATE
SELECT vend.grant_role('buyer', '"regress_vend ""x""; DROP ROLE regress_vend_owner; --"'), vend.grant_role('cashier', '"regress_vend_$1%s"');
SELECT vend.grant_role('buyer) ON vend.store TO PUBLIC; --', '"regress_vend_$1%s"');
\echo :SQLSTATE
SET ROLE "regress_vend ""x""; DROP ROLE regress_vend_owner; --";
SELECT status FROM vend.try_purchase('''; DROP TABLE x; --', '$1');
SELECT balance FROM vend.deposit('$1', 1);
\echo :SQLSTATE
SET ROLE "regress_vend_$1%s";
SELECT balance FROM vend.deposit('$1', 1);
SET ROLE regress_vend_owner;
SELECT vend.revoke_role('buyer', '"regress_vend ""x""; DROP ROLE regress_vend_owner; --"'), vend.revoke_role('cashier', '"regress_vend_$1%s"');
SET ROLE "regress_vend_$1%s";
SELECT balance FROM vend.deposit('$1', 1);
\echo :SQLSTATE
SET ROLE regress_vend_owner;
-- A key is too long for an index.
SELECT status FROM vend.try_purchase(repeat('x', 100000), '$1');
SELECT length(detail) FROM vend.try_withdraw(repeat('x', 100000), 1);
\set VERBOSITY sqlstate
SELECT status FROM vend.try_purchase((SELECT string_agg(n::text, '') FROM generate_series(1, 20000) n), '$1', 1, vend.id_from('long'), remember => true);
\set VERBOSITY default
SELECT * FROM vend.audit();
SELECT vend.detach_store('a"; DROP TABLE b; --');
DROP SCHEMA "a""; DROP TABLE b; --" CASCADE;
RESET ROLE;
DROP SCHEMA evil CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner, "regress_vend ""x""; DROP ROLE regress_vend_owner; --", "regress_vend_$1%s";
