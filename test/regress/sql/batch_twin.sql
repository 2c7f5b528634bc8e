-- Aim: a batch on one store gives what the same requests give one by one on its twin: statuses, details, prices, amounts,
-- balances, and in the end stock, wallets and ledger. Several hundred requests by chance, always the same ones, in all lock modes
-- at once, with ids that come back, prices that change, and batches that remember.
-- Guarantees: G1, G2, G4 (once), G6. Section "One path": a single purchase is a batch of one.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '60s';
CREATE SCHEMA chance;
-- A number from 0 to below - 1.
CREATE FUNCTION chance.draw(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint % below)::int $$;
CREATE TABLE chance.request (n int PRIMARY KEY, item text, buyer text, qty bigint, id uuid, max_price numeric);
INSERT INTO chance.request
SELECT n,
       CASE chance.draw('item ' || n, 40) WHEN 0 THEN NULL WHEN 1 THEN 'ghost' WHEN 2 THEN 'palace' ELSE 'i' || chance.draw('which ' || n, 12) END,
       CASE chance.draw('buyer ' || n, 40) WHEN 0 THEN NULL WHEN 1 THEN 'nobody' ELSE 'b' || chance.draw('who ' || n, 8) END,
       CASE chance.draw('qty ' || n, 40) WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 9223372036854775807 ELSE 1 + chance.draw('some ' || n, 4) END,
       CASE WHEN chance.draw('id ' || n, 10) < 8 THEN vend.id_from('chance ' || chance.draw('again ' || n, 5000)) END,
       CASE WHEN chance.draw('price ' || n, 10) < 3 THEN chance.draw('max ' || n, 30) - 1 END
FROM generate_series(1, 1000) n;
-- Two in a row that are the same are a retry.
UPDATE chance.request r SET (item, buyer, qty, id, max_price) = (SELECT q.item, q.buyer, q.qty, coalesce(q.id, r.id), q.max_price FROM chance.request q WHERE q.n = r.n - 1 - chance.draw('back ' || r.n, 3)) WHERE n > 5 AND chance.draw('retry ' || n, 6) = 0;
CREATE TABLE chance.batch (n int PRIMARY KEY, first int, last int, remember boolean);
CREATE TABLE chance.answer (store text, n int, status text, detail text, item text, buyer text, qty bigint, unit_price numeric, amount numeric, balance numeric);

CREATE FUNCTION chance.run_one(first int, last int, remember boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r chance.request;
    o vend.outcome;
BEGIN
    FOR r IN SELECT * FROM chance.request WHERE n BETWEEN run_one.first AND run_one.last ORDER BY n LOOP
        BEGIN
            o := vend.try_purchase(r.item, r.buyer, r.qty, r.id, max_price => r.max_price, remember => run_one.remember, store => 'single');
        EXCEPTION
            WHEN data_exception THEN o := NULL; o.status := 'invalid'; o.detail := SQLERRM;
            WHEN SQLSTATE 'VN008' THEN o := NULL; o.status := 'id_mismatch'; o.detail := SQLERRM;
        END;
        INSERT INTO chance.answer VALUES ('single', r.n, o.status, o.detail, o.item, o.buyer, o.qty, o.unit_price, o.amount, o.balance);
    END LOOP;
END
$$;
CREATE FUNCTION chance.run_many(first int, last int, remember boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO chance.answer
    SELECT 'many', run_many.first - 1 + o.n, o.status, o.detail, o.item, o.buyer, o.qty, o.unit_price, o.amount, o.balance
    FROM (SELECT array_agg(item ORDER BY n) AS items, array_agg(buyer ORDER BY n) AS buyers, array_agg(qty ORDER BY n) AS qtys, array_agg(id ORDER BY n) AS ids, array_agg(max_price ORDER BY n) AS max_prices
          FROM chance.request WHERE n BETWEEN run_many.first AND run_many.last) a,
         vend.purchase_many(a.items, a.buyers, a.qtys, a.ids, a.max_prices, remember => run_many.remember, store => 'many')
             WITH ORDINALITY o (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n)
$$;
-- What people do between two batches.
CREATE FUNCTION chance.stir(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s text;
    i text := 'i' || chance.draw('stir ' || step, 12);
    b text := 'b' || chance.draw('stir ' || step, 8);
BEGIN
    FOREACH s IN ARRAY ARRAY['single', 'many'] LOOP
        EXECUTE format('UPDATE %I.item SET price = $1 WHERE id = $2', s) USING chance.draw('new price ' || step, 25), i;
        PERFORM vend.restock(i, 3, vend.id_from('chance ' || chance.draw('restock ' || step, 100000)), s);
        PERFORM vend.deposit(b, 20, store => s);
    END LOOP;
END
$$;
-- Until the requests are used up.
CREATE PROCEDURE chance.run() LANGUAGE plpgsql AS $$
DECLARE
    first int := 1;
    size int;
    step int := 0;
    remember boolean;
BEGIN
    WHILE first <= 1000 LOOP
        size := 1 + chance.draw('size ' || step, CASE step % 3 WHEN 0 THEN 3 WHEN 1 THEN 20 ELSE 60 END);
        remember := chance.draw('remember ' || step, 4) = 0;
        INSERT INTO chance.batch VALUES (step, first, least(first + size - 1, 1000), remember);
        PERFORM chance.run_one(first, first + size - 1, remember);
        COMMIT;
        PERFORM chance.run_many(first, first + size - 1, remember);
        COMMIT;
        PERFORM chance.stir(step);
        COMMIT;
        first := first + size;
        step := step + 1;
    END LOOP;
END
$$;

SELECT vend.create_store('single'), vend.create_store('many');
INSERT INTO single.item (id, price, stock, lock_mode) SELECT 'i' || n, 1 + n * 2, 20 + n, (ARRAY['atomic', 'pessimistic', 'optimistic', 'escrow', NULL, 'escrow'])[1 + n % 6] FROM generate_series(0, 11) n;
INSERT INTO single.item (id, price, stock) VALUES ('palace', 9000000000000000000, 9);
INSERT INTO single.wallet (id, balance) SELECT 'b' || n, 100 + n * 150 FROM generate_series(0, 7) n;
INSERT INTO many.item SELECT * FROM single.item;
INSERT INTO many.wallet SELECT * FROM single.wallet;
CALL chance.run();

-- So that something was tried at all.
SELECT status, count(*) FROM chance.answer WHERE store = 'single' GROUP BY status ORDER BY status COLLATE "C";
SELECT count(*) AS batches, min(last - first + 1), max(last - first + 1), count(*) FILTER (WHERE remember) AS remembering FROM chance.batch;
SELECT lock_mode, count(*) FROM chance.answer a JOIN single.item i ON i.id = a.item WHERE store = 'single' AND status = 'purchased' GROUP BY lock_mode ORDER BY lock_mode;

-- The answers. An error's text is the detail of a malformed request; of a sale or replay, the balance is the same, too.
SELECT n, s.status AS single, m.status AS many FROM (SELECT * FROM chance.answer WHERE store = 'single') s FULL JOIN (SELECT * FROM chance.answer WHERE store = 'many') m USING (n) WHERE s.status IS DISTINCT FROM m.status ORDER BY n;
SELECT n, s.status, s.detail AS single, m.detail AS many FROM chance.answer s JOIN chance.answer m USING (n)
WHERE s.store = 'single' AND m.store = 'many' AND replace(s.detail, 'single', 'many') IS DISTINCT FROM m.detail AND s.status <> 'id_mismatch' AND s.detail IS DISTINCT FROM 'amount of the purchase is out of range' ORDER BY n;
SELECT n, s.status FROM chance.answer s JOIN chance.answer m USING (n)
WHERE s.store = 'single' AND m.store = 'many' AND s.status NOT IN ('id_mismatch', 'invalid')
  AND ((s.item, s.buyer, s.qty, s.unit_price, s.amount) IS DISTINCT FROM (m.item, m.buyer, m.qty, m.unit_price, m.amount) OR s.status IN ('purchased', 'replayed') AND s.balance IS DISTINCT FROM m.balance) ORDER BY n;
SELECT count(*) FROM chance.answer WHERE store = 'many';

-- What is left.
SELECT s.id, vend.available(s.id, 'single') AS single, vend.available(m.id, 'many') AS many FROM single.item s FULL JOIN many.item m USING (id) WHERE vend.available(s.id, 'single') IS DISTINCT FROM vend.available(m.id, 'many') OR (s.price, s.version) IS DISTINCT FROM (m.price, m.version);
SELECT id, s.balance AS single, m.balance AS many FROM single.wallet s FULL JOIN many.wallet m USING (id) WHERE s.balance IS DISTINCT FROM m.balance;
-- Ids that were given are those of the same rows; the others are as many of each kind.
CREATE VIEW chance.single_row AS SELECT CASE WHEN id IN (SELECT id FROM chance.request) THEN id END AS id, line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM single.ledger;
CREATE VIEW chance.many_row AS SELECT CASE WHEN id IN (SELECT id FROM chance.request) THEN id END AS id, line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM many.ledger;
SELECT count(*) FROM ((TABLE chance.single_row EXCEPT ALL TABLE chance.many_row) UNION ALL (TABLE chance.many_row EXCEPT ALL TABLE chance.single_row)) d;
SELECT kind, count(*) FROM many.ledger WHERE kind IN ('purchase', 'refusal') GROUP BY kind ORDER BY kind;
SELECT * FROM vend.audit('single');
SELECT * FROM vend.audit('many');
SELECT sum(pending) AS pending, sum(waiting) AS waiting FROM vend.stat_item WHERE store IN ('single', 'many');
SELECT vend.detach_store('single'), vend.detach_store('many');
DROP SCHEMA single, many, chance CASCADE;
