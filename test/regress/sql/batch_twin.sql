-- Aim: a batch on one store gives what the same requests give one by one on its twin: statuses, details, prices, amounts,
-- balances, and in the end stock, wallets and ledger. Several hundred requests by chance, always the same ones, in all lock modes
-- at once, with ids that come back, prices that change or are stated, and batches that remember. On stores that vend made, and on attached ones with
-- integer stock, numeric(12,2) money and uuid keys.
-- Guarantees: G1, G2, G4 (once), G6. Both decide by core/decision.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE SCHEMA chance;
-- The function draws a number from 0 to below - 1.
CREATE FUNCTION chance.draw(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint % below)::int $$;
CREATE TABLE chance.request (n int PRIMARY KEY, item text, buyer text, qty bigint, id uuid, max_price numeric, unit_price numeric, amount numeric);
INSERT INTO chance.request
SELECT n,
       CASE chance.draw('item ' || n, 40) WHEN 0 THEN NULL WHEN 1 THEN 'ghost' WHEN 2 THEN 'palace' ELSE 'i' || chance.draw('which ' || n, 12) END,
       CASE chance.draw('buyer ' || n, 40) WHEN 0 THEN NULL WHEN 1 THEN 'nobody' ELSE 'b' || chance.draw('who ' || n, 8) END,
       CASE chance.draw('qty ' || n, 40) WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 9223372036854775807 ELSE 1 + chance.draw('some ' || n, 4) END,
       CASE WHEN chance.draw('id ' || n, 10) < 8 THEN vend.id_from('chance ' || chance.draw('again ' || n, 5000)) END,
       CASE WHEN chance.draw('price ' || n, 10) < 3 THEN chance.draw('max ' || n, 30) - 1 END,
       CASE WHEN chance.draw('stated ' || n, 100) < 10 THEN chance.draw('unit ' || n, 20) - 1 END,
       CASE WHEN chance.draw('stated ' || n, 100) BETWEEN 9 AND 20 THEN chance.draw('amount ' || n, 60) - 1 END
FROM generate_series(1, 1000) n;
-- Two in a row that are the same are a retry.
UPDATE chance.request r SET (item, buyer, qty, id, max_price, unit_price, amount) = (SELECT q.item, q.buyer, q.qty, coalesce(q.id, r.id), q.max_price, q.unit_price, q.amount FROM chance.request q WHERE q.n = r.n - 1 - chance.draw('back ' || r.n, 3)) WHERE n > 5 AND chance.draw('retry ' || n, 6) = 0;
CREATE TABLE chance.batch (n int PRIMARY KEY, first int, last int, remember boolean);
CREATE TABLE chance.answer (store text, n int, status text, detail text, item text, buyer text, qty bigint, unit_price numeric, amount numeric, balance numeric);

-- The second twin has the name of the first.
CREATE TABLE chance.store (name text PRIMARY KEY, single text, is_attached boolean NOT NULL);
INSERT INTO chance.store VALUES ('single', NULL, false), ('many', 'single', false), ('old_single', NULL, true), ('old_many', 'old_single', true);
CREATE TABLE chance.key (key text PRIMARY KEY, spelled uuid NOT NULL);
INSERT INTO chance.key SELECT key, md5(key)::uuid FROM (SELECT 'i' || generate_series(0, 11) UNION ALL SELECT 'b' || generate_series(0, 7) UNION ALL VALUES ('ghost'), ('palace'), ('nobody')) k (key);
CREATE FUNCTION chance.spell(store text, key text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE WHEN s.is_attached THEN (SELECT k.spelled::text FROM chance.key k WHERE k.key = spell.key) ELSE key END FROM chance.store s WHERE s.name = store $$;
-- The function gives the text about a key, with the number of the key as letters again.
CREATE FUNCTION chance.read(said text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce((SELECT replace(said, k.spelled::text, k.key) FROM chance.key k WHERE position(k.spelled::text IN said) > 0), said) $$;

CREATE FUNCTION chance.run_one(store text, first int, last int, remember boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r chance.request;
    o vend.outcome;
BEGIN
    FOR r IN SELECT * FROM chance.request WHERE n BETWEEN run_one.first AND run_one.last ORDER BY n LOOP
        BEGIN
            o := vend.try_purchase(chance.spell(run_one.store, r.item), chance.spell(run_one.store, r.buyer), r.qty, r.id, max_price => r.max_price, unit_price => r.unit_price, amount => r.amount, remember => run_one.remember, store => run_one.store);
        EXCEPTION
            WHEN data_exception THEN o := NULL; o.status := 'invalid'; o.detail := SQLERRM;
            WHEN SQLSTATE 'VN008' THEN o := NULL; o.status := 'id_mismatch'; o.detail := SQLERRM;
        END;
        INSERT INTO chance.answer VALUES (run_one.store, r.n, o.status, chance.read(o.detail), o.item, o.buyer, o.qty, o.unit_price, o.amount, o.balance);
    END LOOP;
END
$$;
CREATE FUNCTION chance.run_many(store text, first int, last int, remember boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO chance.answer
    SELECT run_many.store, run_many.first - 1 + o.n, o.status, chance.read(o.detail), o.item, o.buyer, o.qty, o.unit_price, o.amount, o.balance
    FROM (SELECT array_agg(chance.spell(run_many.store, item) ORDER BY n) AS items, array_agg(chance.spell(run_many.store, buyer) ORDER BY n) AS buyers, array_agg(qty ORDER BY n) AS qtys, array_agg(id ORDER BY n) AS ids, array_agg(max_price ORDER BY n) AS max_prices,
                 array_agg(unit_price ORDER BY n) AS unit_prices, array_agg(amount ORDER BY n) AS amounts
          FROM chance.request WHERE n BETWEEN run_many.first AND run_many.last) a,
         vend.purchase_many(a.items, a.buyers, a.qtys, a.ids, a.max_prices, a.unit_prices, a.amounts, remember => run_many.remember, store => run_many.store)
             WITH ORDINALITY o (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n)
$$;
-- People write between two batches.
CREATE FUNCTION chance.stir(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s chance.store;
    i text;
BEGIN
    FOR s IN SELECT * FROM chance.store LOOP
        i := chance.spell(s.name, 'i' || chance.draw('stir ' || step, 12));
        EXECUTE format('UPDATE %I.item SET price = $1 WHERE id::text = $2', s.name) USING chance.draw('new price ' || step, 25) + CASE WHEN s.is_attached THEN 0.25 ELSE 0 END, i;
        PERFORM vend.restock(i, 3, vend.id_from('chance ' || chance.draw('restock ' || step, 100000)), s.name);
        PERFORM vend.deposit(chance.spell(s.name, 'b' || chance.draw('stir ' || step, 8)), 20, store => s.name);
    END LOOP;
END
$$;
-- This repeats until the requests are used up.
CREATE PROCEDURE chance.run() LANGUAGE plpgsql AS $$
DECLARE
    first int := 1;
    size int;
    step int := 0;
    remember boolean;
    s chance.store;
BEGIN
    WHILE first <= 1000 LOOP
        size := 1 + chance.draw('size ' || step, CASE step % 3 WHEN 0 THEN 3 WHEN 1 THEN 20 ELSE 60 END);
        remember := chance.draw('remember ' || step, 4) = 0;
        INSERT INTO chance.batch VALUES (step, first, least(first + size - 1, 1000), remember);
        FOR s IN SELECT * FROM chance.store LOOP
            IF s.single IS NULL THEN
                PERFORM chance.run_one(s.name, first, first + size - 1, remember);
            ELSE
                PERFORM chance.run_many(s.name, first, first + size - 1, remember);
            END IF;
            COMMIT;
        END LOOP;
        PERFORM chance.stir(step);
        COMMIT;
        first := first + size;
        step := step + 1;
    END LOOP;
END
$$;

-- An attached store's tables are other ones; the views have the names of those that vend makes.
CREATE PROCEDURE chance.attach(store text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', store);
    EXECUTE format('CREATE TABLE %I.goods (edits bigint NOT NULL DEFAULT 1, units integer NOT NULL, selling text, tag numeric(12,2), sku uuid PRIMARY KEY, sales bigint NOT NULL DEFAULT 0)', store);
    EXECUTE format('CREATE TABLE %I.people (credit numeric(12,2) NOT NULL, person uuid PRIMARY KEY)', store);
    EXECUTE format('CREATE VIEW %1$I.item AS SELECT sku AS id, tag AS price, units AS stock, edits AS version, selling AS lock_mode FROM %1$I.goods', store);
    EXECUTE format('CREATE VIEW %1$I.wallet AS SELECT person AS id, credit AS balance FROM %1$I.people', store);
    PERFORM vend.attach_store(store, items => (quote_ident(store) || '.goods')::regclass, stock => 'units', price => 'tag', wallets => (quote_ident(store) || '.people')::regclass,
                              balance => 'credit', stock_version => 'sales', version => 'edits', lock_mode => 'selling');
    EXECUTE format('INSERT INTO %I.item (id, price, stock, lock_mode) SELECT chance.spell(%L, id)::uuid, least(price, 9999999999) + 0.25, stock, lock_mode FROM single.item', store, store);
    EXECUTE format('INSERT INTO %I.wallet (id, balance) SELECT chance.spell(%L, id)::uuid, balance FROM single.wallet', store, store);
END
$$;
SELECT vend.create_store('single'), vend.create_store('many');
INSERT INTO single.item (id, price, stock, lock_mode) SELECT 'i' || n, 1 + n * 2, 20 + n, (ARRAY['atomic', 'pessimistic', 'optimistic', 'escrow', NULL, 'escrow'])[1 + n % 6] FROM generate_series(0, 11) n;
INSERT INTO single.item (id, price, stock) VALUES ('palace', 9000000000000000000, 9);
INSERT INTO single.wallet (id, balance) SELECT 'b' || n, 100 + n * 150 FROM generate_series(0, 7) n;
INSERT INTO many.item SELECT * FROM single.item;
INSERT INTO many.wallet SELECT * FROM single.wallet;
CALL chance.attach('old_single');
CALL chance.attach('old_many');
CALL chance.run();

-- Enough was tried for the test to prove something.
SELECT status, count(*) FILTER (WHERE store = 'single') AS single, count(*) FILTER (WHERE store = 'old_single') AS old_single FROM chance.answer GROUP BY status ORDER BY status COLLATE "C";
SELECT count(*) AS batches, min(last - first + 1), max(last - first + 1), count(*) FILTER (WHERE remember) AS remembering FROM chance.batch;
SELECT lock_mode, count(*) FROM chance.answer a JOIN single.item i ON i.id = a.item WHERE store = 'single' AND status = 'purchased' GROUP BY lock_mode ORDER BY lock_mode;
SELECT lock_mode, count(*) FROM chance.answer a JOIN old_single.item i ON i.id::text = a.item WHERE store = 'old_single' AND status = 'purchased' GROUP BY lock_mode ORDER BY lock_mode;

-- The answers are the same. An error's text is the detail of a malformed request; a sale or replay tells the same balance, too.
CREATE VIEW chance.twins AS SELECT m.store, n, s, m FROM chance.store t JOIN chance.answer m ON m.store = t.name JOIN chance.answer s USING (n) WHERE s.store = t.single;
SELECT store, count(*) FROM chance.twins GROUP BY store ORDER BY store;
SELECT store, n, (s).status AS single, (m).status AS many FROM chance.twins WHERE (s).status IS DISTINCT FROM (m).status ORDER BY store, n;
SELECT store, n, (s).status, (s).detail AS single, (m).detail AS many FROM chance.twins
WHERE replace((s).detail, 'single', 'many') IS DISTINCT FROM (m).detail AND (s).status <> 'id_mismatch' AND (s).detail IS DISTINCT FROM 'amount of the purchase is out of range' ORDER BY store, n;
SELECT store, n, (s).status FROM chance.twins
WHERE (s).status NOT IN ('id_mismatch', 'invalid')
  AND (((s).item, (s).buyer, (s).qty, (s).unit_price, (s).amount) IS DISTINCT FROM ((m).item, (m).buyer, (m).qty, (m).unit_price, (m).amount) OR (s).status IN ('purchased', 'replayed') AND (s).balance IS DISTINCT FROM (m).balance) ORDER BY store, n;

-- What is left is the same. Given ids belong to the same rows; there are as many other ids of each kind.
CREATE FUNCTION chance.left_in(store text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT ''item '' || (id, vend.available(id, %L), price, version)::text FROM %I.item', store, store);
    RETURN QUERY EXECUTE format('SELECT ''wallet '' || (id, balance)::text FROM %I.wallet', store);
    RETURN QUERY EXECUTE format('SELECT ''ledger '' || (CASE WHEN id IN (SELECT id FROM chance.request) THEN id END, line, kind, item, qty, wallet, amount, unit_price, list_price, ref, refusal, refusal_qty)::text FROM %I.ledger', store);
END
$$;
SELECT split_part(l, ' ', 1) AS what, count(*) FROM chance.left_in('single') l GROUP BY what ORDER BY what;
SELECT * FROM ((SELECT 'single' AS store, chance.left_in('single') AS has EXCEPT ALL SELECT 'single', chance.left_in('many')) UNION ALL (SELECT 'many', chance.left_in('many') EXCEPT ALL SELECT 'many', chance.left_in('single'))) d;
SELECT * FROM ((SELECT 'single' AS store, chance.left_in('old_single') AS has EXCEPT ALL SELECT 'single', chance.left_in('old_many')) UNION ALL (SELECT 'many', chance.left_in('old_many') EXCEPT ALL SELECT 'many', chance.left_in('old_single'))) d;
SELECT name, audit.* FROM chance.store, vend.audit(name) audit;
SELECT kind, count(*) FILTER (WHERE store = 'many') AS many, count(*) FILTER (WHERE store = 'old_many') AS old_many FROM (SELECT 'many', kind FROM many.ledger UNION ALL SELECT 'old_many', kind FROM old_many.ledger) l (store, kind) WHERE kind IN ('purchase', 'refusal') GROUP BY kind ORDER BY kind;
SELECT sum(pending) AS pending, sum(waiting) AS waiting FROM vend.stat_item WHERE store IN (SELECT name FROM chance.store);
SELECT vend.detach_store(name) FROM chance.store;
DROP SCHEMA single, many, old_single, old_many, chance CASCADE;
