-- Aim: whatever plan PostgreSQL makes, a call that writes is made once for each row that is told, or the statement is an
-- error and nothing is written; and no query is refused whose plan is sound.
-- Section "Calls and the rows beside them"; G3, G4.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 100000);
INSERT INTO shop.wallet VALUES ('ann', 100000), ('bob', 100000), ('w', 100000);
CREATE TABLE basket (n int PRIMARY KEY, items text[], buyers text[]);
INSERT INTO basket SELECT g, '{lamp}', CASE g % 2 WHEN 0 THEN '{ann}' ELSE '{bob}' END::text[] FROM generate_series(1, 200) g;
CREATE TABLE todo (n int PRIMARY KEY, item text, buyer text);
INSERT INTO todo SELECT g, 'lamp', CASE g % 2 WHEN 0 THEN 'ann' ELSE 'bob' END FROM generate_series(1, 20) g;
CREATE TABLE customer (id text PRIMARY KEY, blocked boolean);
INSERT INTO customer VALUES ('ann', true), ('bob', false);
CREATE TABLE orders (id int PRIMARY KEY, item text, buyer text, status text, sale uuid);
INSERT INTO orders SELECT g, 'lamp', 'w', NULL, vend.id_from('order ' || g) FROM generate_series(1, 5) g;
ANALYZE basket, todo, customer, orders;
CREATE FUNCTION pg_temp.sold() RETURNS bigint LANGUAGE sql AS $$ SELECT count(DISTINCT id) FROM shop.ledger WHERE kind <> 'adjustment' $$;
-- The function shows the rows that a statement tells, and what it sells; or its error.
CREATE FUNCTION pg_temp.ask(statement text, OUT told bigint, OUT sold bigint, OUT code text, OUT detail text) LANGUAGE plpgsql AS $$
DECLARE
    earlier bigint := pg_temp.sold();
BEGIN
    BEGIN
        EXECUTE statement;
        GET DIAGNOSTICS told = ROW_COUNT;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code := RETURNED_SQLSTATE, detail := PG_EXCEPTION_DETAIL;
    END;
    sold := pg_temp.sold() - earlier;
END
$$;
CREATE TABLE pg_temp.query (n int GENERATED ALWAYS AS IDENTITY, sql text);
CREATE FUNCTION pg_temp.ask_all(OUT n int, OUT told bigint, OUT sold bigint, OUT code text, OUT detail text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    q record;
BEGIN
    FOR q IN SELECT * FROM pg_temp.query ORDER BY query.n LOOP
        n := q.n;
        SELECT a.* INTO told, sold, code, detail FROM pg_temp.ask(q.sql) a;
        RETURN NEXT;
    END LOOP;
    TRUNCATE pg_temp.query RESTART IDENTITY;
END
$$;

-- Equal arguments beside the rows of a table make one sale for each row.
SELECT status, count(*) FROM basket, vend.purchase_many(items, buyers) GROUP BY 1;
SELECT pg_temp.sold();
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT status FROM basket, vend.purchase_many(items, buyers)$$),
    ($$SELECT status FROM basket, vend.transfer_many('{w}', buyers, '{1}')$$),
    ($$SELECT status FROM basket, vend.try_purchase('lamp', buyers[1])$$),
    ($$SELECT status FROM basket, LATERAL (SELECT status FROM vend.try_purchase('lamp', buyers[1]) LIMIT 1) s$$),
    ($$SELECT status FROM basket, LATERAL (SELECT (vend.try_purchase('lamp', buyers[1])).status LIMIT 1) s$$),
    ($$SELECT status FROM basket, LATERAL (SELECT status FROM (SELECT (vend.try_purchase('lamp', buyers[1])).status OFFSET 0) x LIMIT 1) s$$),
    ($$SELECT j FROM basket, jsonb_path_query(to_jsonb(vend.try_purchase('lamp', buyers[1])), '$.status') j$$);
SELECT * FROM pg_temp.ask_all();
-- Rows that are left out are left out before the call.
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE t.buyer IN (SELECT id FROM customer WHERE NOT blocked)$$),
    ($$SELECT t.n, o.status FROM todo t JOIN customer c ON c.id = t.buyer AND NOT c.blocked, vend.try_purchase(t.item, t.buyer) o$$),
    ($$SELECT b.n, o.status FROM basket b, vend.try_purchase('lamp', b.buyers[1]) o WHERE b.buyers[1] IN (SELECT id FROM customer WHERE NOT blocked)$$),
    ($$SELECT t.n, o.status FROM todo t JOIN customer c ON c.id = t.buyer, vend.try_purchase(t.item, t.buyer) o$$),
    ($$SELECT t.n, o.status FROM todo t JOIN shop.item i ON i.id = t.item, vend.try_purchase(t.item, t.buyer) o$$),
    ($$UPDATE orders SET status = o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE orders.id = t.n$$),
    ($$SELECT b.n, o.status FROM basket b JOIN todo t USING (n), vend.try_purchase('lamp', t.buyer) o$$),
    ($$SELECT b.n, o.status FROM basket b, vend.purchase_many(b.items, b.buyers) o WHERE EXISTS (SELECT FROM todo t WHERE t.n = b.n)$$),
    ($$SELECT b.n, o.status FROM basket b, vend.purchase_many(b.items, b.buyers) o WHERE NOT EXISTS (SELECT FROM todo t WHERE t.n = b.n)$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o ORDER BY t.n LIMIT 3$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o LIMIT 3$$),
    ($$SELECT t.n, (vend.try_purchase(t.item, t.buyer)).status FROM todo t ORDER BY t.buyer, t.n LIMIT 3$$);
SELECT * FROM pg_temp.ask_all();

-- One call told for many rows, and calls that the query throws away, are refused.
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT status FROM generate_series(1, 10), vend.try_purchase('lamp', 'ann')$$),
    ($$SELECT status FROM todo t LEFT JOIN vend.try_purchase('lamp', 'ann') ON true$$),
    ($$SELECT s.status FROM todo t, LATERAL (SELECT o.status, t.n FROM vend.try_purchase('lamp', 'ann') o OFFSET 0) s$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o ORDER BY o.at LIMIT 3$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o LIMIT 3 OFFSET 2$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o ORDER BY t.n FETCH FIRST 3 ROWS WITH TIES$$),
    ($$SELECT DISTINCT ON (t.buyer) t.buyer, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o$$),
    ($$SELECT DISTINCT ON (t.buyer) o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o$$),
    ($$SELECT * FROM (SELECT o.status, row_number() OVER (ORDER BY t.n) AS r FROM todo t, vend.try_purchase(t.item, t.buyer) o) s WHERE r <= 3$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE random() < 2$$),
    ($$SELECT t.n, o.status FROM todo t LEFT JOIN LATERAL vend.try_purchase(t.item, t.buyer) o ON t.n > 10$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o FOR UPDATE OF t SKIP LOCKED$$),
    ($$SELECT status FROM vend.purchase_many('{lamp,lamp}', '{ann,bob}') LIMIT 1$$),
    ($$SELECT n, (SELECT status FROM vend.try_purchase('lamp', 'ann')) FROM todo$$),
    ($$SELECT n, (SELECT status || n FROM vend.try_purchase('lamp', 'ann')) FROM todo$$),
    ($$UPDATE orders SET status = (SELECT status FROM vend.try_purchase('lamp', 'w'))$$),
    ($$INSERT INTO orders (id, status) SELECT n + 100, (SELECT status FROM vend.try_purchase('lamp', 'w')) FROM todo$$),
    ($$UPDATE orders SET item = 'lamp' RETURNING (SELECT status FROM vend.try_purchase('lamp', 'w'))$$),
    ($$INSERT INTO orders (id, status) SELECT n, o.status FROM todo, vend.try_purchase(todo.item, todo.buyer) o ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO orders (id, item, status) SELECT n, c.id, o.status FROM todo CROSS JOIN LATERAL vend.try_purchase(todo.item, todo.buyer) o LEFT JOIN customer c ON c.id = o.buyer ON CONFLICT DO NOTHING$$),
    ($$SELECT c.n FROM todo t CROSS JOIN LATERAL (SELECT o.id FROM vend.try_purchase(t.item, 'ann') o, LATERAL (SELECT count(*) FROM customer WHERE id = o.buyer) n) p JOIN todo c ON true$$),
    ($$INSERT INTO orders (id, status) VALUES (1, (SELECT status FROM vend.try_purchase('lamp', 'w'))) ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO orders (id) SELECT n FROM todo ON CONFLICT (id) DO UPDATE SET status = (SELECT status FROM vend.try_purchase('lamp', 'w'))$$),
    ($$UPDATE orders SET status = o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE orders.id = t.n % 2 + 1$$),
    ($$MERGE INTO orders USING todo ON orders.id = todo.n WHEN MATCHED THEN UPDATE SET status = (SELECT status FROM vend.try_purchase(todo.item, 'w'))$$);
SELECT * FROM pg_temp.ask_all();

-- Calls in expressions, which see no plan, are refused by the query.
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT (vend.purchase('lamp', 'ann')).*$$),
    ($$INSERT INTO orders (sale, item) SELECT (p).id, (p).item FROM (SELECT (vend.purchase('lamp', 'ann')).*) p$$),
    ($$UPDATE orders SET item = 'lamp' WHERE id = 1 RETURNING (vend.purchase('lamp', 'ann')).*$$),
    ($$UPDATE orders SET status = (vend.try_purchase(item, 'w')).status WHERE id = 1$$),
    ($$UPDATE orders SET status = (SELECT (vend.try_purchase(item, 'w')).status) WHERE id = 1$$),
    ($$DELETE FROM orders WHERE id = 1 AND (vend.try_purchase(item, 'w')).status = 'purchased'$$),
    ($$SELECT (vend.try_purchase(item, buyer)).status FROM todo FOR UPDATE SKIP LOCKED$$),
    ($$MERGE INTO orders USING todo ON orders.id = todo.n WHEN MATCHED THEN UPDATE SET status = (vend.try_purchase(todo.item, 'w')).status$$),
    ($$INSERT INTO orders (id, status) SELECT n, (vend.try_purchase(item, buyer)).status FROM todo ON CONFLICT DO NOTHING$$),
    ($$INSERT INTO orders (id, status) VALUES (1, (vend.try_purchase('lamp', 'w')).status) ON CONFLICT DO NOTHING$$),
    ($$SELECT (p).status FROM todo t, LATERAL (SELECT vend.try_purchase(t.item, t.buyer) AS p OFFSET 0) s WHERE t.buyer IN (SELECT id FROM customer WHERE NOT blocked)$$),
    ($$SELECT n, (p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo) s JOIN customer c ON c.id = (p).buyer$$),
    ($$UPDATE orders SET status = (s.p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo) s WHERE s.n = orders.id$$),
    ($$SELECT n, (p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo) s ORDER BY n LIMIT 3$$),
    ($$SELECT (vend.try_purchase(item, buyer)).status FROM todo OFFSET 2$$),
    ($$SELECT (vend.try_purchase(item, buyer)).at FROM todo ORDER BY 1 LIMIT 3$$),
    ($$SELECT DISTINCT ON (buyer) buyer, (vend.try_purchase(item, buyer)).status FROM todo$$),
    ($$SELECT (vend.try_purchase(item, buyer)).status FROM todo ORDER BY buyer FETCH FIRST 3 ROWS WITH TIES$$),
    ($$SELECT t.n FROM todo t JOIN customer c ON c.id = t.buyer AND NOT c.blocked WHERE (vend.try_purchase(t.item, t.buyer)).status = 'purchased'$$),
    ($$SELECT t.n FROM todo t JOIN customer c ON c.id = t.buyer AND NOT c.blocked WHERE (SELECT status FROM vend.try_purchase(t.item, t.buyer)) = 'purchased'$$),
    ($$SELECT t.n FROM todo t WHERE (SELECT status FROM vend.try_purchase(t.item, t.buyer)) = 'purchased' ORDER BY t.n DESC, t.item LIMIT 3$$);
SET enable_indexscan = off;
SELECT * FROM pg_temp.ask_all();
RESET enable_indexscan;
SELECT * FROM generate_series(1, 10), vend.try_purchase('lamp', 'ann');
SELECT (vend.purchase('lamp', 'ann')).*;
UPDATE orders SET status = (vend.try_purchase(item, 'w')).status WHERE id = 1;
INSERT INTO orders (id, status) VALUES (1, (vend.try_purchase('lamp', 'w')).status) ON CONFLICT DO NOTHING;

-- A planner that has it wrong is noticed by the call: the support function is taken away.
BEGIN;
UPDATE pg_proc SET prosupport = 0 WHERE pronamespace = 'vend'::regnamespace AND proname ~ 'purchase|transfer';
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT status FROM basket, vend.purchase_many(items, buyers)$$),
    ($$SELECT status FROM basket, vend.transfer_many('{w}', buyers, '{1}')$$),
    ($$SELECT status FROM basket, LATERAL (SELECT status FROM vend.try_purchase('lamp', buyers[1]) LIMIT 1) s$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE t.buyer IN (SELECT id FROM customer WHERE NOT blocked)$$);
SET LOCAL enable_hashagg = off;
SELECT * FROM pg_temp.ask_all();
SET LOCAL enable_indexscan = off;
SET LOCAL enable_memoize = off;
INSERT INTO pg_temp.query (sql) VALUES ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o ORDER BY t.n LIMIT 3$$);
SET LOCAL enable_nestloop = off;
INSERT INTO pg_temp.query (sql) VALUES ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE t.buyer IN (SELECT id FROM customer WHERE NOT blocked)$$);
SELECT * FROM pg_temp.ask_all();
ROLLBACK;
TRUNCATE pg_temp.query RESTART IDENTITY;

-- Sound queries are not refused.
CREATE VIEW sale AS SELECT id, status FROM vend.try_purchase('lamp', 'ann');
CREATE TABLE done (n int, status text);
INSERT INTO pg_temp.query (sql) VALUES
    ($$SELECT * FROM vend.purchase('lamp', 'ann')$$),
    ($$SELECT vend.purchase('lamp', 'ann')$$),
    ($$SELECT (vend.purchase('lamp', 'ann')).id$$),
    ($$SELECT (s.p).* FROM (SELECT vend.purchase('lamp', 'ann') AS p) s$$),
    ($$SELECT * FROM sale$$),
    ($$SELECT * FROM vend.try_purchase('lamp', 'ann') ORDER BY 1 LIMIT 1$$),
    ($$SELECT a.id, b.id FROM vend.try_purchase('lamp', 'ann') a, vend.restock('lamp', 1) b$$),
    ($$SELECT (SELECT status FROM vend.try_purchase('lamp', 'ann'))$$),
    ($$SELECT status FROM vend.purchase_many('{lamp,lamp}', '{ann,bob}') ORDER BY buyer$$),
    ($$SELECT o.status, c.blocked FROM vend.purchase_many('{lamp,lamp}', '{ann,bob}') o JOIN customer c ON c.id = o.buyer$$),
    ($$SELECT o.status, i.stock FROM vend.try_purchase('lamp', 'ann') o LEFT JOIN shop.item i ON i.id = o.item$$),
    ($$SELECT t.n, o.status FROM todo t CROSS JOIN LATERAL vend.try_purchase(t.item, t.buyer, id => vend.id_from('todo ' || t.n)) o ORDER BY o.at$$),
    ($$SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o WHERE o.status = 'purchased'$$),
    ($$SELECT t.n, o.status, r.stock FROM todo t, vend.try_purchase(t.item, t.buyer) o, vend.restock(o.item, 1) r$$),
    ($$SELECT t.n, o.status, c.blocked FROM todo t CROSS JOIN LATERAL vend.try_purchase(t.item, t.buyer) o LEFT JOIN customer c ON c.id = t.buyer$$),
    ($$SELECT t.n, o.status, b.n FROM todo t CROSS JOIN LATERAL vend.try_purchase(t.item, t.buyer) o LEFT JOIN LATERAL (SELECT n FROM basket WHERE buyers[1] = t.buyer LIMIT 1) b ON true$$),
    ($$SELECT t.n, o.status, b.count FROM todo t CROSS JOIN LATERAL vend.try_purchase(t.item, t.buyer) o CROSS JOIN LATERAL (SELECT count(*) FROM basket WHERE buyers[1] = t.buyer OFFSET 0) b$$),
    ($$SELECT t.n, a.status, b.stock FROM todo t, vend.try_purchase(t.item, t.buyer) a, vend.restock(t.item, 1) b$$),
    ($$SELECT t.n, o.status FROM todo t, LATERAL (SELECT t.item || '' AS k OFFSET 0) z, vend.try_purchase(z.k, t.buyer) o$$),
    ($$SELECT v.item, o.status FROM (VALUES ('lamp'), ('lamp')) v(item), vend.try_purchase(v.item, 'ann') o$$),
    ($$SELECT t.n, (SELECT status FROM vend.try_purchase(t.item, t.buyer)) FROM todo t$$),
    ($$SELECT t.n FROM todo t WHERE (SELECT status FROM vend.try_purchase(t.item, t.buyer)) = 'purchased'$$),
    ($$SELECT t.n FROM todo t WHERE (vend.try_purchase(t.item, t.buyer)).status = 'purchased'$$),
    ($$SELECT n, (p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo) s WHERE n < 4$$),
    ($$SELECT n, (p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo) s LIMIT 3$$),
    ($$SELECT t.n, (vend.try_purchase(t.item, t.buyer)).status FROM todo t JOIN customer c ON c.id = t.buyer AND NOT c.blocked$$),
    ($$INSERT INTO done SELECT n, (p).status FROM (SELECT n, vend.try_purchase(item, buyer) AS p FROM todo ORDER BY n LIMIT 3) s$$),
    ($$SELECT c.status, l.item FROM vend.try_checkout('ann', '{lamp}') c LEFT JOIN LATERAL unnest(c.lines) WITH ORDINALITY l(item, qty, unit_price, amount, n) ON true ORDER BY l.n$$),
    ($$SELECT t.n FROM todo t WHERE EXISTS (SELECT FROM vend.try_purchase(t.item, t.buyer) o WHERE o.status = 'purchased')$$),
    ($$SELECT status FROM vend.try_purchase('lamp', 'ann') UNION ALL SELECT status FROM vend.try_purchase('lamp', 'ann')$$),
    ($$SELECT t.n, o.status, count(*) OVER () FROM todo t, vend.try_purchase(t.item, t.buyer) o$$),
    ($$WITH t AS MATERIALIZED (SELECT * FROM todo ORDER BY n LIMIT 3) SELECT t.n, o.status FROM t, vend.try_purchase(t.item, t.buyer) o$$),
    ($$WITH t AS MATERIALIZED (SELECT * FROM todo FOR UPDATE SKIP LOCKED) SELECT t.n, o.status FROM t, vend.try_purchase(t.item, t.buyer) o$$),
    ($$INSERT INTO done SELECT n, status FROM todo, vend.try_purchase(todo.item, todo.buyer)$$),
    ($$INSERT INTO done (status) SELECT status FROM vend.purchase_many('{lamp,lamp}', '{ann,bob}')$$),
    ($$INSERT INTO done VALUES (1, (SELECT status FROM vend.try_purchase('lamp', 'ann')))$$),
    ($$INSERT INTO done VALUES (1, (vend.try_purchase('lamp', 'ann')).status) RETURNING (vend.try_purchase('lamp', 'ann')).status$$),
    ($$INSERT INTO orders (id, item, status) SELECT 50, item, status FROM vend.try_purchase('lamp', 'ann') ON CONFLICT DO NOTHING$$),
    ($$UPDATE orders SET status = (SELECT status FROM vend.try_purchase(item, 'w'))$$),
    ($$UPDATE orders SET status = (SELECT status FROM vend.try_purchase('lamp', 'w')) WHERE id = 1$$),
    ($$UPDATE orders SET status = (SELECT status FROM vend.try_purchase('lamp', 'w')) WHERE id = 99$$),
    ($$UPDATE orders SET status = CASE WHEN id = 1 THEN (SELECT status FROM vend.try_purchase(item, 'w')) END WHERE id < 3$$),
    ($$UPDATE orders SET status = o.status FROM vend.purchase_many('{lamp,lamp}', '{w,w}', ids => ARRAY[vend.id_from('order 1'), vend.id_from('order 2')]) o WHERE orders.sale = o.id$$),
    ($$WITH o AS (SELECT id, vend.try_purchase(item, 'w', id => sale) AS p FROM orders WHERE id IN (3, 4)) UPDATE orders SET status = (o.p).status FROM o WHERE o.id = orders.id$$),
    ($$DELETE FROM orders WHERE id = 5 RETURNING (vend.restock(item, 1)).stock$$),
    ($$WITH t AS (SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o) MERGE INTO done USING t ON done.n = t.n AND done.n > 99 WHEN NOT MATCHED THEN INSERT VALUES (t.n, t.status)$$);
SELECT * FROM pg_temp.ask_all();
-- The answers can be added up.
SELECT t.buyer, o.status, count(*) FROM todo t, vend.try_purchase(t.item, t.buyer) o GROUP BY 1, 2 ORDER BY 1 LIMIT 1;
SELECT DISTINCT o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o;
SELECT EXISTS (SELECT FROM vend.purchase_many('{lamp,lamp}', '{ann,bob}') WHERE status <> 'purchased');
-- Plans are kept; cursors make the calls whose rows are fetched.
PREPARE buy (text) AS SELECT status FROM vend.try_purchase('lamp', $1);
SET plan_cache_mode = force_generic_plan;
EXECUTE buy ('ann');
EXECUTE buy ('bob');
RESET plan_cache_mode;
SELECT pg_temp.sold() AS earlier \gset
BEGIN;
DECLARE c CURSOR FOR SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o;
FETCH 2 FROM c;
FETCH 1 FROM c;
COMMIT;
SELECT pg_temp.sold() - :earlier AS sold;
DO $$
DECLARE
    t record;
    o vend.outcome;
    counted int := 0;
BEGIN
    FOR t IN SELECT * FROM todo LOOP
        SELECT * INTO o FROM vend.try_purchase(t.item, t.buyer);
        counted := counted + (o.status = 'purchased')::int;
    END LOOP;
    o := vend.try_purchase('lamp', 'ann');
    PERFORM * FROM vend.try_purchase('lamp', 'ann');
    RAISE WARNING '% purchased', counted;
END
$$;
SELECT pg_temp.sold() - :earlier AS sold;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT t.n, o.status FROM todo t, vend.try_purchase(t.item, t.buyer) o;
-- A trigger of the owner puts the row somewhere else.
CREATE FUNCTION divert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO done VALUES (new.id, new.status); RETURN NULL; END $$;
CREATE TRIGGER divert BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION divert();
INSERT INTO orders (id, status) SELECT 60, status FROM vend.try_purchase('lamp', 'ann') RETURNING id;
SELECT * FROM done WHERE n = 60;

-- No function that writes is forgotten: each has the support function, and looks at its plan.
SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'vend'::regnamespace AND provolatile = 'v' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
    AND (prosupport <> 'vend.call_support'::regproc OR proparallel <> 'u') ORDER BY proname;
CREATE FUNCTION pg_temp.beside_rows(function pg_proc) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT * FROM generate_series(1, 2), vend.%I(%s)', function.proname,
        (SELECT string_agg(format('NULL::%s', CASE t WHEN '"any"'::regtype THEN 'bigint' ELSE t::text END), ', ' ORDER BY i) FROM unnest(function.proargtypes::oid[]::regtype[]) WITH ORDINALITY u (t, i)));
    RETURN 'allowed';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SELECT pg_temp.beside_rows(p) AS code, count(*) > 50 AS many, string_agg(DISTINCT proname, ' ' ORDER BY proname) FILTER (WHERE pg_temp.beside_rows(p) <> '0A000') AS functions FROM pg_proc p
    WHERE pronamespace = 'vend'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype) GROUP BY 1 ORDER BY 1;
SELECT finding FROM vend.audit('shop');
DEALLOCATE buy;
DROP VIEW sale;
DROP TABLE basket, todo, customer, orders, done;
DROP FUNCTION divert();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
