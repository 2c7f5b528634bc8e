-- Aim: every way in which plain SQL can change stock, balance or key, for items and for wallets: INSERT, UPDATE, DELETE, COPY,
-- MERGE, ON CONFLICT, TRUNCATE, cascades, views, cursors, functions; each as an adjustment in a store that journals, and
-- refused in one that does not, with a hint that fits. What moves nothing goes through in both.
-- Guarantee: G6 (conservation holds whatever an operator does).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
SELECT vend.create_store('strict', direct_writes => 'refuse');
CREATE FUNCTION pg_temp.fill(schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($f$
        CREATE TABLE %1$I.maker (id text PRIMARY KEY);
        INSERT INTO %1$I.maker VALUES ('one'), ('two');
        ALTER TABLE %1$I.item ADD COLUMN maker text DEFAULT 'one' REFERENCES %1$I.maker ON DELETE CASCADE;
        ALTER TABLE %1$I.wallet ADD COLUMN maker text DEFAULT 'one' REFERENCES %1$I.maker ON DELETE CASCADE;
        INSERT INTO %1$I.item (id, price) VALUES ('bowl', 10), ('empty', 10), ('lamp', 100);
        INSERT INTO %1$I.wallet (id) VALUES ('alpha'), ('beta'), ('broke');
        CREATE VIEW %1$I.shelf AS SELECT id, stock FROM %1$I.item WHERE stock < 100 WITH CHECK OPTION;
        CREATE VIEW %1$I.purse AS SELECT id, balance FROM %1$I.wallet;
        CREATE TABLE %1$I.delivery (id text, n bigint);
        INSERT INTO %1$I.delivery VALUES ('lamp', 2), ('pan', 3)
    $f$, schema);
    PERFORM vend.restock('lamp', 20, store => schema), vend.restock('bowl', 5, store => schema), vend.deposit('alpha', 1000, store => schema), vend.deposit('beta', 50, store => schema);
END
$$;
SELECT pg_temp.fill('shop'), pg_temp.fill('strict');
CREATE TEMP TABLE statement (n int GENERATED ALWAYS AS IDENTITY, what text, sql text);
INSERT INTO statement (what, sql) VALUES
    ('INSERT', $$INSERT INTO $.item (id, price, stock) VALUES ('cup', 1, 4)$$),
    ('INSERT of nothing', $$INSERT INTO $.item (id, price) VALUES ('cup', 1)$$),
    ('INSERT wallet', $$INSERT INTO $.wallet (id, balance) VALUES ('gamma', 4)$$),
    ('INSERT wallet of nothing', $$INSERT INTO $.wallet (id) VALUES ('gamma')$$),
    ('INSERT ... SELECT', $$INSERT INTO $.item (id, price, stock) SELECT 'set ' || n, 1, n FROM generate_series(0, 2) n$$),
    ('INSERT into a view', $$INSERT INTO $.purse VALUES ('gamma', 4)$$),
    ('ON CONFLICT DO NOTHING', $$INSERT INTO $.wallet (id, balance) VALUES ('alpha', 7) ON CONFLICT DO NOTHING$$),
    ('ON CONFLICT DO UPDATE', $$INSERT INTO $.wallet (id, balance) VALUES ('alpha', 7) ON CONFLICT (id) DO UPDATE SET balance = $.wallet.balance + excluded.balance$$),
    ('ON CONFLICT, a new one', $$INSERT INTO $.wallet (id, balance) VALUES ('gamma', 7) ON CONFLICT (id) DO UPDATE SET balance = 0$$),
    ('ON CONFLICT, of the price', $$INSERT INTO $.item (id, price, stock) VALUES ('lamp', 7, 0) ON CONFLICT (id) DO UPDATE SET price = excluded.price$$),
    ('UPDATE, more', $$UPDATE $.item SET stock = stock + 1 WHERE id = 'lamp'$$),
    ('UPDATE, less', $$UPDATE $.item SET stock = stock - 1 WHERE id = 'lamp'$$),
    ('UPDATE, as it is', $$UPDATE $.item SET stock = stock$$),
    ('UPDATE of all', $$UPDATE $.item SET stock = 30$$),
    ('UPDATE of the price', $$UPDATE $.item SET price = 9$$),
    ('UPDATE wallet, more', $$UPDATE $.wallet SET balance = balance + 1 WHERE id = 'alpha'$$),
    ('UPDATE wallet, less', $$UPDATE $.wallet SET balance = balance - 1 WHERE id = 'alpha'$$),
    ('UPDATE ... FROM', $$UPDATE $.item i SET stock = stock + n FROM $.delivery d WHERE d.id = i.id$$),
    ('UPDATE of a view', $$UPDATE $.shelf SET stock = 6 WHERE id = 'bowl'$$),
    ('UPDATE by a cursor', $s$DO $$DECLARE c CURSOR FOR SELECT * FROM $.wallet WHERE id = 'alpha' FOR UPDATE; BEGIN OPEN c; MOVE c; UPDATE $.wallet SET balance = 3 WHERE CURRENT OF c; END$$$s$),
    ('UPDATE in a WITH', $$WITH given AS (UPDATE $.wallet SET balance = balance - 5 WHERE id = 'alpha' RETURNING 5 AS n) UPDATE $.wallet SET balance = balance + n FROM given WHERE id = 'beta'$$),
    ('key', $$UPDATE $.item SET id = 'torch' WHERE id = 'lamp'$$),
    ('key and stock', $$UPDATE $.item SET id = 'torch', stock = stock + 1 WHERE id = 'lamp'$$),
    ('key of an empty one', $$UPDATE $.item SET id = 'void' WHERE id = 'empty'$$),
    ('key of a wallet', $$UPDATE $.wallet SET id = 'omega' WHERE id = 'alpha'$$),
    ('keys and balances of all', $$UPDATE $.wallet SET id = upper(id), balance = balance + 1$$),
    ('DELETE', $$DELETE FROM $.item WHERE id = 'lamp'$$),
    ('DELETE of an empty one', $$DELETE FROM $.item WHERE id = 'empty'$$),
    ('DELETE wallet', $$DELETE FROM $.wallet WHERE id = 'alpha'$$),
    ('DELETE ... USING', $$DELETE FROM $.item i USING $.delivery d WHERE d.id = i.id$$),
    ('DELETE from a view', $$DELETE FROM $.shelf WHERE id = 'bowl'$$),
    ('DELETE by a cascade', $$DELETE FROM $.maker WHERE id = 'one'$$),
    ('DELETE and INSERT', $$WITH gone AS (DELETE FROM $.item WHERE id = 'lamp' RETURNING *) INSERT INTO $.item (id, price, stock) SELECT 'lamp 2', price, stock FROM gone$$),
    ('MERGE', $$MERGE INTO $.item i USING $.delivery d ON d.id = i.id WHEN MATCHED THEN UPDATE SET stock = stock + n WHEN NOT MATCHED THEN INSERT (id, price, stock) VALUES (d.id, 1, n)$$),
    ('MERGE ... DELETE', $$MERGE INTO $.wallet w USING (VALUES ('beta'), ('gamma')) v (id) ON v.id = w.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, balance) VALUES (v.id, 8)$$),
    ('MERGE, nothing', $$MERGE INTO $.item i USING $.delivery d ON d.id = i.id WHEN MATCHED THEN DO NOTHING$$),
    ('COPY', $$COPY $.item (id, price, stock) FROM PROGRAM 'printf "cup,1,4\nmug,1,0\n"' WITH (FORMAT csv)$$),
    ('COPY wallet', $$COPY $.wallet (id, balance) FROM PROGRAM 'printf "gamma,4\n"' WITH (FORMAT csv)$$),
    ('COPY of nothing', $$COPY $.wallet (id, balance) FROM PROGRAM 'printf "gamma,0\n"' WITH (FORMAT csv)$$),
    ('TRUNCATE', $$TRUNCATE $.item$$),
    ('TRUNCATE wallet', $$TRUNCATE $.wallet$$),
    ('TRUNCATE both', $$TRUNCATE $.item, $.wallet RESTART IDENTITY$$),
    ('TRUNCATE by a cascade', $$TRUNCATE $.maker CASCADE$$),
    ('TRUNCATE and INSERT', $$TRUNCATE $.item; INSERT INTO $.item (id, price, stock) VALUES ('lamp', 1, 20)$$);

-- The function shows what the statement adds to the ledger, or the SQLSTATE and the hint; then it undoes the statement.
CREATE FUNCTION pg_temp.journal(schema text, sql text, OUT code text, OUT journal text) LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    findings bigint;
BEGIN
    EXECUTE format('CREATE TEMP TABLE known AS SELECT id, line FROM %I.ledger', schema);
    BEGIN
        EXECUTE replace(sql, '$.', schema || '.');
        code := 'done';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code := RETURNED_SQLSTATE, journal := PG_EXCEPTION_HINT;
    END;
    IF code = 'done' THEN
        EXECUTE format($q$SELECT string_agg(what, ', ' ORDER BY what COLLATE "C") FROM (
            SELECT concat_ws(' ', nullif(kind, 'adjustment'), coalesce(item, wallet), to_char(CASE WHEN item IS NULL THEN amount ELSE qty END, 'FMSG9999')) AS what FROM %I.ledger WHERE (id, line) NOT IN (TABLE known)) l$q$, schema) INTO journal;
    END IF;
    SELECT count(*) INTO findings FROM vend.audit(schema);
    IF findings > 0 THEN journal := concat_ws(', ', journal, findings || ' findings'); END IF;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    NULL;
END
$$;
SELECT s.what, j.code, j.journal FROM statement s, pg_temp.journal('shop', s.sql) j ORDER BY s.n;
SELECT s.what, j.code, j.journal AS journal_or_hint FROM statement s, pg_temp.journal('strict', s.sql) j ORDER BY s.n;
-- The message names the refusal and the hint.
DELETE FROM strict.item WHERE id = 'lamp';
\echo :SQLSTATE
TRUNCATE strict.wallet;
\echo :SQLSTATE

-- COPY from a client writes several rows at once, as text, with a column of the owner's own.
COPY shop.item (id, price, stock, maker) FROM stdin;
cup	1	4	one
mug	1	0	two
jug	1	3	two
\.
COPY strict.item (id, price, stock) FROM stdin;
cup	1	0
mug	1	1
\.
SELECT item, qty FROM shop.ledger WHERE kind = 'adjustment' ORDER BY item COLLATE "C";
SELECT id, stock FROM strict.item ORDER BY id COLLATE "C";

-- At the higher isolation levels a TRUNCATE takes what is there, not what the snapshot shows: prepared, in a savepoint, or by a function.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM shop.item;
UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp';
SAVEPOINT one;
TRUNCATE shop.item;
ROLLBACK TO one;
DELETE FROM shop.item WHERE id = 'bowl';
TRUNCATE shop.item;
COMMIT;
PREPARE give AS UPDATE shop.wallet SET balance = balance + $1 WHERE id = $2;
EXECUTE give(5, 'alpha');
EXECUTE give(-5, 'alpha');
EXECUTE give(0, 'alpha');
DEALLOCATE give;
SELECT item, wallet, sum(qty) AS qty, sum(amount) AS amount, count(*) FROM shop.ledger GROUP BY item, wallet ORDER BY item COLLATE "C", wallet COLLATE "C";
SELECT * FROM vend.audit('shop');
SELECT * FROM vend.audit('strict');
SELECT vend.detach_store('shop'), vend.detach_store('strict');
DROP SCHEMA shop, strict CASCADE;
