-- Aim: what CREATE EXTENSION makes, who may make it, and what DROP EXTENSION leaves.
-- Guarantee: G8 (the tables are yours and survive DROP EXTENSION, which needs no CASCADE).
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- This belongs to the extension. Later releases also count the types that come with others: of
-- arrays, and of a table's rows.
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, i.type, i.schema, i.identity
FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_vend')
  AND NOT (d.classid = 'pg_type'::regclass AND d.objid IN
      (SELECT t.oid FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typcategory = 'A' OR c.relkind <> 'c'));
SELECT type, count(*) FROM member GROUP BY type ORDER BY type COLLATE "C";

-- None of the objects is outside the schema vend, except the event trigger, which has no schema.
SELECT type, identity FROM member WHERE schema IS DISTINCT FROM 'vend' AND identity <> 'vend';

-- Each of them has a comment, and so have the columns of the registry and its triggers.
SELECT type, identity FROM member WHERE obj_description(objid, classid::regclass::name) IS NULL;
SELECT attname FROM pg_attribute
WHERE attrelid = 'vend.store'::regclass AND attnum > 0 AND NOT attisdropped
  AND col_description(attrelid, attnum) IS NULL;
SELECT tgname FROM pg_trigger
WHERE tgrelid = 'vend.store'::regclass AND NOT tgisinternal
  AND obj_description(oid, 'pg_trigger') IS NULL;

-- No function runs with its owner's rights, and none that sells is marked safe for parallel workers.
SELECT proname, count(*) AS forms, bool_or(prosecdef) AS definer, string_agg(DISTINCT provolatile::text, '') AS volatile,
       string_agg(DISTINCT proparallel::text, '') AS parallel, bool_or(proisstrict) AS strict
FROM pg_proc WHERE pronamespace = 'vend'::regnamespace GROUP BY proname ORDER BY proname COLLATE "C";

-- The version is the control file's, the extension is trusted and fixed to its schemas.
SELECT x.extversion = a.default_version AS is_default, v.trusted, v.superuser, x.extrelocatable, x.extconfig = ARRAY['vend.store'::regclass]::oid[] AS dumps_registry
FROM pg_extension x
JOIN pg_available_extensions a ON a.name = x.extname
JOIN pg_available_extension_versions v ON v.name = x.extname AND v.version = x.extversion
WHERE x.extname = 'pg_vend';

-- Everybody may look at the registry, nobody but its owner may write it.
SELECT has_schema_privilege('public', 'vend', 'USAGE') AS usage, has_schema_privilege('public', 'vend', 'CREATE') AS create,
       has_table_privilege('public', 'vend.store', 'SELECT') AS read,
       has_table_privilege('public', 'vend.store', 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') AS write;

-- DROP EXTENSION needs no CASCADE: the tables, their rows and constraints stay, the triggers go.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT item, qty, balance FROM vend.purchase('lamp', 'alpha', 2);
DROP EXTENSION pg_vend;
SELECT nspname FROM pg_namespace WHERE nspname = 'vend';
SELECT id, price, stock FROM shop.item;
SELECT id, balance FROM shop.wallet;
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY kind, item;
TABLE shop.holding;
SELECT count(*) AS triggers FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal;
UPDATE shop.item SET stock = 4;
UPDATE shop.item SET stock = -1;
\echo :SQLSTATE

-- A new extension knows nothing of them until they are bound again (see rebind).
CREATE EXTENSION pg_vend;
SELECT count(*) FROM vend.store;
SELECT * FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP SCHEMA shop CASCADE;

-- A session drops the extension and makes it again: no binding is stale.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 7, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT item, qty, amount, balance FROM vend.purchase('lamp', 'alpha', 2);
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP EXTENSION pg_vend;

-- The extension does not install into a schema of that name that exists.
CREATE SCHEMA vend;
CREATE EXTENSION pg_vend;
\echo :SQLSTATE
DROP SCHEMA vend;

-- The extension is trusted: a role that may create in the database may install it and sell, and needs no superuser.
CREATE ROLE regress_vend_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 7, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT item, qty, amount, balance FROM vend.purchase('lamp', 'alpha', 2);
SELECT * FROM vend.audit();
UPDATE vend.store SET item = 'pg_catalog.pg_class';
\echo :SQLSTATE
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP EXTENSION pg_vend;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner;
CREATE EXTENSION pg_vend;
