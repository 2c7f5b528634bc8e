-- Aim: row level security of the owner, enabled and forced, with policies. The policies bind who reads and writes the tables
-- directly; they never bind the engine, whoever calls, and none of their expressions is run by a call.
-- Section "Whose rights?"; guarantee G6 (what a policy lets through is journalled).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_cashier;
CREATE ROLE regress_vend_auditor;
CREATE ROLE regress_vend_clerk;
CREATE ROLE regress_vend_bypass BYPASSRLS;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('gift', 5, 50), ('lamp', 100, 50), ('vase', 30, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 5000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'));
SELECT vend.grant_role('buyer', 'regress_vend_buyer'), vend.grant_role('cashier', 'regress_vend_cashier'), vend.grant_role('operator', 'regress_vend_cashier'), vend.grant_role('auditor', 'regress_vend_auditor');
RESET ROLE;

-- The function shows the answer to each caller, whatever the policies say; then it undoes the call.
CREATE FUNCTION pg_temp.hears(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    EXECUTE statement INTO answer;
    RAISE SQLSTATE 'ZZ000' USING MESSAGE = coalesce(answer, 'no row');
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE pg_temp.call (n int GENERATED ALWAYS AS IDENTITY, who text, name text, statement text);
INSERT INTO pg_temp.call (who, name, statement) VALUES
    ('buyer', 'atomic', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic')$$),
    ('buyer', 'pessimistic', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'pessimistic')$$),
    ('buyer', 'optimistic', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'optimistic')$$),
    ('buyer', 'nowait', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', nowait => true)$$),
    ('buyer', 'replay', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'))$$),
    ('buyer', 'remember', $$SELECT status FROM vend.try_purchase('lamp', 'alpha', 500, id => vend.id_from('late'), remember => true)$$),
    ('cashier', 'deposit', $$SELECT kind FROM vend.deposit('alpha', 5)$$),
    ('cashier', 'withdraw', $$SELECT status FROM vend.try_withdraw('alpha', 5)$$),
    ('cashier', 'transfer', $$SELECT status FROM vend.try_transfer('alpha', 'beta', 5)$$),
    ('cashier', 'refund', $$SELECT status FROM vend.try_refund(vend.id_from('sale'), 1)$$),
    ('cashier', 'restock', $$SELECT kind FROM vend.restock('lamp', 1)$$),
    ('auditor', 'audit', $$SELECT finding FROM vend.audit()$$),
    ('owner', 'purchase', $$SELECT status FROM vend.try_purchase('lamp', 'alpha')$$),
    ('owner', 'audit', $$SELECT finding FROM vend.audit()$$),
    ('owner', 'read item', $$SELECT count(*) FROM shop.item$$),
    ('owner', 'read ledger', $$SELECT count(*) FROM shop.ledger$$),
    ('owner', 'write item', $$UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp' RETURNING 'written'$$);
CREATE TABLE pg_temp.answer (n int, security text, answer text);

INSERT INTO pg_temp.answer SELECT n, '1 none', pg_temp.hears('regress_vend_' || who, statement) FROM pg_temp.call ORDER BY n;
SET ROLE regress_vend_owner;
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.ledger ENABLE ROW LEVEL SECURITY;
RESET ROLE;
INSERT INTO pg_temp.answer SELECT n, '2 enabled', pg_temp.hears('regress_vend_' || who, statement) FROM pg_temp.call ORDER BY n;
SET ROLE regress_vend_owner;
ALTER TABLE shop.item FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.ledger FORCE ROW LEVEL SECURITY;
RESET ROLE;
INSERT INTO pg_temp.answer SELECT n, '3 forced', pg_temp.hears('regress_vend_' || who, statement) FROM pg_temp.call ORDER BY n;
SET row_security = off;
INSERT INTO pg_temp.answer SELECT n, '4 off', pg_temp.hears('regress_vend_' || who, statement) FROM pg_temp.call ORDER BY n;
RESET row_security;
-- These policies cannot be run without being heard.
SET ROLE regress_vend_owner;
CREATE FUNCTION shop.heard() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a policy was run'; END $$;
CREATE POLICY heard ON shop.item USING (shop.heard()) WITH CHECK (shop.heard());
CREATE POLICY heard ON shop.wallet USING (shop.heard()) WITH CHECK (shop.heard());
CREATE POLICY heard ON shop.ledger USING (shop.heard()) WITH CHECK (shop.heard());
RESET ROLE;
INSERT INTO pg_temp.answer SELECT n, '5 heard', pg_temp.hears('regress_vend_' || who, statement) FROM pg_temp.call ORDER BY n;
SELECT c.who || ': ' || c.name AS call, a.security, a.answer FROM pg_temp.call c JOIN pg_temp.answer a USING (n) ORDER BY c.n, a.security \crosstabview

-- One session under several roles, whose plans are kept: each call is the engine's.
SET ROLE regress_vend_owner;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SET ROLE regress_vend_buyer;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
RESET ROLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SET SESSION AUTHORIZATION regress_vend_buyer;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT count(*) FROM shop.item;
\echo :SQLSTATE
RESET SESSION AUTHORIZATION;

-- Who may write a part of the rows writes that part; the journal has all of it, though he may not see the ledger. So has
-- the journal of a TRUNCATE, which asks no policy.
SET ROLE regress_vend_owner;
DROP POLICY heard ON shop.item;
DROP POLICY heard ON shop.wallet;
DROP POLICY heard ON shop.ledger;
CREATE POLICY vases ON shop.item TO regress_vend_clerk USING (id = 'vase') WITH CHECK (stock <= 60);
GRANT USAGE ON SCHEMA shop TO regress_vend_clerk, regress_vend_bypass;
GRANT ALL ON shop.item, shop.wallet TO regress_vend_clerk;
GRANT ALL ON shop.item TO regress_vend_bypass;
SET ROLE regress_vend_clerk;
SELECT id, stock FROM shop.item;
UPDATE shop.item SET stock = stock + 1, price = price + 1 RETURNING id, stock;
UPDATE shop.item SET stock = 61;
\echo :SQLSTATE
SELECT id, stock, version FROM shop.item;
INSERT INTO shop.item (id, price, stock) VALUES ('bowl', 1, 1);
DELETE FROM shop.item RETURNING id;
SELECT count(*) FROM shop.wallet;
UPDATE shop.wallet SET balance = 0;
SET ROLE regress_vend_bypass;
WITH written AS (UPDATE shop.item SET stock = stock + 1 RETURNING id, stock) SELECT * FROM written ORDER BY id COLLATE "C";
RESET ROLE;
SELECT kind, item, qty FROM shop.ledger WHERE kind = 'adjustment' AND item IS NOT NULL ORDER BY item COLLATE "C", qty;
SELECT pg_temp.hears('regress_vend_auditor', 'SELECT finding FROM vend.audit()');
SET ROLE regress_vend_clerk;
TRUNCATE shop.item, shop.wallet;
RESET ROLE;
SELECT (SELECT count(*) FROM shop.item) AS items, (SELECT count(*) FROM shop.wallet) AS wallets;
SELECT pg_temp.hears('regress_vend_auditor', 'SELECT finding FROM vend.audit()');

-- The owner's own triggers see all rows within a call, as what they guard does.
SET ROLE regress_vend_owner;
ALTER TABLE shop.item NO FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet NO FORCE ROW LEVEL SECURITY;
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000);
ALTER TABLE shop.item FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.wallet FORCE ROW LEVEL SECURITY;
CREATE TABLE shop.seen (items bigint);
CREATE FUNCTION shop.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.seen SELECT count(*) FROM shop.item; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.look();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SET ROLE regress_vend_buyer;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SET ROLE regress_vend_owner;
SELECT count(*) FROM shop.item;
SELECT items FROM shop.seen;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner, regress_vend_buyer, regress_vend_cashier, regress_vend_auditor, regress_vend_clerk, regress_vend_bypass;
