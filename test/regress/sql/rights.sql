-- Aim: who may sell: the members of the store's owner, for each call; EXECUTE gives nothing. The engine writes as the owner.
-- Section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_member IN ROLE regress_vend_owner;
CREATE ROLE regress_vend_heir NOINHERIT IN ROLE regress_vend_owner;
CREATE ROLE regress_vend_stranger;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_stranger', current_database()); END $$;

SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('1'));
SELECT tableowner, count(*) FROM pg_tables WHERE schemaname = 'shop' GROUP BY 1;
RESET ROLE;

-- A member has the owner's rights, though none of his own on the tables.
SET ROLE regress_vend_member;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT balance FROM vend.deposit('alpha', 1);
SELECT stock FROM vend.restock('lamp', 1);
SELECT * FROM vend.audit();
RESET ROLE;
-- A NOINHERIT member has not become the owner.
SET ROLE regress_vend_heir;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
RESET ROLE;

-- A stranger hears nothing: not of a sale, a refusal, a replay, an unknown item; not even with rights on the tables.
SET ROLE regress_vend_stranger;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT item FROM vend.purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('1'));
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('ghost', 'alpha');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 500);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
SELECT * FROM vend.audit();
\echo :SQLSTATE
SELECT vend.detach_store('shop');
\echo :SQLSTATE
SELECT vend.create_store('shop');
\echo :SQLSTATE
SELECT name, item FROM vend.store;
DELETE FROM vend.store;
\echo :SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO regress_vend_stranger;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO regress_vend_stranger;
SET ROLE regress_vend_stranger;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
-- A stranger's writes by plain SQL are journalled like any others.
UPDATE shop.item SET stock = stock + 5;
RESET ROLE;
SELECT * FROM vend.audit();
REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM regress_vend_stranger;

-- The journal does not ask for rights on the ledger: who may write stock, may.
GRANT SELECT, UPDATE ON shop.item TO regress_vend_stranger;
SET ROLE regress_vend_stranger;
UPDATE shop.item SET stock = stock + 5;
INSERT INTO shop.ledger SELECT vend.uuid_v7(), 0, 'adjustment', 'lamp', 5, NULL, 0;
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM vend.audit();
REVOKE ALL ON shop.item FROM regress_vend_stranger;
REVOKE ALL ON SCHEMA shop FROM regress_vend_stranger;

-- The trigger functions are of no use elsewhere: a stranger cannot hang them on a table of his own to write to the shop.
SET ROLE regress_vend_stranger;
CREATE SCHEMA strange;
CREATE TABLE strange.item (id text, price bigint, stock bigint, stock_version bigint, version bigint, lock_mode text);
CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON strange.item FOR EACH ROW EXECUTE FUNCTION vend.journal();
INSERT INTO strange.item VALUES ('lamp', 1, 5, 0, 0, NULL);
\echo :SQLSTATE
DROP TRIGGER t ON strange.item;
CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON strange.item FOR EACH ROW EXECUTE FUNCTION vend.journal('shop');
INSERT INTO strange.item VALUES ('lamp', 1, 5, 0, 0, NULL);
\echo :SQLSTATE
DROP TRIGGER t ON strange.item;
CREATE TRIGGER vend_journal AFTER INSERT OR UPDATE OR DELETE ON strange.item FOR EACH ROW EXECUTE FUNCTION vend.journal('shop');
INSERT INTO strange.item VALUES ('lamp', 1, 5, 0, 0, NULL);
\echo :SQLSTATE
CREATE TRIGGER t BEFORE UPDATE ON strange.item FOR EACH STATEMENT EXECUTE FUNCTION vend.append_only('shop');
UPDATE strange.item SET stock = 1;
\echo :SQLSTATE
SELECT vend.journal();
\echo :SQLSTATE
SELECT vend.append_only();
\echo :SQLSTATE
SELECT vend.registry_changed();
\echo :SQLSTATE
DROP SCHEMA strange CASCADE;
RESET ROLE;
SELECT * FROM vend.audit();

-- A function that runs with its owner's rights hands them on: that is how a cashier gets just what he needs.
SET ROLE regress_vend_owner;
CREATE FUNCTION shop.buy_lamp(who text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT status FROM vend.try_purchase('lamp', who) $$;
GRANT USAGE ON SCHEMA shop TO regress_vend_stranger;
SET ROLE regress_vend_stranger;
SELECT shop.buy_lamp('alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
RESET ROLE;

-- The role that called is the role afterwards, after a sale, a refusal and an error.
SET ROLE regress_vend_member;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT current_user;
SELECT status FROM vend.try_purchase('lamp', 'nobody', 500);
SELECT item FROM vend.purchase('ghost', 'alpha');
SELECT current_user;
-- A trigger of the owner runs as the owner.
RESET ROLE;
SET ROLE regress_vend_owner;
CREATE TABLE shop.witness (who text);
CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.witness VALUES (current_user); RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.note();
RESET ROLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SET ROLE regress_vend_member;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM shop.witness;
RESET ROLE;
DROP TRIGGER t ON shop.ledger;
-- Nor can it become another role, whoever called: neither the superuser nor the caller.
SET ROLE regress_vend_owner;
CREATE FUNCTION shop.escape() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; INSERT INTO shop.witness VALUES ('escaped: ' || current_user); RETURN NULL; END $$;
RESET ROLE;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.escape('RESET ROLE');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER t ON shop.ledger;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.escape('SET ROLE regress_vend_member');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.escape('RESET SESSION AUTHORIZATION');
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
DROP TRIGGER t ON shop.wallet;
SELECT count(*) FROM shop.witness WHERE who LIKE 'escaped%';

-- Row level security of the owner does not bind the engine; forced on himself, it binds him directly.
SET ROLE regress_vend_owner;
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.item FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.ledger FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM shop.item;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit();
RESET ROLE;

-- The tables change hands: together they sell on, one alone breaks the binding.
CREATE ROLE regress_vend_buyer_out;
GRANT USAGE ON SCHEMA shop TO regress_vend_buyer_out;
ALTER TABLE shop.wallet OWNER TO regress_vend_buyer_out;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ALTER TABLE shop.item OWNER TO regress_vend_buyer_out;
ALTER TABLE shop.ledger OWNER TO regress_vend_buyer_out;
ALTER TABLE shop.stock_delta OWNER TO regress_vend_buyer_out;
ALTER TABLE shop.key_era OWNER TO regress_vend_buyer_out;
ALTER VIEW shop.role OWNER TO regress_vend_buyer_out;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SET ROLE regress_vend_owner;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
RESET ROLE;
SET ROLE regress_vend_buyer_out;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.detach_store('shop');
RESET ROLE;
DROP SCHEMA shop CASCADE;

-- A role that may not create in the database cannot make a store.
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner, regress_vend_stranger', current_database()); END $$;
SET ROLE regress_vend_stranger;
\set VERBOSITY sqlstate
SELECT vend.create_store('shop');
\set VERBOSITY default
RESET ROLE;
SELECT count(*) FROM vend.store;

-- Nobody can make a store in another role's schema, as that role could replace the tables.
CREATE SCHEMA shop;
GRANT ALL ON SCHEMA shop TO regress_vend_stranger;
SET ROLE regress_vend_stranger;
SELECT vend.create_store('shop');
\echo :SQLSTATE
RESET ROLE;
DROP SCHEMA shop;
DROP ROLE regress_vend_member, regress_vend_heir, regress_vend_buyer_out, regress_vend_owner, regress_vend_stranger;
ALTER EVENT TRIGGER vend_migration ENABLE;
