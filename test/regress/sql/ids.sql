-- Aim: uuid_v7() is time-ordered and of its version; id_from() is the standard's name-based id.
-- Guarantee: G4 (one order number, one id). RFC 9562, versions 7 and 5.
\set SHOW_CONTEXT never
WITH u AS MATERIALIZED (SELECT n, vend.uuid_v7() AS id FROM generate_series(1, 10000) n)
SELECT count(DISTINCT id) AS different, bool_and(substr(id::text, 15, 1) = '7') AS version_7, bool_and(substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) AS variant,
       (SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY n) AS before FROM u) p WHERE id <= before) AS out_of_order
FROM u;
-- The first 48 bits are milliseconds since 1970.
WITH u AS (SELECT clock_timestamp() AS before, vend.uuid_v7() AS id, clock_timestamp() AS after),
     t AS (SELECT before, after, ('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint AS ms FROM u)
SELECT ms BETWEEN extract(epoch FROM before) * 1000 - 5000 AND extract(epoch FROM after) * 1000 + 5000 AS now FROM t;
SELECT count(DISTINCT substr(id::text, 20)) > 900 AS random_tail FROM (SELECT vend.uuid_v7() AS id FROM generate_series(1, 1000)) u;
SELECT provolatile, proparallel FROM pg_proc WHERE oid = 'vend.uuid_v7()'::regprocedure;

-- A name has one id, always and everywhere; different names have different ones.
SELECT vend.id_from('order 1');
SELECT vend.id_from('order 1') = vend.id_from('order 1') AS same, vend.id_from('order 1') = vend.id_from('order 2') AS other;
SELECT vend.id_from('');
SELECT vend.id_from(NULL) IS NULL AS of_null;
SELECT substr(vend.id_from(n::text)::text, 15, 1) AS version, substr(vend.id_from(n::text)::text, 20, 1) AS variant, count(*) > 100 AS many
FROM generate_series(1, 1000) n GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(DISTINCT vend.id_from(n::text)) FROM generate_series(1, 10000) n;
SELECT vend.id_from(repeat('long ', 100000));
SELECT vend.id_from('order 1') = vend.id_from('order 1 ') AS trimmed, vend.id_from('order 1') = vend.id_from('ORDER 1') AS folded;

-- Ids are meant to be used like this: the order number makes the id.
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT status, id FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('order 1'));
SELECT status, id FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('order 1'));
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from(NULL));
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
