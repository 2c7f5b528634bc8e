-- Aim: rights on an attached store: its owner attaches without being superuser, others work by their rights and get none on the tables;
-- what a superuser or a member of the owner attaches belongs to the owner of the tables.
-- Section "Whose rights?"; G8 (the tables stay the owner's).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_member IN ROLE regress_vend_owner;
CREATE ROLE regress_vend_other;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_cashier;
CREATE ROLE regress_vend_operator;
CREATE ROLE regress_vend_auditor;
CREATE ROLE regress_vend_nobody;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_other', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO regress_vend_owner, regress_vend_other;
CREATE FUNCTION pg_temp.hears(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', 'regress_vend_' || who);
    EXECUTE statement;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'allowed';
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SET ROLE regress_vend_owner;
CREATE SCHEMA app;
CREATE TABLE app.goods (id text PRIMARY KEY, price integer NOT NULL, stock integer NOT NULL);
CREATE TABLE app.people (id integer PRIMARY KEY, balance integer NOT NULL);
CREATE TABLE purse (id integer PRIMARY KEY, balance integer NOT NULL);
INSERT INTO app.goods VALUES ('lamp', 10, 50);
INSERT INTO app.people VALUES (1, 1000), (2, 1000);
RESET ROLE;
GRANT ALL ON ALL TABLES IN SCHEMA app TO regress_vend_nobody;
GRANT USAGE ON SCHEMA app TO regress_vend_nobody;
-- Only some roles may attach.
SELECT who, pg_temp.hears(who, $$SELECT vend.attach_store('shop', 'app.goods'::regclass, price => 'price', wallets => 'app.people'::regclass, balance => 'balance')$$) FROM unnest(ARRAY['owner', 'nobody', 'member']) who;
SELECT pg_temp.hears('other', format('SELECT vend.attach_store(''shop'', %s::regclass)', 'app.goods'::regclass::oid));

-- What a superuser attaches belongs to the owner of the tables.
SELECT vend.attach_store('shop', 'app.goods', price => 'price', wallets => 'app.people', balance => 'balance', lock_mode => 'mode', add_columns => true);
SELECT relname, relkind, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace IN ('shop'::regnamespace, 'app'::regnamespace) AND relkind IN ('r', 'v') ORDER BY relname;
SELECT nspname, pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = 'shop';
SELECT name, creator = current_user AS by_superuser FROM vend.store;
-- The owner may do everything with the store; others have the rights that they are given, and none on the tables.
SET ROLE regress_vend_owner;
SELECT vend.grant_role('buyer', 'regress_vend_buyer'), vend.grant_role('cashier', 'regress_vend_cashier'), vend.grant_role('operator', 'regress_vend_operator'), vend.grant_role('auditor', 'regress_vend_auditor');
SELECT status FROM vend.try_purchase('lamp', 1, id => vend.id_from('sale'));
RESET ROLE;
CREATE TABLE pg_temp.call (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO pg_temp.call (name, statement) VALUES
    ('sell', $$SELECT vend.purchase('lamp', 1)$$), ('batch', $$SELECT vend.purchase_many('{lamp}', '{1}')$$), ('cart', $$SELECT vend.checkout('1', '{lamp}')$$), ('deposit', $$SELECT vend.deposit(1, 1)$$), ('withdraw', $$SELECT vend.withdraw(1, 1)$$), ('transfer', $$SELECT vend.transfer(1, 2, 1)$$),
    ('refund', $$SELECT vend.refund(vend.id_from('sale'))$$), ('restock', $$SELECT vend.restock('lamp', 1)$$), ('set_lock_mode', $$SELECT vend.set_lock_mode('lamp', 'escrow')$$), ('available', $$SELECT vend.available('lamp')$$), ('audit', $$SELECT * FROM vend.audit()$$), ('journal_opening', $$SELECT vend.journal_opening()$$), ('reattach', $$SELECT vend.reattach_store('shop')$$),
    ('detach', $$SELECT vend.detach_store('shop')$$), ('grant', $$SELECT vend.grant_role('buyer', 'regress_vend_nobody', 'shop')$$), ('read goods', 'SELECT FROM app.goods'), ('write goods', 'UPDATE app.goods SET stock = stock + 1'), ('read ledger', 'SELECT FROM shop.ledger'), ('drop trigger', 'DROP TRIGGER vend_journal ON app.goods');
SELECT c.name AS call, who, left(pg_temp.hears(who, c.statement), 7) FROM pg_temp.call c, unnest(ARRAY['buyer', 'cashier', 'operator', 'auditor', 'owner', 'member', 'other']) WITH ORDINALITY w (who, w) ORDER BY c.n, w \crosstabview
-- Somebody with rights on the tables writes them, and the ledger by the trigger, without a right on the store.
SET ROLE regress_vend_nobody;
UPDATE app.goods SET stock = stock - 1;
UPDATE app.people SET balance = balance + 1 WHERE id = 2;
SELECT vend.available('lamp');
\echo :SQLSTATE
RESET ROLE;
SELECT kind, item, qty, wallet, amount FROM shop.ledger WHERE kind = 'adjustment' ORDER BY at, id;
SELECT * FROM vend.audit('shop');
SET ROLE regress_vend_buyer;
SELECT status, balance FROM vend.try_purchase('lamp', 2);
RESET ROLE;

-- The tables change hands, the companions with them or not.
ALTER TABLE app.goods OWNER TO regress_vend_other;
SELECT pg_temp.hears('buyer', $$SELECT vend.purchase('lamp', 1, store => 'shop')$$);
SELECT pg_temp.hears('owner', $$SELECT vend.reattach_store('shop')$$), pg_temp.hears('other', $$SELECT vend.reattach_store('shop')$$);
SELECT vend.reattach_store('shop');
\echo :SQLSTATE
ALTER TABLE app.goods OWNER TO regress_vend_owner;
SELECT pg_temp.hears('buyer', $$SELECT vend.purchase('lamp', 1, store => 'shop')$$);
-- When a superuser reattaches, the owner of the new table must own all the others.
SET ROLE regress_vend_other;
CREATE TABLE theirs (id text PRIMARY KEY, price integer NOT NULL, stock integer NOT NULL);
SET ROLE regress_vend_owner;
SELECT vend.reattach_store('shop', 'theirs', lock_mode => '');
\echo :SQLSTATE
RESET ROLE;
SELECT vend.reattach_store('shop', 'theirs', lock_mode => '');
\echo :SQLSTATE
SELECT * FROM vend.audit('shop');

-- The owner may lack the right to use the schema of his table. A caller's search path and objects of the same names change nothing.
REVOKE ALL ON SCHEMA app FROM regress_vend_owner;
ALTER SCHEMA app OWNER TO regress_vend_other;
SELECT pg_temp.hears('buyer', $$SELECT vend.purchase('lamp', 1, store => 'shop')$$);
SELECT vend.detach_store('shop');
SELECT vend.attach_store('shop', 'app.goods', price => 'price', wallets => 'app.people', balance => 'balance');
\echo :SQLSTATE
ALTER SCHEMA app OWNER TO regress_vend_owner;
GRANT ALL ON SCHEMA app TO regress_vend_owner;
-- The member attaches again, in the owner's schema.
SET ROLE regress_vend_member;
SELECT vend.attach_store('shop', 'app.goods', price => 'price', wallets => 'app.people', balance => 'balance');
SELECT status FROM vend.try_purchase('lamp', 1);
SELECT vend.detach_store('shop');
RESET ROLE;
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'shop'::regnamespace;
SET client_min_messages = error;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner, regress_vend_other', current_database()); END $$;
DROP OWNED BY regress_vend_owner, regress_vend_member, regress_vend_other, regress_vend_buyer, regress_vend_cashier, regress_vend_operator, regress_vend_auditor, regress_vend_nobody CASCADE;
DROP ROLE regress_vend_member, regress_vend_owner, regress_vend_other, regress_vend_buyer, regress_vend_cashier, regress_vend_operator, regress_vend_auditor, regress_vend_nobody;
ALTER EVENT TRIGGER vend_migration ENABLE;
