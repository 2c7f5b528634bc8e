-- Aim: the rights on a store, cell by cell: which function each right, the owner's member and a nobody may call; that a right
-- gives nothing on the tables and nothing in the next store; how rights are given, inherited, kept and taken.
-- Section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_member IN ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_cashier;
CREATE ROLE regress_vend_operator;
CREATE ROLE regress_vend_auditor;
CREATE ROLE regress_vend_nobody;
CREATE ROLE regress_vend_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner, regress_vend_other', current_database()); END $$;

SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000), ('beta', 10000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('sale'));
SELECT vend.grant_role('buyer', 'regress_vend_buyer'), vend.grant_role('cashier', 'regress_vend_cashier'), vend.grant_role('operator', 'regress_vend_operator'), vend.grant_role('auditor', 'regress_vend_auditor');
RESET ROLE;
CREATE TABLE public.page (id int PRIMARY KEY, title text, version int NOT NULL);
ALTER TABLE public.page OWNER TO regress_vend_owner;
INSERT INTO public.page VALUES (1, 'a', 1);
SELECT vend.guard_version('public.page', 'version', '{title}');
SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'shop.role'::regclass AND attnum > 0 ORDER BY attnum;

-- The function shows whether a role may run a statement, or the SQLSTATE; then it undoes it.
CREATE FUNCTION pg_temp.hears(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    EXECUTE statement;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'allowed';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
CREATE TABLE pg_temp.who (n int, name text);
INSERT INTO pg_temp.who VALUES (1, 'buyer'), (2, 'cashier'), (3, 'operator'), (4, 'auditor'), (5, 'member'), (6, 'nobody');
CREATE TABLE pg_temp.call (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO pg_temp.call (name, statement) VALUES
    ('purchase', $$SELECT * FROM vend.purchase('lamp', 'alpha', store => 'shop')$$),
    ('try_purchase', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', store => 'shop')$$),
    ('try_purchase refused', $$SELECT * FROM vend.try_purchase('ghost', 'alpha', store => 'shop')$$),
    ('try_purchase replayed', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('sale'), store => 'shop')$$),
    ('try_purchase remember', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', 500, id => vend.id_from('late'), remember => true, store => 'shop')$$),
    ('try_purchase unit_price', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', unit_price => 90, store => 'shop')$$),
    ('purchase amount', $$SELECT * FROM vend.purchase('lamp', 'alpha', amount => 90, store => 'shop')$$),
    ('purchase_many unit_prices', $$SELECT * FROM vend.purchase_many('{lamp,lamp}', '{alpha,alpha}', unit_prices => '{NULL,90}', store => 'shop')$$),
    ('purchase_many amounts', $$SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', amounts => '{90}', store => 'shop')$$),
    ('checkout unit_prices', $$SELECT * FROM vend.checkout('alpha', '{lamp}', unit_prices => '{90}', store => 'shop')$$),
    ('try_checkout amounts', $$SELECT * FROM vend.try_checkout('alpha', '{lamp}', amounts => '{90}', store => 'shop')$$),
    ('purchase_many', $$SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', store => 'shop')$$),
    ('checkout', $$SELECT * FROM vend.checkout('alpha', '{lamp}', store => 'shop')$$),
    ('try_checkout', $$SELECT * FROM vend.try_checkout('alpha', '{lamp}', store => 'shop')$$),
    ('transfer_many', $$SELECT * FROM vend.transfer_many('{alpha}', '{beta}', '{1}', store => 'shop')$$),
    ('deposit', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$),
    ('withdraw', $$SELECT * FROM vend.withdraw('alpha', 1, store => 'shop')$$),
    ('try_withdraw', $$SELECT * FROM vend.try_withdraw('alpha', 1, store => 'shop')$$),
    ('try_withdraw refused', $$SELECT * FROM vend.try_withdraw('ghost', 1, store => 'shop')$$),
    ('transfer', $$SELECT * FROM vend.transfer('alpha', 'beta', 1, store => 'shop')$$),
    ('try_transfer', $$SELECT * FROM vend.try_transfer('alpha', 'beta', 1, store => 'shop')$$),
    ('try_transfer refused', $$SELECT * FROM vend.try_transfer('alpha', 'ghost', 1, store => 'shop')$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), store => 'shop')$$),
    ('try_refund', $$SELECT * FROM vend.try_refund(vend.id_from('sale'), store => 'shop')$$),
    ('try_refund refused', $$SELECT * FROM vend.try_refund(vend.id_from('none'), store => 'shop')$$),
    ('restock', $$SELECT * FROM vend.restock('lamp', 1, store => 'shop')$$),
    ('write_off', $$SELECT * FROM vend.write_off('lamp', 1, store => 'shop')$$),
    ('try_write_off', $$SELECT * FROM vend.try_write_off('lamp', 1, store => 'shop')$$),
    ('try_write_off refused', $$SELECT * FROM vend.try_write_off('ghost', 1, store => 'shop')$$),
    ('refund of money', $$SELECT * FROM vend.refund(vend.id_from('sale'), amount => 1, store => 'shop')$$),
    ('refund without restock', $$SELECT * FROM vend.refund(vend.id_from('sale'), restock => false, store => 'shop')$$),
    ('void_id', $$SELECT vend.void_id(vend.id_from('late'), 'shop')$$),
    ('void_id used', $$SELECT vend.void_id(vend.id_from('sale'), 'shop')$$),
    ('available', $$SELECT * FROM vend.available('lamp', store => 'shop')$$),
    ('set_lock_mode', $$SELECT * FROM vend.set_lock_mode('lamp', 'atomic', store => 'shop')$$),
    ('settle', $$SELECT * FROM vend.settle('shop')$$),
    ('stat_items', 'SELECT * FROM vend.stat_items()'),
    ('audit', $$SELECT * FROM vend.audit('shop')$$),
    ('grant_role', $$SELECT vend.grant_role('cashier', 'regress_vend_nobody', 'shop')$$),
    ('revoke_role', $$SELECT vend.revoke_role('buyer', 'regress_vend_buyer', 'shop')$$),
    ('guard_version', $$SELECT vend.guard_version('shop.item', 'version', '{price}')$$),
    ('unguard_version', $$SELECT vend.unguard_version('public.page')$$),
    ('update_if', $$SELECT vend.update_if('public.page', 1, 1, '{"title": "x"}')$$),
    ('attach_store', $$SELECT vend.attach_store('mall', 'shop.item')$$),
    ('reattach_store', $$SELECT vend.reattach_store('shop')$$),
    ('journal_opening', $$SELECT vend.journal_opening('shop')$$),
    ('detach_store', $$SELECT vend.detach_store('shop')$$),
    ('create_store again', $$SELECT vend.create_store('shop')$$),
    ('uuid_v7', $$SELECT vend.uuid_v7()$$),
    ('id_from', $$SELECT vend.id_from('x')$$),
    ('vend.store', $$SELECT * FROM vend.store$$);
-- Every function is in the matrix, so that a new one is not forgotten.
SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'vend'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype) AND proname NOT IN (SELECT split_part(name, ' ', 1) FROM pg_temp.call);
-- (create_store answers the member that there is one already.)
SELECT c.name AS call, w.name AS who, pg_temp.hears('regress_vend_' || w.name, c.statement) FROM pg_temp.call c, pg_temp.who w ORDER BY c.n, w.n \crosstabview

-- A right of a store gives no access to the tables, not even to the schema.
CREATE TABLE pg_temp.direct (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO pg_temp.direct (name, statement) VALUES
    ('read item', 'SELECT FROM shop.item'), ('insert item', $$INSERT INTO shop.item (id, price, stock) VALUES ('x', 1, 1)$$), ('update item', 'UPDATE shop.item SET stock = 1'), ('delete item', 'DELETE FROM shop.item'), ('truncate item', 'TRUNCATE shop.item'), ('lock item', 'LOCK TABLE shop.item'),
    ('read wallet', 'SELECT FROM shop.wallet'), ('insert wallet', $$INSERT INTO shop.wallet (id, balance) VALUES ('x', 1)$$), ('update wallet', 'UPDATE shop.wallet SET balance = 1'), ('delete wallet', 'DELETE FROM shop.wallet'), ('truncate wallet', 'TRUNCATE shop.wallet'),
    ('read key_era', 'SELECT FROM shop.key_era'), ('insert key_era', $$INSERT INTO shop.key_era (item, era) VALUES ('lamp', 0)$$), ('read stock_delta', 'SELECT FROM shop.stock_delta'), ('insert stock_delta', $$INSERT INTO shop.stock_delta VALUES ('lamp', 1)$$), ('delete stock_delta', 'DELETE FROM shop.stock_delta'),
    ('read ledger', 'SELECT FROM shop.ledger'), ('insert ledger', $$INSERT INTO shop.ledger (id, line, kind, at) VALUES (vend.uuid_v7(), 0, 'deposit', now())$$), ('update ledger', 'UPDATE shop.ledger SET qty = 1'), ('delete ledger', 'DELETE FROM shop.ledger'), ('truncate ledger', 'TRUNCATE shop.ledger'),
    ('read holding', 'SELECT FROM shop.holding'), ('read role', 'SELECT FROM shop.role'), ('trigger', 'CREATE TRIGGER t AFTER INSERT ON shop.ledger EXECUTE FUNCTION suppress_redundant_updates_trigger()'), ('drop', 'DROP TABLE shop.wallet'),
    ('write registry', 'UPDATE vend.store SET ledger = item'), ('delete registry', 'DELETE FROM vend.store');
SELECT d.name AS statement, w.name AS who, pg_temp.hears('regress_vend_' || w.name, d.statement) FROM pg_temp.direct d, pg_temp.who w WHERE w.name <> 'member' ORDER BY d.n, w.n \crosstabview
-- With USAGE of the schema the answers are the same, but for the rights themselves: each role sees its own.
GRANT USAGE ON SCHEMA shop TO PUBLIC;
SELECT d.name AS statement, w.name AS who, pg_temp.hears('regress_vend_' || w.name, d.statement) FROM pg_temp.direct d, pg_temp.who w WHERE w.name <> 'member' ORDER BY d.n, w.n \crosstabview
SELECT r AS "right", w.name AS who, pg_temp.hears('regress_vend_' || w.name, format('SELECT %I FROM shop.role', r)) FROM unnest(ARRAY['buyer', 'cashier', 'operator', 'auditor']) WITH ORDINALITY u (r, n), pg_temp.who w ORDER BY u.n, w.n \crosstabview
REVOKE USAGE ON SCHEMA shop FROM PUBLIC;

-- A plain GRANT on all tables, and to read or write all data, gives no right.
GRANT ALL ON SCHEMA shop TO regress_vend_nobody;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO regress_vend_nobody;
GRANT pg_read_all_data, pg_write_all_data TO regress_vend_nobody;
CREATE VIEW pg_temp.matrix AS SELECT c.n, c.name AS call, c.statement FROM pg_temp.call c WHERE c.name IN ('try_purchase', 'deposit', 'try_withdraw', 'try_transfer', 'try_refund', 'restock', 'try_write_off', 'audit', 'grant_role', 'detach_store');
SELECT m.call, pg_temp.hears('regress_vend_nobody', m.statement) AS nobody FROM pg_temp.matrix m ORDER BY m.n;
-- A change of the view's privileges as a whole, for everybody, gives no right either.
GRANT SELECT ON shop.role TO PUBLIC;
SELECT pg_temp.hears('regress_vend_nobody', $$SELECT * FROM vend.audit('shop')$$), pg_temp.hears('regress_vend_buyer', $$SELECT * FROM vend.audit('shop')$$);
REVOKE SELECT ON shop.role FROM PUBLIC;
-- If that is taken back, each role keeps what was given to it.
SELECT w.name AS who, pg_temp.hears('regress_vend_' || w.name, $$SELECT * FROM vend.try_purchase('lamp', 'alpha', store => 'shop')$$) FROM pg_temp.who w ORDER BY w.n;
REVOKE pg_read_all_data, pg_write_all_data FROM regress_vend_nobody;
REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM regress_vend_nobody;
REVOKE ALL ON SCHEMA shop FROM regress_vend_nobody;

-- Several rights of one role are each of them, no more.
SET ROLE regress_vend_owner;
SELECT vend.grant_role('operator', 'regress_vend_nobody'), vend.grant_role('auditor', 'regress_vend_nobody');
-- A right given twice is given once; if it is taken, it is gone, and the other stays.
SELECT vend.grant_role('operator', 'regress_vend_nobody');
RESET ROLE;
SELECT m.call, pg_temp.hears('regress_vend_nobody', m.statement) AS operator_and_auditor FROM pg_temp.matrix m ORDER BY m.n;
SET ROLE regress_vend_owner;
SELECT vend.revoke_role('operator', 'regress_vend_nobody');
RESET ROLE;
SELECT m.call, pg_temp.hears('regress_vend_nobody', m.statement) AS auditor FROM pg_temp.matrix m ORDER BY m.n;
-- If a transaction takes a right, the next call of a session is refused; if it rolls back, it is not.
SET ROLE regress_vend_owner;
BEGIN;
SELECT vend.revoke_role('auditor', 'regress_vend_nobody', 'shop');
SELECT pg_temp.hears('regress_vend_nobody', $$SELECT * FROM vend.audit('shop')$$);
ROLLBACK;
SELECT pg_temp.hears('regress_vend_nobody', $$SELECT * FROM vend.audit('shop')$$);
RESET ROLE;
SET ROLE regress_vend_owner;
SELECT vend.revoke_role('auditor', 'regress_vend_nobody');
-- A right that was never given can be revoked as well.
SELECT vend.revoke_role('auditor', 'regress_vend_nobody'), vend.revoke_role('buyer', 'regress_vend_cashier');
RESET ROLE;
SELECT m.call, pg_temp.hears('regress_vend_nobody', m.statement) AS nobody, pg_temp.hears('regress_vend_cashier', m.statement) AS cashier FROM pg_temp.matrix m ORDER BY m.n;

-- A right may come through a group; a NOINHERIT member has it only once he has become the group.
CREATE ROLE regress_vend_tills;
CREATE ROLE regress_vend_till IN ROLE regress_vend_tills;
CREATE ROLE regress_vend_idle NOINHERIT IN ROLE regress_vend_tills;
SELECT vend.grant_role('cashier', 'regress_vend_tills');
SELECT m.call, pg_temp.hears('regress_vend_tills', m.statement) AS tills, pg_temp.hears('regress_vend_till', m.statement) AS till, pg_temp.hears('regress_vend_idle', m.statement) AS idle FROM pg_temp.matrix m ORDER BY m.n;
REVOKE regress_vend_tills FROM regress_vend_till;
SELECT pg_temp.hears('regress_vend_till', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$);
-- The caller's role counts, not the session's.
SET SESSION AUTHORIZATION regress_vend_idle;
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SET ROLE regress_vend_tills;
SELECT balance FROM vend.deposit('alpha', 1);
RESET ROLE;
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
RESET SESSION AUTHORIZATION;

-- A role that is renamed keeps its rights; one that has rights is not dropped unnoticed; whoever is called like it later has none.
ALTER ROLE regress_vend_tills RENAME TO "Regress vend ""tills""";
SELECT pg_temp.hears('Regress vend "tills"', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$);
CREATE ROLE regress_vend_tills;
SELECT pg_temp.hears('regress_vend_tills', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$);
DROP ROLE "Regress vend ""tills""";
\echo :SQLSTATE
SELECT vend.grant_role('operator', '"Regress vend ""tills"""');
SELECT pg_temp.hears('Regress vend "tills"', $$SELECT * FROM vend.restock('lamp', 1, store => 'shop')$$);
SELECT vend.revoke_role('cashier', '"Regress vend ""tills"""'), vend.revoke_role('operator', '"Regress vend ""tills"""');
DROP ROLE "Regress vend ""tills""";
SELECT vend.grant_role('cashier', 'regress_vend_tills');
DROP OWNED BY regress_vend_tills;
SELECT pg_temp.hears('regress_vend_tills', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$);
DROP ROLE regress_vend_tills, regress_vend_till, regress_vend_idle;
-- Some names look like keywords.
CREATE ROLE "current_user";
SELECT vend.grant_role('auditor', '"current_user"');
SELECT pg_temp.hears('current_user', $$SELECT * FROM vend.audit('shop')$$);
SELECT vend.revoke_role('auditor', '"current_user"');
DROP ROLE "current_user";

-- Some rights, roles and stores do not exist, and some arguments are NULL.
SELECT vend.grant_role('boss', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.grant_role('Buyer', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.grant_role('', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.grant_role('buyer, cashier', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.revoke_role('owner', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.grant_role('buyer', 'regress_vend_ghost');
\echo :SQLSTATE
SELECT vend.grant_role('buyer', 'public');
\echo :SQLSTATE
SELECT vend.grant_role('buyer', 1::oid::regrole);
\echo :SQLSTATE
SELECT vend.revoke_role('buyer', 1::oid::regrole);
\echo :SQLSTATE
SELECT vend.grant_role('buyer', 'regress_vend_nobody', 'nowhere');
\echo :SQLSTATE
SELECT vend.grant_role(NULL, 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.grant_role('buyer', NULL);
\echo :SQLSTATE
SELECT vend.revoke_role('buyer', NULL);
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT vend.grant_role('buyer', 'regress_vend_nobody');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT vend.revoke_role('buyer', 'regress_vend_nobody');
\echo :SQLSTATE
ROLLBACK;

-- A role that does not own the store gives rights neither to others nor to itself, whatever right it has.
SET ROLE regress_vend_cashier;
SELECT vend.grant_role('operator', 'regress_vend_cashier');
\echo :SQLSTATE
SELECT vend.grant_role('cashier', 'regress_vend_nobody');
\echo :SQLSTATE
SELECT vend.revoke_role('buyer', 'regress_vend_buyer');
\echo :SQLSTATE
RESET ROLE;
-- A member of the owner gives a right in the owner's name: the member can go.
SET ROLE regress_vend_member;
SELECT vend.grant_role('buyer', 'regress_vend_nobody');
RESET ROLE;
SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'shop.role'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_temp.hears('regress_vend_nobody', $$SELECT * FROM vend.purchase('lamp', 'alpha', store => 'shop')$$);
SELECT vend.revoke_role('buyer', 'regress_vend_nobody');

-- A right in one store is nothing in the next, and of several stores the one that the caller can use is meant.
SET ROLE regress_vend_other;
SELECT vend.create_store('next');
INSERT INTO next.item (id, price, stock) VALUES ('lamp', 100, 50);
INSERT INTO next.wallet (id, balance) VALUES ('alpha', 500), ('beta', 500);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('sale'));
SELECT vend.grant_role('buyer', 'regress_vend_auditor', 'next');
RESET ROLE;
SELECT c.name AS call, w.name AS who, pg_temp.hears('regress_vend_' || w.name, replace(c.statement, '''shop''', '''next''')) FROM pg_temp.call c, pg_temp.who w WHERE c.statement LIKE '%''shop''%' ORDER BY c.n, w.n \crosstabview
SELECT m.call, pg_temp.hears('regress_vend_other', m.statement) AS other_in_shop FROM pg_temp.matrix m ORDER BY m.n;
SET ROLE regress_vend_cashier;
SELECT balance FROM vend.deposit('alpha', 1);
SELECT balance FROM vend.deposit('alpha', 1, store => 'next');
\echo :SQLSTATE
SET vend.default_store = 'next';
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
RESET vend.default_store;
SET ROLE regress_vend_operator;
SELECT item, stock FROM vend.restock('lamp', 1);
-- A store that he can use for something else is meant as well.
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SET ROLE regress_vend_auditor;
SELECT * FROM vend.audit();
\echo :SQLSTATE
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', store => 'next');
SELECT * FROM vend.audit('next');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
\echo :SQLSTATE
SET ROLE regress_vend_nobody;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SET ROLE regress_vend_owner;
SELECT balance FROM vend.deposit('alpha', 1);
SELECT vend.grant_role('buyer', 'regress_vend_nobody');
SET ROLE regress_vend_nobody;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
RESET ROLE;

-- The engine works as the owner, whoever calls; the session has its own role afterwards.
SET ROLE regress_vend_cashier;
SELECT status, balance FROM vend.try_transfer('alpha', 'beta', 1);
SELECT status, balance FROM vend.try_transfer('alpha', 'ghost', 1);
SELECT status, amount FROM vend.try_refund(vend.id_from('sale'));
SELECT balance FROM vend.withdraw('ghost', 1);
\echo :SQLSTATE
SELECT current_user;
RESET ROLE;

-- The view that carries the rights is a part of the store: if it is gone, or not the owner's, nothing is sold.
BEGIN;
DROP VIEW shop.role;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
\echo :SQLSTATE
ROLLBACK;
BEGIN;
ALTER VIEW shop.role OWNER TO regress_vend_other;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
\echo :SQLSTATE
ROLLBACK;
BEGIN;
ALTER VIEW shop.role RENAME COLUMN buyer TO seller;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
\echo :SQLSTATE
ROLLBACK;
-- The store's owner cannot give rights by it either, and is told so.
ALTER VIEW shop.role OWNER TO regress_vend_other;
SELECT pg_temp.hears('regress_vend_owner', $$SELECT vend.grant_role('cashier', 'regress_vend_nobody', 'shop')$$) IN ('42501', '55000') AS grant_refused, pg_temp.hears('regress_vend_owner', $$SELECT vend.revoke_role('buyer', 'regress_vend_buyer', 'shop')$$) IN ('42501', '55000') AS revoke_refused;
ALTER VIEW shop.role OWNER TO regress_vend_owner;
SELECT pg_temp.hears('regress_vend_nobody', $$SELECT * FROM vend.deposit('alpha', 1, store => 'shop')$$);

-- The tables change hands: the rights stay as they are, the owner is another.
ALTER TABLE shop.item OWNER TO regress_vend_other;
ALTER TABLE shop.wallet OWNER TO regress_vend_other;
ALTER TABLE shop.ledger OWNER TO regress_vend_other;
ALTER TABLE shop.stock_delta OWNER TO regress_vend_other;
ALTER TABLE shop.key_era OWNER TO regress_vend_other;
ALTER VIEW shop.role OWNER TO regress_vend_other;
GRANT USAGE ON SCHEMA shop TO regress_vend_other;
SELECT m.call, pg_temp.hears('regress_vend_cashier', m.statement) AS cashier, pg_temp.hears('regress_vend_other', m.statement) AS new_owner, pg_temp.hears('regress_vend_owner', m.statement) AS old_owner FROM pg_temp.matrix m ORDER BY m.n;

-- If the store is detached, it is nobody's; if it is dropped with its schema, the rights are gone with it.
SELECT * FROM vend.audit('shop');
SELECT * FROM vend.audit('next');
SELECT vend.detach_store('shop'), vend.detach_store('next');
SELECT m.call, pg_temp.hears('regress_vend_cashier', m.statement) AS cashier FROM pg_temp.matrix m ORDER BY m.n;
DROP SCHEMA shop, next CASCADE;
DROP TABLE public.page;
DROP ROLE regress_vend_buyer, regress_vend_cashier, regress_vend_operator, regress_vend_auditor, regress_vend_nobody;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner, regress_vend_other', current_database()); END $$;
DROP ROLE regress_vend_member, regress_vend_owner, regress_vend_other;
ALTER EVENT TRIGGER vend_migration ENABLE;
