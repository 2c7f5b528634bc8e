-- Aim: a role that ends the binding of another owner's store runs nothing of that owner's with its own rights.
-- Section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
CREATE FUNCTION shop.runs() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'runs as %', current_user; RETURN false; END $$;
DROP TABLE shop.stock_delta;
CREATE VIEW shop.stock_delta (item, qty, claimed) AS SELECT 'a' COLLATE "C", 1::bigint, 1::bigint WHERE shop.runs();
RESET ROLE;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_vend_owner;
DROP ROLE regress_vend_owner;
ALTER EVENT TRIGGER vend_migration ENABLE;
