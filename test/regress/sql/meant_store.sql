-- Aim: which store a call means that names none, in a session that has been told before: whatever changes who can use which store
-- changes the answer at once, and the stores of others cost nothing: the registry is not read again for each call.
-- Guarantee: section "Binding"; G8.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_mallory;
CREATE ROLE regress_vend_team;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_mallory', current_database()); END $$;
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 1000);
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
SET ROLE regress_vend_mallory;
SELECT count(*) AS stores FROM generate_series(1, 20) n, vend.create_store('m' || n, wallets => false);
RESET ROLE;
INSERT INTO m1.item (id, price, stock) VALUES ('lamp', 100, 1000);
INSERT INTO m2.item (id, price, stock) VALUES ('lamp', 200, 1000);

-- The function shows the answers to the buyer and then to another role after a change, in this session, which got another answer before.
CREATE FUNCTION told(change text DEFAULT 'SELECT') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text[];
    role text;
    got text;
    detail text;
BEGIN
    EXECUTE change;
    FOREACH role IN ARRAY ARRAY['regress_vend_buyer', 'regress_vend_other'] LOOP
        BEGIN
            EXECUTE 'SET LOCAL ROLE ' || role;
            SELECT unit_price INTO got FROM vend.try_purchase('lamp', 'x');
            got := CASE got WHEN '1' THEN 'shop' WHEN '100' THEN 'm1' WHEN '200' THEN 'm2' ELSE got END;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
            got := SQLSTATE || CASE WHEN detail = '' THEN '' ELSE ' ' || detail END;
        END;
        RESET ROLE;
        answers := answers || got;
    END LOOP;
    RETURN array_to_string(answers, ' | ');
END
$$;
CREATE FUNCTION pg_temp.changes() RETURNS SETOF text LANGUAGE sql AS $$
    VALUES ('SELECT vend.grant_role(''auditor'', ''regress_vend_buyer'', ''m1'')'), ('SELECT vend.revoke_role(''auditor'', ''regress_vend_buyer'', ''m1'')'),
           ('GRANT SELECT (operator) ON m1.role TO PUBLIC'), ('REVOKE SELECT (operator) ON m1.role FROM PUBLIC'), ('GRANT SELECT ON m1.role TO PUBLIC'), ('REVOKE SELECT ON m1.role FROM PUBLIC'),
           ('SELECT vend.grant_role(''buyer'', ''regress_vend_team'', ''m1'')'), ('GRANT regress_vend_team TO regress_vend_buyer, regress_vend_other'),
           ('REVOKE regress_vend_team FROM regress_vend_buyer'),
           ('ALTER VIEW m1.role RENAME TO rights'), ('ALTER VIEW m1.rights RENAME TO role'), ('ALTER SCHEMA m1 RENAME TO away'), ('ALTER SCHEMA away RENAME TO m1'),
           ('ALTER SCHEMA m1 RENAME TO away; ALTER SCHEMA m2 RENAME TO m1'), ('ALTER SCHEMA m1 RENAME TO m2; ALTER SCHEMA away RENAME TO m1'),
           ('ALTER ROLE regress_vend_other SUPERUSER'), ('ALTER ROLE regress_vend_other NOSUPERUSER'),
           ('ALTER ROLE regress_vend_team RENAME TO regress_vend_crew'), ('ALTER ROLE regress_vend_crew RENAME TO regress_vend_team'),
           ('GRANT regress_vend_mallory TO regress_vend_buyer'), ('REVOKE regress_vend_mallory FROM regress_vend_buyer'),
           ('ALTER VIEW m2.role OWNER TO regress_vend_buyer'), ('ALTER VIEW m2.role OWNER TO regress_vend_mallory'),
           ('SET vend.default_store = ''m2'''), ('RESET vend.default_store'),
           ('UPDATE vend.store SET name = ''m'' WHERE name = ''m1'''), ('UPDATE vend.store SET name = ''m1'' WHERE name = ''m'''),
           ('UPDATE vend.store SET role = ''m2.role'' WHERE name = ''m1'''), ('UPDATE vend.store SET role = ''"m1"."role"'' WHERE name = ''m1'''),
           ('SELECT vend.detach_store(''m1'')'), ('SELECT vend.create_store(''m1'', wallets => false)'), ('DROP VIEW m1.role'), ('CREATE VIEW m1.role AS SELECT true AS buyer, true AS cashier, true AS operator, true AS auditor'),
           ('ALTER VIEW m1.role OWNER TO regress_vend_mallory; GRANT SELECT (buyer) ON m1.role TO regress_vend_team')
$$;
SELECT told();
SELECT c AS change, told(c) AS "buyer | other" FROM pg_temp.changes() c;
-- Whoever has the rights of the owner of the database has them for as long.
SELECT told('SELECT vend.grant_role(''buyer'', ''pg_database_owner'', ''m2'')');
SELECT current_database() AS db, current_user AS usr \gset
ALTER DATABASE :"db" OWNER TO regress_vend_buyer;
SELECT told();
ALTER DATABASE :"db" OWNER TO :"usr";
SELECT told();
SELECT told('SELECT vend.revoke_role(''buyer'', ''pg_database_owner'', ''m2'')');

-- A change that is rolled back, whole or in part, has changed nothing.
BEGIN;
SELECT told('SELECT vend.grant_role(''buyer'', ''regress_vend_buyer'', ''m2'')');
SAVEPOINT one;
SELECT told('SELECT vend.revoke_role(''buyer'', ''regress_vend_buyer'', ''m2'')');
ROLLBACK TO one;
SELECT told();
ROLLBACK;
SELECT told();
BEGIN;
SELECT told('GRANT regress_vend_mallory TO regress_vend_other');
ROLLBACK;
SELECT told();
BEGIN;
SELECT told('TRUNCATE vend.store');
ROLLBACK;
SELECT told();

-- The user is the one at the call: of a function that is called with its owner's rights, of many users one after the other.
CREATE FUNCTION as_other() RETURNS numeric LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT unit_price FROM vend.try_purchase('lamp', 'x') $$;
ALTER FUNCTION as_other() OWNER TO regress_vend_other;
SET ROLE regress_vend_buyer;
SELECT unit_price, as_other() FROM vend.try_purchase('lamp', 'x');
SELECT unit_price, as_other() FROM vend.try_purchase('lamp', 'x');
RESET ROLE;
CREATE FUNCTION pg_temp.many() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text := '';
BEGIN
    FOR i IN 1..40 LOOP
        EXECUTE format('CREATE ROLE regress_vend_many%s IN ROLE regress_vend_team', i);
        IF i % 3 = 0 THEN EXECUTE format('REVOKE regress_vend_team FROM regress_vend_many%s', i); PERFORM vend.grant_role('buyer', ('regress_vend_many' || i)::regrole, 'm2'); END IF;
    END LOOP;
    FOR turn IN 1..2 LOOP
        FOR i IN 1..40 LOOP
            EXECUTE format('SET LOCAL ROLE regress_vend_many%s', i);
            answers := answers || (SELECT left(unit_price::text, 1) FROM vend.try_purchase('lamp', 'x'));
            RESET ROLE;
        END LOOP;
    END LOOP;
    FOR i IN 1..40 LOOP
        EXECUTE format('DROP OWNED BY regress_vend_many%s; DROP ROLE regress_vend_many%1$s', i);
    END LOOP;
    RETURN answers;
END
$$;
SELECT pg_temp.many();

-- The stores of others are not looked at again for each call, nor when a relation changes that belongs to no store.
CREATE FUNCTION pg_temp.scans() RETURNS bigint LANGUAGE sql AS $$ SELECT pg_stat_get_xact_numscans('vend.store'::regclass) $$;
BEGIN;
SET LOCAL ROLE regress_vend_buyer;
SELECT unit_price FROM vend.try_purchase('lamp', 'x');
SELECT pg_temp.scans() AS before \gset
SELECT count(*) AS sold FROM generate_series(1, 10) n, LATERAL vend.try_purchase('lamp', 'x' || n);
SELECT pg_temp.scans() - :before AS scans;
-- (For another user the answer comes from what is known of the stores.)
SET LOCAL ROLE regress_vend_other;
SELECT unit_price FROM vend.try_purchase('lamp', 'x');
SELECT pg_temp.scans() - :before AS scans;
RESET ROLE;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.other (n) AS SELECT 1;
ANALYZE elsewhere.other;
ALTER TABLE elsewhere.other RENAME TO another;
CREATE ROLE regress_vend_new;
GRANT SELECT ON elsewhere.another TO regress_vend_new;
SET LOCAL ROLE regress_vend_buyer;
SELECT unit_price FROM vend.try_purchase('lamp', 'x');
SELECT pg_temp.scans() - :before AS scans;
-- (A new store is a change: then they are looked at once.)
SET LOCAL ROLE regress_vend_mallory;
SELECT vend.create_store('m21', wallets => false);
SELECT pg_temp.scans() AS before \gset
SET LOCAL ROLE regress_vend_buyer;
SELECT count(*) AS sold FROM generate_series(1, 10) n, LATERAL vend.try_purchase('lamp', 'x' || n);
SELECT pg_temp.scans() - :before AS scans;
ROLLBACK;
SELECT told();

-- A store is resolved again when its own row, relations or schemas have changed, not those of others. (To resolve one is to look at
-- its triggers.)
CREATE FUNCTION pg_temp.resolved(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    before bigint;
BEGIN
    PERFORM vend.try_purchase('lamp', 'x', store => 'shop');
    EXECUTE change;
    PERFORM FROM vend.store; -- which has triggers too
    before := pg_stat_get_xact_numscans('pg_trigger_tgrelid_tgname_index'::regclass);
    BEGIN
        SELECT status INTO answer FROM vend.try_purchase('lamp', 'x', store => 'shop');
    EXCEPTION WHEN OTHERS THEN answer := SQLSTATE;
    END;
    RETURN answer || CASE WHEN pg_stat_get_xact_numscans('pg_trigger_tgrelid_tgname_index'::regclass) > before THEN ', resolved again' ELSE '' END;
END
$$;
SELECT c AS change, pg_temp.resolved(c) FROM unnest(ARRAY['SELECT vend.create_store(''m22'', wallets => false)', 'UPDATE vend.store SET buyers = ''any'' WHERE name = ''m3''', 'UPDATE vend.store SET buyers = ''any'' WHERE name = ''shop''', 'SELECT vend.detach_store(''m22'')',
    'ALTER SCHEMA m22 RENAME TO m23', 'DROP SCHEMA m23 CASCADE', 'ALTER TABLE m3.item ADD x int', 'SELECT vend.grant_role(''buyer'', ''regress_vend_team'', ''m3'')', 'CREATE TEMP TABLE t ()']) c;
SELECT c AS change, pg_temp.resolved(c) FROM unnest(ARRAY['ALTER TABLE shop.item ADD x int', 'UPDATE vend.store SET version = NULL WHERE name = ''shop''', 'UPDATE vend.store SET price = NULL WHERE name = ''shop''']) c;
UPDATE vend.store SET price = 'price', version = 'version' WHERE name = 'shop';
SELECT pg_temp.resolved('ALTER SCHEMA shop RENAME TO away');
ALTER SCHEMA away RENAME TO shop;
SELECT pg_temp.resolved('ALTER SCHEMA shop RENAME TO away; ALTER SCHEMA m3 RENAME TO shop');
ALTER SCHEMA shop RENAME TO m3;
ALTER SCHEMA away RENAME TO shop;

-- If there is one store, everybody's call means that store.
SELECT count(*) FROM vend.store s, vend.detach_store(s.name) WHERE s.name <> 'shop';
SELECT told();
SELECT told('SELECT vend.detach_store(''shop'')');
DO $$ BEGIN FOR i IN 1..20 LOOP EXECUTE format('DROP SCHEMA m%s CASCADE', i); END LOOP; END $$;
DROP SCHEMA shop CASCADE;
DROP FUNCTION told, as_other;
DROP OWNED BY regress_vend_mallory, regress_vend_team, regress_vend_buyer, regress_vend_other;
DROP ROLE regress_vend_mallory, regress_vend_team, regress_vend_buyer, regress_vend_other;
ALTER EVENT TRIGGER vend_migration ENABLE;
