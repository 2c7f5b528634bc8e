-- Aim: columns, indexes and keys of the owner's on the tables of a store, with no code of his in them: under sales and
-- movements, in each lock mode, every column keeps its value, every index finds every row, every key that refers to a row
-- is upheld as under plain UPDATE.
-- Guarantees: G3, G6, G8 (plain tables, to which the owner adds what he likes).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(id || ' ' || stock, ', ' ORDER BY id COLLATE "C") FROM shop.item), (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet),
                     (SELECT count(*) || ' rows' FROM shop.ledger), (SELECT count(*) || ' findings' FROM vend.audit('shop')))
$$;
-- The function makes a sale in each mode, refused ones, and each movement.
CREATE FUNCTION shop.trade() RETURNS TABLE (answer text, n bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        SELECT p.status, count(*) FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, unnest(ARRAY[1, 2, 100000]) q, vend.try_purchase('lamp', 'alpha', q, lock_mode => m) p GROUP BY p.status
        UNION ALL SELECT kind, 1 FROM vend.restock('lamp', 3)
        UNION ALL SELECT kind, 1 FROM vend.deposit('alpha', 100)
        UNION ALL SELECT kind, 1 FROM vend.withdraw('alpha', 50)
        UNION ALL SELECT kind, 1 FROM vend.transfer('alpha', 'beta', 50)
        UNION ALL SELECT f.kind, 1 FROM vend.purchase('lamp', 'alpha', 5) p, vend.refund(p.id, 2) f
        UNION ALL SELECT 'nowait ' || status, 1 FROM vend.try_purchase('lamp', 'alpha', nowait => true);
END
$$;

-- The owner adds columns of every kind: some of them long, some dropped, some added with a default after the rows.
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE DOMAIN shop.code AS text CHECK (value ~ '^[a-z]+$');
CREATE TYPE shop.box AS (w int, h numeric);
ALTER TABLE shop.item ADD COLUMN gone text DEFAULT repeat('gone', 1000), ADD COLUMN size shop.size, ADD COLUMN code shop.code, ADD COLUMN box shop.box, ADD COLUMN tags text[], ADD COLUMN facts jsonb, ADD COLUMN story text, ADD COLUMN packed text, ADD COLUMN nothing text, ADD COLUMN period tstzrange, ADD COLUMN flag boolean, ADD COLUMN letter "char", ADD COLUMN real real;
ALTER TABLE shop.item ALTER COLUMN story SET STORAGE EXTERNAL;
INSERT INTO shop.item (id, price, stock, size, code, box, tags, facts, story, packed, period, flag, letter, real) VALUES
    ('lamp', 10, 1000, 'large', 'abc', ROW(3, 4.50), ARRAY['a', NULL, 'c'], '{"a": [1, 2, {"b": null}]}', repeat('0123456789', 5000), repeat('x', 100000), '[2026-01-01 00:00+00,2026-02-01 00:00+00)', true, 'z', 0.1),
    ('vase', 10, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
ALTER TABLE shop.item DROP COLUMN gone, ADD COLUMN added int NOT NULL DEFAULT 42, ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY, ADD COLUMN checked int DEFAULT 1 CHECK (checked > 0);
ALTER TABLE shop.wallet ADD COLUMN story text DEFAULT repeat('0123456789', 500), ADD COLUMN gone int DEFAULT 5;
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 0);
ALTER TABLE shop.wallet DROP COLUMN gone, ADD COLUMN added timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00';
CREATE VIEW shop.others AS
    SELECT 'item' AS what, i.id, to_jsonb(i) - ARRAY['stock', 'stock_version'] AS others FROM shop.item i
    UNION ALL SELECT 'wallet', w.id, to_jsonb(w) - 'balance' FROM shop.wallet w;
CREATE TABLE shop.before AS TABLE shop.others;
SELECT * FROM shop.trade();
SELECT shop.state();
SELECT o.what, o.id, o.others = b.others AS as_before FROM shop.others o JOIN shop.before b USING (what, id) ORDER BY what, id COLLATE "C";
SELECT length(story) AS story, length(packed) AS packed, (box).h, tags, size, version, stock_version, number, added FROM shop.item WHERE id = 'lamp';
-- The tables are vacuumed and rewritten.
VACUUM (FULL) shop.item;
VACUUM shop.wallet;
SELECT count(*) FROM shop.trade();
SELECT o.what, o.id, o.others = b.others AS as_before FROM shop.others o JOIN shop.before b USING (what, id) ORDER BY what, id COLLATE "C";
SELECT shop.state();

-- The owner adds indexes of every kind over what is written and what is not: each finds what a scan finds.
CREATE INDEX ON shop.item (stock);
CREATE INDEX ON shop.item (price) INCLUDE (stock);
CREATE INDEX ON shop.item (id) WHERE stock > 900;
CREATE INDEX ON shop.item ((stock * price), lower(id));
CREATE INDEX ON shop.item USING hash (stock);
CREATE INDEX ON shop.item USING brin (stock);
CREATE INDEX ON shop.item USING gin (tags);
CREATE UNIQUE INDEX ON shop.item (stock_version, id);
CREATE INDEX ON shop.wallet (balance DESC);
CREATE INDEX ON shop.wallet ((balance / 10)) WHERE balance > 0;
CREATE INDEX ON shop.ledger (at);
CREATE INDEX ON shop.ledger USING hash (id);
CREATE INDEX ON shop.ledger (kind, item) WHERE qty < 0;
CREATE FUNCTION shop.by_index(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
    by_scan text;
BEGIN
    SET LOCAL enable_seqscan = off;
    EXECUTE query INTO found;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_indexscan = off;
    SET LOCAL enable_indexonlyscan = off;
    SET LOCAL enable_bitmapscan = off;
    EXECUTE query INTO by_scan;
    RETURN CASE WHEN found IS NOT DISTINCT FROM by_scan THEN coalesce(found, 'nothing') ELSE format('%s by index, %s by scan', found, by_scan) END;
END
$$;
SELECT count(*) FROM shop.trade();
SELECT shop.state();
SELECT q AS query, shop.by_index(q) FROM (SELECT replace(replace(q, '$s', i.stock::text), '$b', w.balance::text) AS q FROM shop.item i, shop.wallet w, unnest(ARRAY[
    'SELECT id FROM shop.item WHERE stock = $s', 'SELECT count(*) FROM shop.item WHERE stock BETWEEN $s - 1 AND $s + 1', 'SELECT stock FROM shop.item WHERE price = 10 AND stock > 5', 'SELECT id FROM shop.item WHERE id = ''lamp'' AND stock > 900', 'SELECT id FROM shop.item WHERE stock * price = $s * 10',
    'SELECT id FROM shop.item WHERE tags @> ARRAY[''c'']', 'SELECT id FROM shop.wallet WHERE balance = $b', 'SELECT id FROM shop.wallet WHERE balance / 10 = $b / 10 AND balance > 0', 'SELECT count(*) FROM shop.ledger WHERE kind = ''purchase'' AND qty < 0 AND item = ''lamp''']) q WHERE i.id = 'lamp' AND w.id = 'alpha') x;
-- The new figure would break a key of the owner's.
CREATE UNIQUE INDEX once ON shop.item (stock);
UPDATE shop.item SET stock = (SELECT stock - 1 FROM shop.item WHERE id = 'lamp') WHERE id = 'vase';
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'optimistic');
\echo :SQLSTATE
DROP INDEX shop.once;

-- Keys of the owner's refer to the figures that a sale writes: they are upheld as under a plain UPDATE.
ALTER TABLE shop.item ADD UNIQUE (id, stock), ADD UNIQUE (id, stock_version);
ALTER TABLE shop.wallet ADD UNIQUE (id, balance);
CREATE TABLE shop.photo (id text, stock bigint, FOREIGN KEY (id, stock) REFERENCES shop.item (id, stock));
INSERT INTO shop.photo SELECT id, stock FROM shop.item WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'pessimistic');
\echo :SQLSTATE
SELECT kind FROM vend.restock('lamp', 1);
\echo :SQLSTATE
DROP TABLE shop.photo;
CREATE TABLE shop.mirror (id text, stock bigint, FOREIGN KEY (id, stock) REFERENCES shop.item (id, stock) ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE shop.purse (id text, balance bigint, FOREIGN KEY (id, balance) REFERENCES shop.wallet (id, balance) ON UPDATE CASCADE);
CREATE TABLE shop.edition (id text, stock_version bigint, FOREIGN KEY (id, stock_version) REFERENCES shop.item (id, stock_version) ON UPDATE SET NULL);
INSERT INTO shop.mirror SELECT id, stock FROM shop.item WHERE id = 'lamp';
INSERT INTO shop.purse SELECT id, balance FROM shop.wallet WHERE id = 'alpha';
INSERT INTO shop.edition SELECT id, stock_version FROM shop.item WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, lock_mode => 'optimistic');
SELECT m.stock = i.stock AS stock, p.balance = w.balance AS balance, e.stock_version FROM shop.mirror m JOIN shop.item i USING (id), shop.purse p JOIN shop.wallet w USING (id), shop.edition e;
DROP TABLE shop.mirror, shop.purse, shop.edition;

-- Another index makes the key, while the first goes.
CREATE UNIQUE INDEX second ON shop.item (id DESC) INCLUDE (price);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item DROP CONSTRAINT item_pkey;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT status FROM vend.try_purchase('ghost', 'alpha');
ALTER TABLE shop.item ADD PRIMARY KEY (id);
DROP INDEX shop.second;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
REINDEX TABLE CONCURRENTLY shop.item;
REINDEX TABLE CONCURRENTLY shop.ledger;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT shop.state();

-- The statement that calls vend writes or reads the very row.
INSERT INTO shop.item (id, price, stock) VALUES ('bowl', 10, 3) RETURNING (vend.try_purchase(id, 'alpha')).status;
WITH more AS (UPDATE shop.item SET stock = stock + 5 WHERE id = 'bowl' RETURNING id) SELECT id, (vend.try_purchase(id, 'alpha', 2)).status FROM more;
UPDATE shop.item SET price = 11 WHERE id = 'bowl' AND (SELECT status FROM vend.try_purchase(id, 'alpha')) = 'purchased';
\echo :SQLSTATE
DELETE FROM shop.item WHERE id = 'bowl' RETURNING (vend.try_purchase(id, 'alpha')).status;
SELECT item, sum(qty) FROM shop.ledger WHERE item = 'bowl' GROUP BY item;
SELECT shop.state();

-- One statement makes a thousand sales, each on what the one before it left; a savepoint undoes them.
BEGIN;
UPDATE shop.wallet SET balance = 1000000 WHERE id = 'alpha';
SAVEPOINT one;
SELECT p.status, count(*) FROM generate_series(1, 1000) n, vend.try_purchase('lamp', 'alpha', lock_mode => (ARRAY['atomic', 'pessimistic', 'optimistic'])[n % 3 + 1]) p GROUP BY p.status ORDER BY p.status;
SELECT stock, (SELECT balance FROM shop.wallet WHERE id = 'alpha') FROM shop.item WHERE id = 'lamp';
SELECT * FROM vend.audit();
ROLLBACK TO one;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ROLLBACK;
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
