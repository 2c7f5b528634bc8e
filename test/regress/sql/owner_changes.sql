-- Aim: the owner of a store changes or goes: REASSIGN OWNED, DROP OWNED, DROP ROLE, ALTER ... OWNER. Tables, views, rights and registry
-- come out usable, also in a session that has used the store before, or the error says what to do.
-- Guarantee: G8, section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_alice;
CREATE ROLE regress_vend_bob;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_auditor;
CREATE ROLE regress_vend_stranger;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_alice, regress_vend_bob', current_database()); END $$;
CREATE SCHEMA data AUTHORIZATION regress_vend_auditor;
GRANT USAGE, CREATE ON SCHEMA data TO regress_vend_alice;
SET ROLE regress_vend_alice;
SELECT vend.create_store('shop');
CREATE TABLE data.ware (id int PRIMARY KEY, stock int NOT NULL, price int NOT NULL, mode text);
CREATE TABLE data.person (id int PRIMARY KEY, balance int NOT NULL);
SELECT vend.attach_store('kiosk', 'data.ware', price => 'price', wallets => 'data.person', balance => 'balance', lock_mode => 'mode');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('1', 1, 100, 'escrow');
INSERT INTO shop.wallet VALUES ('1', 100);
INSERT INTO data.ware VALUES (1, 100, 1, NULL);
INSERT INTO data.person VALUES (1, 100);
SELECT s, vend.grant_role('buyer', 'regress_vend_buyer', s), vend.grant_role('auditor', 'regress_vend_auditor', s) FROM unnest(ARRAY['shop', 'kiosk']) s;
RESET ROLE;

-- The function shows what each store does for a buyer, an auditor and the current owner.
CREATE FUNCTION pg_temp.works(store text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text := '';
    statement text;
    role text;
    got text;
    detail text;
    hint text;
BEGIN
    FOR role, statement IN VALUES ('regress_vend_buyer', 'SELECT status FROM vend.try_purchase(''1'', ''1'', store => %L)'), ('regress_vend_auditor', 'SELECT count(*) || '' findings'' FROM vend.audit(%L)'),
            ((SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass(store || '.role')), 'SELECT concat_ws('' '', kind, vend.settle(%1$L), vend.grant_role(''cashier'', ''regress_vend_auditor'', %1$L), vend.revoke_role(''cashier'', ''regress_vend_auditor'', %1$L)) FROM vend.restock(''1'', 1, store => %1$L)') LOOP
        BEGIN
            EXECUTE 'SET LOCAL ROLE ' || role;
            EXECUTE format(statement, store) INTO got;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            got := concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
        END;
        RESET ROLE;
        answers := answers || format(E'\n  %s: %s', replace(role, 'regress_vend_', ''), got);
    END LOOP;
    RETURN store || ':' || answers;
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.works(s) FROM unnest(ARRAY['shop', 'kiosk']) s;

\echo REASSIGN OWNED: all of it belongs to another role, who may not use the schema that the tables are in.
REASSIGN OWNED BY regress_vend_alice TO regress_vend_bob;
SELECT pg_temp.works(s) FROM unnest(ARRAY['shop', 'kiosk']) s;
GRANT USAGE ON SCHEMA data TO regress_vend_bob;
SELECT pg_temp.works('kiosk');
SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ', ') FROM pg_class WHERE relnamespace IN ('shop'::regnamespace, 'kiosk'::regnamespace) AND relkind IN ('r', 'v');
SELECT DISTINCT creator FROM vend.store;

\echo Whoever has gone can be dropped; what he was allowed goes with him.
DROP OWNED BY regress_vend_alice;
DROP ROLE regress_vend_alice;
SELECT pg_temp.works(s) FROM unnest(ARRAY['shop', 'kiosk']) s;
DROP OWNED BY regress_vend_buyer;
SELECT pg_temp.works('shop');
SET ROLE regress_vend_bob;
SELECT vend.grant_role('buyer', 'regress_vend_buyer', 'shop');
SELECT vend.reattach_store('kiosk', price => 'price');
RESET ROLE;
SELECT pg_temp.works('shop');

\echo One table of another owner, one view, the schema.
ALTER TABLE shop.ledger OWNER TO regress_vend_stranger;
SELECT pg_temp.works('shop');
ALTER TABLE shop.ledger OWNER TO regress_vend_bob;
ALTER VIEW shop.role OWNER TO regress_vend_stranger;
SELECT pg_temp.works('shop');
ALTER VIEW shop.role OWNER TO regress_vend_bob;
ALTER VIEW shop.holding OWNER TO regress_vend_stranger;
SELECT pg_temp.works('shop');
ALTER VIEW shop.holding OWNER TO regress_vend_bob;
ALTER SCHEMA shop OWNER TO regress_vend_stranger;
SELECT pg_temp.works('shop');
ALTER SCHEMA shop OWNER TO regress_vend_bob;
SELECT pg_temp.works('shop');

\echo Privileges that the owner has taken from himself.
REVOKE SELECT ON shop.ledger FROM regress_vend_bob;
SELECT pg_temp.works('shop');
GRANT SELECT ON shop.ledger TO regress_vend_bob;
REVOKE SELECT ON shop.stock_delta FROM regress_vend_bob;
SELECT pg_temp.works('shop');
GRANT SELECT ON shop.stock_delta TO regress_vend_bob;
REVOKE SELECT (balance), UPDATE ON shop.wallet FROM regress_vend_bob;
SELECT pg_temp.works('shop');
GRANT UPDATE ON shop.wallet TO regress_vend_bob;
SELECT pg_temp.works('shop');

\echo DROP OWNED takes the tables, and leaves the names of the stores to those who made them or own the database.
DROP OWNED BY regress_vend_bob CASCADE;
SELECT name FROM vend.store ORDER BY name;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_bob', current_database()); END $$;
SET ROLE regress_vend_buyer;
SELECT status FROM vend.try_purchase('1', '1', store => 'shop');
SELECT vend.detach_store('shop');
SET ROLE regress_vend_bob;
SELECT vend.create_store('shop');
-- (The owner has bound it again.)
SELECT vend.detach_store('kiosk');
RESET ROLE;
SELECT vend.detach_store('shop');
SET ROLE regress_vend_bob;
SELECT vend.create_store('shop');
RESET ROLE;
SELECT name, creator FROM vend.store;
DROP OWNED BY regress_vend_bob CASCADE;
SET ROLE regress_vend_bob;
SELECT vend.detach_store('shop');
RESET ROLE;
DROP OWNED BY regress_vend_bob, regress_vend_buyer, regress_vend_auditor, regress_vend_stranger;
DROP ROLE regress_vend_bob, regress_vend_buyer, regress_vend_auditor, regress_vend_stranger;
SELECT count(*) FROM vend.store;
ALTER EVENT TRIGGER vend_migration ENABLE;
