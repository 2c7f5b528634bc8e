-- Aim: who calls with another role than the owner's runs the owner's triggers, and the owner's triggers run with the owner's
-- rights. Neither gets at the other: not through the search_path, not through settings, not through what is put off to COMMIT.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_writer;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_writer', current_database()); END $$;

SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 5, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
GRANT USAGE ON SCHEMA shop TO regress_vend_writer;
GRANT SELECT, INSERT, UPDATE ON shop.item TO regress_vend_writer;
-- The trigger is harmless, but it trusts the search_path.
CREATE TABLE shop.log (line text);
CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO shop.log VALUES (lower(NEW.kind)); RETURN NULL; END $$;
CREATE TRIGGER log AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log();
RESET ROLE;

-- The writer's own lower() waits in his search_path.
SET ROLE regress_vend_writer;
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN 'trapped as ' || current_user; END $$;
SET search_path = trap, pg_catalog;
UPDATE shop.item SET stock = stock + 1;
UPDATE shop.item SET price = price + 1;
RESET search_path;
RESET ROLE;
SELECT DISTINCT line FROM shop.log;

-- The owner's trigger leaves no setting in the caller's session.
SET ROLE regress_vend_owner;
CREATE OR REPLACE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_catalog.set_config('search_path', 'owned', false); RETURN NULL; END $$;
RESET ROLE;
SHOW search_path;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SHOW search_path;

-- Nor does it queue, by way of a table that is none of the store's, what would run at COMMIT as the caller.
SET ROLE regress_vend_owner;
CREATE TABLE shop.other (x int);
CREATE FUNCTION shop.later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE WARNING 'run as owner: %', current_user = 'regress_vend_owner'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON shop.other DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION shop.later();
CREATE OR REPLACE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO shop.other VALUES (1); RETURN NULL; END $$;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
RESET ROLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
RESET ROLE;
DROP SCHEMA trap CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner, regress_vend_writer', current_database()); END $$;
DROP ROLE regress_vend_owner, regress_vend_writer;
