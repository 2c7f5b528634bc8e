-- Aim: a session keeps its plans, prepared statements and PL/pgSQL functions, and the store under them changes: columns,
-- types of keys and money, names of table, column, schema and role, the store itself dropped and made again, the extension
-- too; plans, settings, search_path and role are discarded and changed. Each call works on what is there now, or says why not.
-- Guarantees: G3, G6, G8.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
-- These keep plans of their own, outside of the store's schema.
CREATE SCHEMA calls;
GRANT ALL ON SCHEMA calls TO PUBLIC;
CREATE FUNCTION calls.by_plpgsql(i text, w text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    SELECT * INTO r FROM vend.purchase(i, w);
    RETURN concat_ws(' ', r.item, r.buyer, r.amount, r.balance);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
CREATE FUNCTION calls.by_sql(i text, w text) RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', status, amount, balance) FROM vend.try_purchase(i, w) $$;
CREATE FUNCTION calls.typed(i bigint, w bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    o vend.outcome;
BEGIN
    SELECT * INTO o FROM vend.try_purchase(i, w);
    RETURN concat_ws(' ', o.status, o.amount, o.balance);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('1', 30, 500);
INSERT INTO shop.wallet (id, balance) VALUES ('7', 100000);
PREPARE buy AS SELECT status, item, amount, balance FROM vend.try_purchase('1', '7');
PREPARE buy_any AS SELECT status, item, amount, balance FROM vend.try_purchase($1, $2, $3);
PREPARE buy_typed (bigint, bigint) AS SELECT status, item, amount, balance FROM vend.try_purchase($1, $2);
PREPARE book AS SELECT kind, balance FROM vend.deposit('7', 10);
PREPARE audit AS SELECT finding, key FROM vend.audit('shop');
-- The statement runs more than five times, after which PostgreSQL may keep one plan for all parameters.
DO $$ BEGIN FOR i IN 1 .. 7 LOOP PERFORM calls.by_plpgsql('1', '7'), calls.typed(1, 7), calls.by_sql('1', '7'); END LOOP; END $$;
EXECUTE buy_any('1', '7', 1);
EXECUTE buy_any('1', '7', 2);
EXECUTE buy_any('1', '7', 3);
EXECUTE buy_any('1', '7', 4);
EXECUTE buy_any('1', '7', 5);
EXECUTE buy_any('1', '7', 6);
EXECUTE buy;
EXECUTE buy_typed(1, 7);
EXECUTE book;

-- Plans and settings are thrown away; the search_path changes.
DISCARD PLANS;
EXECUTE buy;
DISCARD TEMP;
DISCARD SEQUENCES;
RESET ALL;
SET client_min_messages = warning;
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7');
SET search_path = nowhere;
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7');
SET search_path = shop, vend, calls;
EXECUTE buy;
SELECT by_plpgsql('1', '7');
BEGIN;
SET LOCAL search_path = pg_catalog;
EXECUTE buy;
SAVEPOINT one;
SET LOCAL search_path = public;
EXECUTE buy;
ROLLBACK TO one;
EXECUTE buy;
COMMIT;
RESET search_path;
SET plan_cache_mode = force_custom_plan;
EXECUTE buy_any('1', '7', 1);
SET plan_cache_mode = force_generic_plan;
EXECUTE buy_any('1', '7', 1);
RESET plan_cache_mode;
-- A planner that is told to scan the whole table finds one row all the same.
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
DISCARD PLANS;
EXECUTE buy;
RESET enable_indexscan;
RESET enable_indexonlyscan;

-- The session takes another role, and goes back; a right is given and taken between two calls.
SET ROLE regress_vend_buyer;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7');
SET ROLE regress_vend_owner;
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
SET ROLE regress_vend_buyer;
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7');
EXECUTE book;
\echo :SQLSTATE
EXECUTE audit;
\echo :SQLSTATE
RESET ROLE;
EXECUTE buy;
SET SESSION AUTHORIZATION regress_vend_buyer;
EXECUTE buy;
SELECT current_user, session_user;
SET SESSION AUTHORIZATION DEFAULT;
SET SESSION AUTHORIZATION regress_vend_owner;
SELECT vend.revoke_role('buyer', 'regress_vend_buyer');
RESET SESSION AUTHORIZATION;
SET ROLE regress_vend_buyer;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7');

-- ALTER TABLE meets kept plans: columns come, go and change places; an index is made again; the table is rewritten.
SET ROLE regress_vend_owner;
ALTER TABLE shop.item ADD COLUMN a int DEFAULT 1, ADD COLUMN b text, ADD COLUMN c numeric DEFAULT random();
EXECUTE buy;
ALTER TABLE shop.item DROP COLUMN a, DROP COLUMN b;
EXECUTE buy;
ALTER TABLE shop.wallet ADD COLUMN name text DEFAULT 'x';
EXECUTE buy;
ALTER TABLE shop.ledger ADD COLUMN note text DEFAULT 'x';
EXECUTE buy;
ALTER TABLE shop.item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (id);
EXECUTE buy;
ALTER TABLE shop.item DROP COLUMN price, ADD COLUMN price bigint NOT NULL DEFAULT 20 CHECK (price >= 0);
EXECUTE buy;
ALTER TABLE shop.item ALTER COLUMN stock TYPE int;
EXECUTE buy;
ALTER TABLE shop.item ALTER COLUMN stock TYPE real;
EXECUTE buy;
\echo :SQLSTATE
ALTER TABLE shop.item ALTER COLUMN stock TYPE bigint;
EXECUTE buy;
CLUSTER shop.item USING item_pkey;
EXECUTE buy;
REINDEX TABLE shop.ledger;
EXECUTE buy;
-- The same happens in one transaction, which is undone.
BEGIN;
EXECUTE buy;
ALTER TABLE shop.item ADD COLUMN d int, DROP COLUMN c;
EXECUTE buy;
SAVEPOINT one;
ALTER TABLE shop.item RENAME COLUMN stock TO units;
EXECUTE buy;
\echo :SQLSTATE
ROLLBACK TO one;
EXECUTE buy;
ROLLBACK;
EXECUTE buy;
EXECUTE audit;

-- A column, a table, the schema and the owner get other names.
ALTER TABLE shop.wallet RENAME COLUMN balance TO coins;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7');
ALTER TABLE shop.wallet RENAME COLUMN coins TO balance;
EXECUTE buy;
ALTER TABLE shop.ledger RENAME TO books;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.typed(1, 7);
ALTER TABLE shop.books RENAME TO ledger;
SELECT calls.typed(1, 7);
ALTER VIEW shop.role RENAME TO rights;
EXECUTE buy;
\echo :SQLSTATE
ALTER VIEW shop.rights RENAME TO role;
ALTER SCHEMA shop RENAME TO mall;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7');
ALTER SCHEMA mall RENAME TO shop;
EXECUTE buy;
RESET ROLE;
ALTER ROLE regress_vend_owner RENAME TO regress_vend_renamed;
EXECUTE buy;
SET ROLE regress_vend_renamed;
EXECUTE buy;
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
RESET ROLE;
ALTER ROLE regress_vend_buyer RENAME TO regress_vend_customer;
SET ROLE regress_vend_customer;
EXECUTE buy;
RESET ROLE;
ALTER ROLE regress_vend_customer RENAME TO regress_vend_buyer;
ALTER ROLE regress_vend_renamed RENAME TO regress_vend_owner;
-- One table after the other gets another owner.
BEGIN;
ALTER TABLE shop.item OWNER TO regress_vend_buyer;
SAVEPOINT one;
EXECUTE buy;
\echo :SQLSTATE
ROLLBACK TO one;
ALTER TABLE shop.wallet OWNER TO regress_vend_buyer;
ALTER TABLE shop.ledger OWNER TO regress_vend_buyer;
ALTER TABLE shop.stock_delta OWNER TO regress_vend_buyer;
ALTER TABLE shop.key_era OWNER TO regress_vend_buyer;
ALTER VIEW shop.role OWNER TO regress_vend_buyer;
SAVEPOINT one;
EXECUTE buy;
\echo :SQLSTATE
ROLLBACK TO one;
GRANT USAGE ON SCHEMA shop TO regress_vend_buyer;
EXECUTE buy;
SET LOCAL ROLE regress_vend_buyer;
EXECUTE buy;
ROLLBACK;
EXECUTE buy;
EXECUTE audit;

-- The store is dropped and made again: with other types of keys and money, without wallets, without prices, and as at first.
SET ROLE regress_vend_owner;
DROP SCHEMA shop CASCADE;
EXECUTE buy;
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7'), calls.typed(1, 7);
SELECT vend.create_store('shop', 'bigint', 'bigint', money_type => 'numeric(8,3)');
INSERT INTO shop.item (id, price, stock) VALUES (1, 30.5, 500);
INSERT INTO shop.wallet (id, balance) VALUES (7, 10000);
EXECUTE buy;
EXECUTE buy_any('01', ' 7', 2);
EXECUTE buy_typed(1, 7);
EXECUTE buy_any('lamp', '7', 1);
\echo :SQLSTATE
SELECT calls.by_plpgsql('1', '7'), calls.by_sql('1', '7'), calls.typed(1, 7);
EXECUTE book;
EXECUTE audit;
SELECT vend.detach_store('shop');
EXECUTE buy;
\echo :SQLSTATE
EXECUTE audit;
\echo :SQLSTATE
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', 'text', 'uuid', wallets => false, money_type => 'numeric(8,0)');
INSERT INTO shop.item (id, price, stock) VALUES ('1', 30, 500);
EXECUTE buy;
\echo :SQLSTATE
EXECUTE buy_any('1', '00000000-0000-0000-0000-000000000007', 2);
EXECUTE book;
\echo :SQLSTATE
SELECT calls.typed(1, 7), calls.by_plpgsql('1', '00000000-0000-0000-0000-000000000007');
EXECUTE audit;
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', 'bigint', prices => false);
INSERT INTO shop.item (id, stock) VALUES (1, 500);
INSERT INTO shop.wallet (id, balance) VALUES ('7', 1000);
EXECUTE buy;
\echo :SQLSTATE
SELECT status, balance FROM vend.try_purchase('1', '7', unit_price => 3);
DROP SCHEMA shop CASCADE;
-- A store is replaced in one transaction, which is undone: the plans are those of the store that stays.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('1', 30, 500);
INSERT INTO shop.wallet (id, balance) VALUES ('7', 1000);
EXECUTE buy;
BEGIN;
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', 'bigint', 'bigint', money_type => 'numeric(8,3)');
INSERT INTO shop.item (id, price, stock) VALUES (1, 0.5, 5);
INSERT INTO shop.wallet (id, balance) VALUES (7, 10);
EXECUTE buy;
EXECUTE audit;
ROLLBACK;
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7'), calls.by_sql('1', '7'), calls.typed(1, 7);
EXECUTE audit;
-- A second store comes beside it, and goes again.
SELECT vend.create_store('next', 'bigint', 'bigint');
EXECUTE buy;
\echo :SQLSTATE
SET vend.default_store = 'next';
EXECUTE buy;
SET vend.default_store = 'shop';
EXECUTE buy;
RESET vend.default_store;
DROP SCHEMA next CASCADE;
EXECUTE buy;
SELECT vend.detach_store('next');
EXECUTE buy;

-- The whole session is thrown away; the extension is, too, and is made again.
RESET ROLE;
DISCARD ALL;
SET client_min_messages = warning;
EXECUTE buy;
\echo :SQLSTATE
SELECT status, balance FROM vend.try_purchase('1', '7');
SELECT calls.by_plpgsql('1', '7'), calls.by_sql('1', '7');
PREPARE buy AS SELECT status, item, amount, balance FROM vend.try_purchase('1', '7');
EXECUTE buy;
DROP SCHEMA shop CASCADE;
DROP EXTENSION pg_vend;
\set VERBOSITY sqlstate
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7');
\set VERBOSITY default
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', 'bigint', 'bigint');
INSERT INTO shop.item (id, price, stock) VALUES (1, 3, 500);
INSERT INTO shop.wallet (id, balance) VALUES (7, 1000);
EXECUTE buy;
SELECT calls.by_plpgsql('1', '7'), calls.by_sql('1', '7');
SELECT * FROM vend.audit();
DEALLOCATE ALL;
SELECT vend.detach_store('shop');
DROP SCHEMA shop, calls CASCADE;

-- The registry has the maker's old name: once that role is renamed and the store dropped, the database's owner forgets the store.
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
RESET ROLE;
ALTER ROLE regress_vend_owner RENAME TO regress_vend_renamed;
SET ROLE regress_vend_renamed;
SELECT status FROM vend.try_purchase('1', '7');
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop');
\echo :SQLSTATE
RESET ROLE;
SELECT vend.detach_store('shop');
SET ROLE regress_vend_renamed;
SELECT vend.create_store('shop');
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
RESET ROLE;
ALTER ROLE regress_vend_renamed RENAME TO regress_vend_owner;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner, regress_vend_buyer;
ALTER EVENT TRIGGER vend_migration ENABLE;
