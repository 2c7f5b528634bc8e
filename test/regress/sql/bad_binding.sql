-- Aim: a store whose tables the owner has changed so that they no longer uphold it is a clear fault, in a session that has
-- used it before as well; what the owner mends works again. Nobody else can take its name.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_stranger;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_stranger', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 5, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- A column has nulls, where the engine needs a value.
ALTER TABLE shop.item ALTER price DROP NOT NULL;
UPDATE shop.item SET price = NULL;
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'optimistic');
\echo :SQLSTATE
UPDATE shop.item SET price = 5;
ALTER TABLE shop.wallet ALTER balance DROP NOT NULL;
UPDATE shop.wallet SET balance = NULL;
\echo :SQLSTATE
ALTER TABLE shop.wallet DISABLE TRIGGER ALL;
UPDATE shop.wallet SET balance = NULL;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.wallet ENABLE TRIGGER ALL;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.audit();
ALTER TABLE shop.wallet DISABLE TRIGGER ALL;
UPDATE shop.wallet SET balance = 995;
ALTER TABLE shop.wallet ENABLE TRIGGER ALL;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- Columns get another type, or are gone.
ALTER TABLE shop.item ALTER stock TYPE numeric;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item ALTER stock TYPE bigint;
ALTER TABLE shop.item RENAME stock TO units;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item RENAME units TO stock;
ALTER TABLE shop.ledger ALTER amount TYPE numeric(14,4);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.ledger ALTER amount TYPE numeric(12,2);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- Another table takes the place of the items.
ALTER TABLE shop.item RENAME TO item_old;
CREATE TABLE shop.item (LIKE shop.item_old INCLUDING ALL);
INSERT INTO shop.item VALUES ('lamp', 1, 1000);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TABLE shop.item;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item_old RENAME TO item;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- Another schema takes the place of the store's, though no table of the store was touched.
ALTER SCHEMA shop RENAME TO shop_old;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id text, price bigint, stock bigint, stock_version bigint, version bigint, lock_mode text);
INSERT INTO shop.item VALUES ('lamp', 1, 1000, 0, 1);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP SCHEMA shop CASCADE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
-- Meanwhile the name stays with its owner.
SET ROLE regress_vend_stranger;
SELECT vend.create_store('shop');
\echo :SQLSTATE
SELECT vend.detach_store('shop');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
ALTER SCHEMA shop_old RENAME TO shop;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- A table gets another owner, and a table becomes unlogged.
RESET ROLE;
ALTER TABLE shop.wallet OWNER TO regress_vend_stranger;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.wallet OWNER TO regress_vend_owner;
SET ROLE regress_vend_owner;
ALTER TABLE shop.ledger SET UNLOGGED;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.ledger SET LOGGED;

-- Triggers of pg_vend are disabled, or gone.
ALTER TABLE shop.item DISABLE TRIGGER vend_journal;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item ENABLE TRIGGER vend_journal;
ALTER TABLE shop.ledger DISABLE TRIGGER vend_append_only;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.ledger ENABLE TRIGGER vend_append_only;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- A second journal would count everything twice.
CREATE TRIGGER again AFTER INSERT OR UPDATE OR DELETE ON shop.item FOR EACH ROW EXECUTE FUNCTION vend.journal('shop');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER again ON shop.item;
-- The trigger of the registry is for the registry.
CREATE TRIGGER changed AFTER INSERT ON shop.ledger EXECUTE FUNCTION vend.registry_changed();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER changed ON shop.ledger;

-- Keys are not unique, or not at once.
ALTER TABLE shop.item DROP CONSTRAINT item_pkey;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
CREATE UNIQUE INDEX ON shop.item (id) WHERE stock > 0;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP INDEX shop.item_id_idx;
ALTER TABLE shop.item ADD PRIMARY KEY (id);
ALTER TABLE shop.ledger DROP CONSTRAINT ledger_pkey;
ALTER TABLE shop.ledger ADD COLUMN seq bigserial PRIMARY KEY;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.ledger DROP COLUMN seq, ADD PRIMARY KEY (id, line) DEFERRABLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.ledger DROP CONSTRAINT ledger_pkey, ADD PRIMARY KEY (id, line);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- A child table is refused: its rows would be seen, its writes not journalled.
CREATE TABLE shop.child () INHERITS (shop.item);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TABLE shop.child;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- Figures get below zero, once their checks are dropped.
ALTER TABLE shop.item DROP CONSTRAINT item_price_check, DROP CONSTRAINT item_stock_check;
UPDATE shop.item SET price = -1;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
UPDATE shop.item SET price = 5, stock = stock - 1000;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.audit();
UPDATE shop.item SET stock = stock + 1000;
ALTER TABLE shop.item ADD CONSTRAINT item_price_check CHECK (price >= 0), ADD CONSTRAINT item_stock_check CHECK (stock >= 0);

-- A deferrable trigger of the owner is refused: it would run when somebody else commits, until 17 with that role's rights.
CREATE FUNCTION shop.later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON shop.ledger DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION shop.later();
DO $$
DECLARE
    answer text;
    is_before_18 boolean := current_setting('server_version_num')::int < 180000;
BEGIN
    PERFORM vend.try_purchase('lamp', 'alpha');
    RAISE 'sold'; -- and undone
EXCEPTION WHEN object_not_in_prerequisite_state OR raise_exception THEN
    GET STACKED DIAGNOSTICS answer = PG_EXCEPTION_DETAIL;
    ASSERT CASE WHEN is_before_18 THEN answer ~ '^Table shop.ledger has a deferrable trigger, ' ELSE SQLERRM = 'sold' END, SQLERRM;
END $$;
DROP TRIGGER later ON shop.ledger;

-- A trigger of the owner changes the tables in the middle of a call.
CREATE FUNCTION shop.alter_ledger() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN ALTER TABLE shop.ledger ALTER amount TYPE numeric; RETURN NULL; END';
CREATE TRIGGER alter_ledger AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.alter_ledger();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
CREATE OR REPLACE FUNCTION shop.alter_ledger() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN ALTER TABLE shop.ledger ALTER amount TYPE bigint; RETURN NULL; END';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
-- Renaming is not ALTER TABLE to PostgreSQL: another table takes the ledger's name.
CREATE OR REPLACE FUNCTION shop.alter_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE shop.ledger RENAME TO ledger_of_old;
    CREATE TABLE shop.ledger (LIKE shop.ledger_of_old INCLUDING ALL);
    RETURN NULL;
END $$;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER alter_ledger ON shop.wallet;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit();

-- The tables go without detach_store(): the role that made the store may make it again.
DROP SCHEMA shop CASCADE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SET ROLE regress_vend_stranger;
SELECT vend.detach_store('shop');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner, regress_vend_stranger', current_database()); END $$;
DROP ROLE regress_vend_owner, regress_vend_stranger;
ALTER EVENT TRIGGER vend_migration ENABLE;
