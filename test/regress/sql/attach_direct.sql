-- Aim: the code that is there already goes on writing stock and balance of an attached store: journalled or refused, by every
-- kind of statement; users' triggers, checks, foreign keys with cascades and row level security stay in force, and the audit empty.
-- Guarantees: G3 (what a user's trigger does to an engine write), G6; section "Whose write is this?" (direct_writes).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_app;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO regress_vend_owner;
SET ROLE regress_vend_owner;
CREATE TABLE makers (id integer PRIMARY KEY, name text);
CREATE TABLE goods (sku text PRIMARY KEY, maker integer REFERENCES makers ON DELETE CASCADE ON UPDATE CASCADE, title text, price_cents integer NOT NULL CHECK (price_cents >= 0),
                    stock_qty integer NOT NULL DEFAULT 0 CHECK (stock_qty BETWEEN 0 AND 1000), mode text, edited timestamptz);
CREATE TABLE people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, credits numeric(12,2) NOT NULL DEFAULT 0);
CREATE TABLE baskets (sku text REFERENCES goods ON DELETE CASCADE ON UPDATE CASCADE, person bigint REFERENCES people ON DELETE CASCADE);
INSERT INTO makers VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO goods (sku, maker, price_cents, stock_qty) VALUES ('lamp', 1, 10, 50), ('vase', 2, 3, 9), ('sofa', 2, 90, 2), ('desk', 3, 70, 4);
INSERT INTO people (name, credits) VALUES ('alpha', 1000), ('beta', 20), ('gamma', 5);
INSERT INTO baskets VALUES ('lamp', 1), ('vase', 2);
SELECT vend.attach_store('shop', 'goods', stock => 'stock_qty', price => 'price_cents', lock_mode => 'mode', wallets => 'people', balance => 'credits');
-- The function shows what a statement adds to the ledger.
CREATE FUNCTION journalled(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    seen uuid[] := ARRAY(SELECT id FROM shop.ledger);
BEGIN
    EXECUTE statement;
    RETURN QUERY SELECT concat_ws(' ', kind, item, nullif(qty, 0), wallet, nullif(amount, 0)) FROM shop.ledger WHERE id <> ALL (seen) ORDER BY 1;
    IF EXISTS (SELECT FROM vend.audit('shop')) THEN RETURN NEXT 'which leaves findings'; END IF;
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE writes (n integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO writes (statement) VALUES
    ($$UPDATE goods SET stock_qty = stock_qty - 2 WHERE sku = 'lamp'$$), ($$UPDATE goods SET title = 'x'$$), ($$UPDATE goods SET stock_qty = stock_qty$$), ($$UPDATE goods SET stock_qty = stock_qty + 1$$),
    ($$UPDATE goods SET stock_qty = -1 WHERE sku = 'sofa'$$), ($$UPDATE goods SET stock_qty = 1001 WHERE sku = 'sofa'$$), ($$UPDATE goods SET stock_qty = NULL WHERE sku = 'sofa'$$), ($$UPDATE people SET credits = credits * 1.05 WHERE name = 'beta'$$),
    ($$INSERT INTO goods (sku, price_cents) VALUES ('chair', 5)$$), ($$INSERT INTO goods (sku, price_cents, stock_qty) VALUES ('stool', 5, 7), ('shelf', 5, 1)$$), ($$INSERT INTO people (name, credits) VALUES ('delta', 12.34)$$),
    ($$INSERT INTO goods (sku, price_cents, stock_qty) VALUES ('lamp', 5, 7), ('bench', 5, 1) ON CONFLICT (sku) DO UPDATE SET stock_qty = goods.stock_qty + excluded.stock_qty$$),
    ($$INSERT INTO goods (sku, price_cents, stock_qty) VALUES ('lamp', 5, 7), ('couch', 5, 1) ON CONFLICT DO NOTHING$$),
    ($$MERGE INTO goods g USING (VALUES ('lamp', 3), ('vase', 0), ('throne', 1)) v (sku, n) ON g.sku = v.sku WHEN MATCHED AND v.n = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET stock_qty = v.n WHEN NOT MATCHED THEN INSERT (sku, price_cents, stock_qty) VALUES (v.sku, 1, v.n)$$),
    ($$WITH gone AS (DELETE FROM goods WHERE sku IN ('stool', 'shelf') RETURNING stock_qty) UPDATE goods SET stock_qty = stock_qty + (SELECT sum(stock_qty) FROM gone) WHERE sku = 'lamp'$$),
    ($$UPDATE goods SET sku = 'light', stock_qty = 4 WHERE sku = 'lamp'$$), ($$UPDATE makers SET id = 20 WHERE id = 2$$), ($$DELETE FROM makers WHERE id = 20$$), ($$DELETE FROM people WHERE name = 'beta'$$),
    ($$UPDATE goods SET sku = CASE sku WHEN 'desk' THEN 'desk' ELSE sku || '2' END WHERE sku IN ('desk', 'bench')$$), ($$DO 'BEGIN UPDATE goods SET stock_qty = 9 WHERE sku = ''desk''; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END'$$),
    ($$DELETE FROM goods WHERE sku = 'chair'$$), ($$TRUNCATE goods CASCADE$$), ($$TRUNCATE people CASCADE$$);
SELECT * FROM (SELECT n, statement, j.entry FROM writes, journalled(statement) j (entry) UNION ALL SELECT n, statement, NULL FROM writes) w WHERE entry IS NOT NULL OR n IN (2, 3, 9, 17, 21, 22) ORDER BY n, entry COLLATE "C";
SELECT * FROM baskets;
COPY goods (sku, price_cents, stock_qty) FROM STDIN;
lamp	10	50
vase	3	9
sofa	90	2
desk	70	4
\.
INSERT INTO people (name, credits) VALUES ('alpha', 1000), ('beta', 20), ('gamma', 5);
SELECT min(id) AS alpha FROM people \gset
SELECT item, sum(qty) FROM shop.ledger WHERE item IS NOT NULL GROUP BY item HAVING sum(qty) <> 0 ORDER BY item COLLATE "C";
SELECT * FROM vend.audit();

-- Nobody writes the stock of an item in escrow, in whatever way.
SELECT vend.set_lock_mode('vase', 'escrow'), vend.set_lock_mode('sofa', 'escrow');
SELECT status FROM vend.try_purchase('vase', :alpha);
SELECT j.* FROM unnest(ARRAY[$$UPDATE goods SET stock_qty = 5 WHERE sku = 'vase'$$, $$INSERT INTO goods VALUES ('vase', NULL, NULL, 1, 7) ON CONFLICT (sku) DO UPDATE SET stock_qty = 7$$, $$MERGE INTO goods g USING (VALUES ('vase')) v (sku) ON g.sku = v.sku WHEN MATCHED THEN UPDATE SET stock_qty = 3$$]) s, journalled(s) j;
UPDATE goods SET title = 'The vase', price_cents = 4 WHERE sku = 'vase';
SELECT j.* FROM journalled($$UPDATE goods SET sku = 'vases' WHERE sku = 'vase'$$) j;
SELECT vend.available('vases');
SELECT j.* FROM journalled($$DELETE FROM goods WHERE sku = 'sofa'$$) j;
SELECT status FROM vend.try_purchase('sofa', :alpha);
SELECT j.* FROM journalled($$UPDATE goods SET sku = 'vase', mode = NULL WHERE sku = 'vases'$$) j;
SELECT sku, stock_qty FROM goods WHERE sku = 'vase';

-- Triggers of the users change other columns, write elsewhere and back, and suppress or alter what the engine writes.
CREATE TABLE log (what text);
CREATE FUNCTION edited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.edited := '2026-01-01 00:00+00'; RETURN NEW; END $$;
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (concat_ws(' ', TG_OP, TG_TABLE_NAME)); RETURN NULL; END $$;
CREATE FUNCTION gift() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.people SET credits = credits + 0.5 WHERE name = 'gamma'; RETURN NULL; END $$;
CREATE TRIGGER edited BEFORE UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION edited();
CREATE TRIGGER logged AFTER INSERT OR UPDATE OR DELETE ON goods FOR EACH STATEMENT EXECUTE FUNCTION logged();
CREATE TRIGGER logged AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION logged();
CREATE TRIGGER gift AFTER UPDATE OF stock_qty ON goods FOR EACH ROW WHEN (new.stock_qty < old.stock_qty) EXECUTE FUNCTION gift();
WITH j AS (SELECT stock FROM vend.restock('lamp', 1)) SELECT m, status, j.stock FROM j, unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', :alpha, 2, lock_mode => m);
SELECT what, count(*) FROM log GROUP BY what ORDER BY what;
SELECT credits FROM people WHERE name = 'gamma';
SELECT edited IS NOT NULL FROM goods WHERE sku = 'lamp';
SELECT status FROM vend.purchase_many('{lamp,vase}', ARRAY[:alpha, :alpha]);
SELECT buyer IS NOT NULL FROM vend.checkout(:alpha, '{lamp,vase}');
SELECT * FROM vend.audit();
CREATE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stock_qty := NEW.stock_qty - 1; RETURN NEW; END $$;
CREATE TRIGGER altered BEFORE UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION altered();
SELECT status FROM vend.try_purchase('lamp', :alpha);
\echo :SQLSTATE
SELECT j.* FROM journalled($$UPDATE goods SET stock_qty = 40 WHERE sku = 'lamp'$$) j;
CREATE OR REPLACE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SELECT status FROM vend.try_purchase('lamp', :alpha);
\echo :SQLSTATE
SELECT vend.restock('lamp', 1);
\echo :SQLSTATE
SELECT j.* FROM journalled($$UPDATE goods SET stock_qty = 41 WHERE sku = 'lamp'$$) j;
CREATE OR REPLACE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sku := 'x' || NEW.sku; RETURN NEW; END $$;
SELECT status FROM vend.try_purchase('lamp', :alpha);
\echo :SQLSTATE
DROP TRIGGER altered ON goods;
SELECT status FROM vend.try_purchase('lamp', :alpha);
-- A check of the users' is stricter than the rules.
ALTER TABLE goods ADD CONSTRAINT reserve CHECK (sku <> 'desk' OR stock_qty >= 3);
SELECT status FROM vend.try_purchase('desk', :alpha, 2);
\echo :SQLSTATE
SELECT vend.restock('lamp', 990);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('desk', :alpha, 1);
SELECT * FROM vend.audit();

-- Row level security does not bind the engine, which is the owner and sees all rows. The application writes what it may, and that is journalled.
ALTER TABLE goods ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON goods FOR ALL TO regress_vend_app USING (sku <> 'desk');
GRANT SELECT, UPDATE, INSERT, DELETE ON goods TO regress_vend_app;
GRANT INSERT ON log TO regress_vend_app;
SELECT vend.grant_role('buyer', 'regress_vend_app');
SET ROLE regress_vend_app;
UPDATE goods SET stock_qty = stock_qty + 1;
SELECT item, qty FROM vend.purchase('desk', :alpha, 0 + 1);
\echo :SQLSTATE
SELECT item, qty FROM vend.purchase('lamp', :alpha);
SET ROLE regress_vend_owner;
ALTER TABLE goods FORCE ROW LEVEL SECURITY;
SELECT item, qty FROM vend.purchase('lamp', :alpha);
\echo :SQLSTATE
ALTER TABLE goods NO FORCE ROW LEVEL SECURITY;
SELECT * FROM vend.audit();
SELECT sku, stock_qty FROM goods ORDER BY sku;

-- If direct writes are refused, a write that moves no units and no money still passes.
DROP TRIGGER gift ON goods;
SELECT vend.reattach_store('shop', direct_writes => 'refuse');
TRUNCATE writes;
INSERT INTO writes (statement) VALUES
    ($$UPDATE goods SET stock_qty = 1 WHERE sku = 'lamp'$$), ($$UPDATE goods SET stock_qty = stock_qty, title = 'y'$$), ($$UPDATE goods SET sku = 'l' WHERE sku = 'lamp'$$), ($$DELETE FROM goods WHERE sku = 'lamp'$$), ($$INSERT INTO goods (sku, price_cents, stock_qty) VALUES ('new', 1, 1)$$),
    ($$INSERT INTO goods (sku, price_cents) VALUES ('new', 1)$$), ($$DELETE FROM goods WHERE sku = 'new'$$), ($$INSERT INTO goods (sku, price_cents) VALUES ('lamp', 1) ON CONFLICT (sku) DO UPDATE SET stock_qty = 5$$), ($$MERGE INTO goods g USING (VALUES ('lamp')) v (sku) ON g.sku = v.sku WHEN MATCHED THEN UPDATE SET stock_qty = 3$$),
    ($$UPDATE people SET credits = credits + 1$$), ($$UPDATE people SET name = name || '1' WHERE name = 'beta'$$), ($$DELETE FROM people WHERE name = 'gamma'$$), ($$TRUNCATE goods CASCADE$$), ($$TRUNCATE people CASCADE$$), ($$DELETE FROM people WHERE credits = 0$$);
SELECT n, statement, coalesce(j.entry, 'no entry') AS entry FROM writes LEFT JOIN LATERAL journalled(statement) j (entry) ON true ORDER BY n;
SELECT status FROM vend.try_purchase('lamp', :alpha);
SELECT kind FROM vend.restock('lamp', 1);
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
UPDATE goods SET stock_qty = 5;
TRUNCATE goods CASCADE;
RESET ROLE;
SET client_min_messages = error;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP OWNED BY regress_vend_owner, regress_vend_app CASCADE;
DROP ROLE regress_vend_owner, regress_vend_app;
