-- Aim: in a store with rls => 'caller' each call finds only the rows that the row level security of its caller shows. A row of
-- another tenant does not exist: for a sale in each mode, a batch, a cart, and each movement; and nothing of it is told.
-- Section "Whose rights?"; guarantee G3 (a refusal changes nothing).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_rls_owner;
CREATE ROLE regress_rls_north;
CREATE ROLE regress_rls_south;
CREATE ROLE regress_rls_blind;
CREATE ROLE regress_rls_bypass BYPASSRLS;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_rls_owner', current_database()); END $$;
CREATE SCHEMA mall AUTHORIZATION regress_rls_owner;
GRANT USAGE ON SCHEMA mall TO PUBLIC;
SET ROLE regress_rls_owner;
CREATE TABLE mall.product (id text PRIMARY KEY, tenant text NOT NULL, price int NOT NULL, stock int NOT NULL, mode text);
CREATE TABLE mall.account (id int PRIMARY KEY, tenant text NOT NULL, balance int NOT NULL);
INSERT INTO mall.product VALUES ('fir', 'regress_rls_north', 10, 100, NULL), ('ice', 'regress_rls_north', 1, 100, 'escrow'), ('palm', 'regress_rls_south', 10, 100, NULL), ('sand', 'regress_rls_south', 1, 100, 'escrow');
INSERT INTO mall.account VALUES (1, 'regress_rls_north', 1000), (2, 'regress_rls_north', 1000), (8, 'regress_rls_south', 1000), (9, 'regress_rls_south', 1000);
ALTER TABLE mall.product ENABLE ROW LEVEL SECURITY;
ALTER TABLE mall.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mall.product USING (tenant = current_user);
CREATE POLICY own ON mall.account USING (tenant = current_user);
GRANT SELECT (id) ON mall.product, mall.account TO regress_rls_north, regress_rls_south;
SELECT vend.attach_store('shop', 'mall.product', price => 'price', lock_mode => 'mode', wallets => 'mall.account', balance => 'balance', rls => 'nobody');
SELECT vend.attach_store('shop', 'mall.product', price => 'price', lock_mode => 'mode', wallets => 'mall.account', balance => 'balance', rls => 'caller');
SELECT rls FROM vend.store;
SELECT vend.grant_role(r, t::regrole) FROM unnest(ARRAY['buyer', 'cashier', 'operator']) r, unnest(ARRAY['regress_rls_north', 'regress_rls_south', 'regress_rls_blind', 'regress_rls_bypass']) t;
-- The purchases that are to be refunded and replayed: one of each tenant, and one of both, which the owner has made.
SELECT status FROM vend.try_purchase('fir', 1, 2, id => vend.id_from('north'));
SELECT status FROM vend.try_purchase('palm', 8, 2, id => vend.id_from('south'));
SELECT status FROM vend.try_purchase('palm', 1, 2, id => vend.id_from('mixed'));
RESET ROLE;

-- What each caller hears; then the call is undone.
CREATE FUNCTION pg_temp.hears(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', 'regress_rls_' || who);
    EXECUTE statement INTO answer;
    RAISE SQLSTATE 'ZZ000' USING MESSAGE = coalesce(answer, 'no row');
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE pg_temp.call (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO pg_temp.call (statement) VALUES
    ($$try_purchase('fir', 1)$$), ($$try_purchase('fir', 1, lock_mode => 'pessimistic')$$), ($$try_purchase('fir', 1, lock_mode => 'optimistic')$$), ($$try_purchase('ice', 1)$$),
    ($$try_purchase('fir', 1, nowait => true)$$), ($$try_purchase('fir', 8)$$), ($$try_purchase('palm', 1)$$), ($$try_purchase('sand', 8)$$), ($$try_purchase('sand', 1)$$),
    ($$try_purchase('palm', 8, 1000)$$), ($$try_purchase('palm', 8, max_price => 1)$$), ($$purchase('palm', 8)$$), ($$try_purchase('palm', 8, id => vend.id_from('new'), remember => true)$$),
    ($$try_purchase('fir', 1, 2, id => vend.id_from('north'))$$), ($$try_purchase('palm', 8, 2, id => vend.id_from('south'))$$),
    ($$purchase_many(ARRAY['fir', 'palm', 'fir', 'ice', 'sand'], ARRAY[1, 8, 8, 1, 1])$$),
    ($$purchase_many(ARRAY['fir', 'palm'], ARRAY[1, 8], ids => ARRAY[vend.id_from('b1'), vend.id_from('b2')], remember => true)$$),
    ($$try_checkout(1, ARRAY['fir', 'ice'])$$), ($$try_checkout(1, ARRAY['fir', 'palm'])$$), ($$try_checkout(8, ARRAY['palm'])$$),
    ($$deposit(1, 5)$$), ($$deposit(8, 5)$$), ($$try_withdraw(8, 5)$$), ($$try_transfer(1, 2, 5)$$), ($$try_transfer(1, 8, 5)$$), ($$try_transfer(8, 1, 5)$$),
    ($$transfer_many(ARRAY[1, 8, 1, 8], ARRAY[2, 9, 8, 1], ARRAY[1, 1, 1, 1])$$),
    ($$restock('fir', 1)$$), ($$restock('palm', 1)$$), ($$restock('sand', 1)$$), ($$try_write_off('palm', 1)$$), ($$try_write_off('sand', 1)$$),
    ($$try_refund(vend.id_from('north'))$$), ($$try_refund(vend.id_from('south'))$$), ($$try_refund(vend.id_from('mixed'))$$), ($$try_refund(vend.id_from('mixed'), restock => false)$$);
CREATE FUNCTION pg_temp.asked(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT string_agg(concat_ws('' '', %s o.balance, %s), ''; '') FROM vend.%s o', CASE WHEN statement ~ '^(try|purchase_m|transfer_m)' THEN 'o.status,' ELSE '''done'',' END,
                  CASE WHEN statement ~ '^(try|purchase_m|transfer_m)' THEN 'o.detail' ELSE 'NULL' END, statement)
$$;
SELECT statement, who, pg_temp.hears(who, pg_temp.asked(statement)) FROM pg_temp.call, unnest(ARRAY['north', 'south', 'owner']) who ORDER BY n, who \crosstabview
SELECT who, call, pg_temp.hears(who, 'SELECT vend.' || call) FROM unnest(ARRAY['north', 'south', 'owner']) who, unnest(ARRAY[$$available('palm')$$, $$available('sand')$$, $$set_lock_mode('palm', 'pessimistic')$$]) call \crosstabview call who
-- The same by statements.
SET vend.write_by_statements = on;
SELECT statement, who, pg_temp.hears(who, pg_temp.asked(statement)) FROM pg_temp.call, unnest(ARRAY['north', 'south']) who WHERE n IN (1, 2, 4, 6, 7, 8, 16, 18, 19, 22, 25, 27) ORDER BY n, who \crosstabview
RESET vend.write_by_statements;
-- A caller whom no policy binds sees all rows. One who may not read the keys gets the error of PostgreSQL, and only for a table with row
-- level security.
SELECT who, call, pg_temp.hears(who, 'SELECT status FROM vend.' || call) FROM unnest(ARRAY['bypass', 'blind']) who, unnest(ARRAY[$$try_purchase('fir', 1)$$, $$try_transfer(1, 8, 5)$$]) call ORDER BY 1, 2;
SET row_security = off;
SELECT who, pg_temp.hears(who, $$SELECT status FROM vend.try_purchase('fir', 1)$$) FROM unnest(ARRAY['bypass', 'north', 'owner']) who;
RESET row_security;
SET ROLE regress_rls_owner;
ALTER TABLE mall.account DISABLE ROW LEVEL SECURITY;
GRANT SELECT (id) ON mall.product TO regress_rls_blind;
RESET ROLE;
SELECT who, pg_temp.hears(who, $$SELECT status FROM vend.try_purchase('fir', 8)$$), pg_temp.hears(who, $$SELECT status FROM vend.try_purchase('palm', 1)$$) FROM unnest(ARRAY['blind', 'north', 'south']) who;
-- FORCE binds the owner, too, as a caller and nowhere else.
SET ROLE regress_rls_owner;
ALTER TABLE mall.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE mall.account FORCE ROW LEVEL SECURITY;
SELECT status, detail FROM vend.try_purchase('fir', 1);
CREATE POLICY first ON mall.account TO regress_rls_owner USING (id = 1);
SELECT status, detail FROM vend.try_purchase('fir', 1);
SELECT status, detail FROM vend.try_purchase('fir', 2);
SELECT finding, key FROM vend.audit();
ALTER TABLE mall.account NO FORCE ROW LEVEL SECURITY;
-- One session under several roles, whose plans are kept.
SET ROLE regress_rls_north;
SELECT status FROM vend.try_purchase('fir', 1);
SET ROLE regress_rls_south;
SELECT status FROM vend.try_purchase('fir', 1);
SET ROLE regress_rls_north;
SELECT status FROM vend.try_purchase('fir', 1);
-- One role for all tenants, whom a setting names, as a pooler has it; the policy runs with the rights of the caller.
SET ROLE regress_rls_owner;
CREATE TABLE mall.asked (who text);
CREATE FUNCTION mall.tenant() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN coalesce(current_setting('app.tenant', true), current_user); END $$;
ALTER POLICY own ON mall.product USING (tenant = mall.tenant());
ALTER POLICY own ON mall.account USING (tenant = mall.tenant());
SET ROLE regress_rls_north;
SET app.tenant = 'regress_rls_south';
SELECT status, detail FROM vend.try_purchase('fir', 1);
SELECT status, detail FROM vend.try_purchase('palm', 8);
SET app.tenant = 'regress_rls_north';
SELECT status, detail FROM vend.try_purchase('fir', 1);
SELECT status, detail FROM vend.try_purchase('palm', 8);
SET ROLE regress_rls_owner;
CREATE OR REPLACE FUNCTION mall.tenant() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO mall.asked VALUES (current_user); RETURN current_user; END $$;
SET ROLE regress_rls_north;
SELECT status FROM vend.try_purchase('fir', 1);
-- Not asked for: nobody's policies are run.
SET ROLE regress_rls_owner;
CREATE OR REPLACE FUNCTION mall.tenant() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a policy was run'; END $$;
SELECT vend.reattach_store('shop', rls => 'owner');
SET ROLE regress_rls_south;
SELECT status, balance FROM vend.try_purchase('fir', 1);
SELECT status FROM vend.purchase_many(ARRAY['fir', 'palm'], ARRAY[1, 8]);
SET ROLE regress_rls_owner;
SELECT finding, key FROM vend.audit();
SELECT vend.detach_store('shop');

-- Items in partitions, without wallets: the policies of the parent table count, and a purchase of a hidden item is nobody else's to refund.
CREATE TABLE mall.seat (id int PRIMARY KEY, tenant text NOT NULL, stock int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE mall.seat_1 PARTITION OF mall.seat DEFAULT;
INSERT INTO mall.seat VALUES (1, 'regress_rls_north', 5), (2, 'regress_rls_south', 5);
ALTER TABLE mall.seat ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mall.seat USING (tenant = current_user);
GRANT SELECT (id) ON mall.seat TO regress_rls_north, regress_rls_south;
SELECT vend.attach_store('stage', 'mall.seat', rls => 'caller');
SELECT vend.grant_role(r, t::regrole) FROM unnest(ARRAY['buyer', 'cashier']) r, unnest(ARRAY['regress_rls_north', 'regress_rls_south']) t;
SET ROLE regress_rls_north;
SELECT item, status FROM unnest(ARRAY[1, 2]) i, vend.try_purchase(i, 'ann', unit_price => 10, id => vend.id_from('seat ' || i));
SELECT item, status FROM vend.purchase_many(ARRAY[1, 2], ARRAY['ann', 'ann'], unit_prices => '{10,10}');
-- Of a cart, each may give back the own line.
SET ROLE regress_rls_owner;
SELECT status FROM vend.try_checkout('ann', ARRAY[1, 2], unit_prices => '{10,10}', id => vend.id_from('row'));
SET ROLE regress_rls_north;
SELECT status, item, qty FROM vend.try_refund(vend.id_from('row'), restock => false);
SELECT status, item, qty FROM vend.try_refund(vend.id_from('row'), item => '2', restock => false);
SELECT status, item, qty FROM vend.try_refund(vend.id_from('row'), item => '1');
SET ROLE regress_rls_south;
SELECT status, item, wallet FROM vend.try_refund(vend.id_from('seat 1'));
SET ROLE regress_rls_north;
SELECT status, item, wallet FROM vend.try_refund(vend.id_from('seat 1'));
SET ROLE regress_rls_owner;
SELECT finding, key FROM vend.audit();
SELECT vend.detach_store('stage');
DROP SCHEMA shop, stage, mall CASCADE;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_rls_owner', current_database()); END $$;
DROP ROLE regress_rls_owner, regress_rls_north, regress_rls_south, regress_rls_blind, regress_rls_bypass;
