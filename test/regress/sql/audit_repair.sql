-- Aim: a ledger row of each kind, an item and a wallet, doctored in each column behind the triggers' back: the audit finds it
-- and names SQL, and that SQL, run by the owner, leaves nothing to find. What moves nothing and is no figure, it need not find.
-- Guarantee: G6 (conservation; vend.audit() proves it).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 20), ('vase', 30, 20), ('o''brien "x" %s $1', 1, 1);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 2000), ('beta', 1000), ('o''brien "x" %s $1', 1);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3, id => vend.id_from('purchase'));
SELECT status FROM vend.try_refund(vend.id_from('purchase'), 1, id => vend.id_from('refund'));
SELECT kind FROM vend.deposit('alpha', 10, id => vend.id_from('deposit'));
SELECT kind FROM vend.withdraw('alpha', 7, id => vend.id_from('withdrawal'));
SELECT kind FROM vend.transfer('alpha', 'beta', 50, id => vend.id_from('transfer'));
SELECT kind FROM vend.restock('lamp', 4, id => vend.id_from('restock'));
SELECT status FROM vend.try_purchase('lamp', 'beta', 500, id => vend.id_from('refusal'), remember => true);
CREATE VIEW shop.state AS SELECT (SELECT string_agg(i::text, ' ' ORDER BY i::text COLLATE "C") FROM shop.item i) AS items, (SELECT string_agg(w::text, ' ' ORDER BY w::text COLLATE "C") FROM shop.wallet w) AS wallets, (SELECT string_agg(l::text, ' ' ORDER BY l::text COLLATE "C") FROM shop.ledger l) AS ledger;
SELECT * FROM vend.audit();

-- The function doctors, audits, repairs the first finding (or the last) and audits again, until no finding has a repair; it undoes all.
CREATE FUNCTION shop.found(doctored text, backwards boolean, OUT findings text, OUT repairs int, OUT remain text) LANGUAGE plpgsql AS $$
DECLARE
    before shop.state;
    sql text;
BEGIN
    SELECT * INTO before FROM shop.state;
    EXECUTE 'ALTER TABLE shop.item DISABLE TRIGGER USER; ALTER TABLE shop.wallet DISABLE TRIGGER USER; ALTER TABLE shop.ledger DISABLE TRIGGER USER';
    EXECUTE doctored;
    EXECUTE 'ALTER TABLE shop.item ENABLE TRIGGER USER; ALTER TABLE shop.wallet ENABLE TRIGGER USER; ALTER TABLE shop.ledger ENABLE TRIGGER USER';
    SELECT string_agg(a.finding || ' ' || CASE WHEN a.key ~ '^[0-9a-f-]{36}$' THEN 'row' ELSE coalesce(a.key, '-') END, ', ') INTO findings FROM vend.audit() a;
    IF findings IS NULL AND before = (SELECT s FROM shop.state s) THEN findings := '(as it was)'; END IF;
    repairs := 0;
    LOOP
        SELECT a.repair INTO sql FROM vend.audit() WITH ORDINALITY a WHERE a.repair IS NOT NULL ORDER BY CASE WHEN backwards THEN - a.ordinality ELSE a.ordinality END LIMIT 1;
        EXIT WHEN sql IS NULL OR repairs = 20;
        -- A function is a transaction already.
        EXECUTE regexp_replace(sql, '^BEGIN; (.*); COMMIT$', '\1');
        repairs := repairs + 1;
    END LOOP;
    SELECT string_agg(a.finding, ', ') INTO remain FROM vend.audit() a;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    NULL;
END
$$;
CREATE TABLE shop.case (n int GENERATED ALWAYS AS IDENTITY, kind text, what text, sql text);
INSERT INTO shop.case (kind, what, sql)
SELECT k, w.what, replace(w.sql, '$row', format('id = %s AND line = %s',
    CASE k WHEN 'adjustment' THEN '(SELECT id FROM shop.ledger WHERE kind = ''adjustment'' AND item = ''vase'')' ELSE format('vend.id_from(%L)', split_part(k, ' ', 1)) END, CASE k WHEN 'transfer 1' THEN 1 ELSE 0 END))
FROM unnest(ARRAY['purchase', 'refund', 'deposit', 'withdrawal', 'transfer', 'transfer 1', 'restock', 'adjustment', 'refusal']) WITH ORDINALITY u (k, n),
    (SELECT m, c, format('UPDATE shop.ledger SET %s WHERE $row', c)
     FROM unnest(ARRAY['qty = qty + 1', 'qty = qty - 1', 'qty = - qty', 'amount = amount + 1', 'amount = amount - 1', 'amount = - amount', 'item = ''vase''', 'item = NULL', 'wallet = ''beta''', 'wallet = NULL',
                       'unit_price = 1', 'unit_price = NULL', 'ref = vend.id_from(''none'')', 'ref = NULL', 'kind = ''adjustment'', refusal = NULL', 'kind = ''purchase'', refusal = NULL', 'line = 5']) WITH ORDINALITY v (c, m)
     UNION ALL VALUES (98, 'deleted', 'DELETE FROM shop.ledger WHERE $row'),
                      (99, 'doubled', 'INSERT INTO shop.ledger SELECT vend.id_from(''twice''), line, kind, item, qty, wallet, amount, unit_price, ref, at, refusal, refusal_qty FROM shop.ledger WHERE $row')) w (m, what, sql)
ORDER BY n, m;
SELECT c.kind, c.what, f.* FROM shop.case c, shop.found(c.sql, false) f WHERE f.findings IS DISTINCT FROM '(as it was)' ORDER BY c.n;
-- In whatever order they are repaired, the same is left.
SELECT c.kind, c.what, b.* FROM shop.case c, shop.found(c.sql, false) f, shop.found(c.sql, true) b WHERE b.remain IS DISTINCT FROM f.remain ORDER BY c.n;

-- Figures of items and wallets are changed or below zero; rows are deleted, added, or have another key.
TRUNCATE shop.case RESTART IDENTITY;
INSERT INTO shop.case (kind, what, sql) VALUES
    ('item', 'more', 'UPDATE shop.item SET stock = stock + 5 WHERE id = ''lamp'''),
    ('item', 'less, of all', 'UPDATE shop.item SET stock = stock - 1'),
    ('item', 'below zero', 'ALTER TABLE shop.item DROP CONSTRAINT item_stock_check; UPDATE shop.item SET stock = -3 WHERE id = ''lamp'''),
    ('item', 'deleted', 'DELETE FROM shop.item WHERE id = ''vase'''),
    ('item', 'added', 'INSERT INTO shop.item (id, price, stock) VALUES (''bowl'', 1, 7)'),
    ('item', 'another key', 'UPDATE shop.item SET id = ''pot'' WHERE id = ''vase'''),
    ('item', 'a key like SQL', 'UPDATE shop.item SET stock = 9 WHERE id LIKE ''o%'''),
    ('item', 'another price', 'UPDATE shop.item SET price = 1'),
    ('wallet', 'more', 'UPDATE shop.wallet SET balance = balance + 5 WHERE id = ''alpha'''),
    ('wallet', 'below zero', 'ALTER TABLE shop.wallet DROP CONSTRAINT wallet_balance_check; UPDATE shop.wallet SET balance = -3 WHERE id = ''alpha'''),
    ('wallet', 'deleted', 'DELETE FROM shop.wallet WHERE id = ''beta'''),
    ('wallet', 'added', 'INSERT INTO shop.wallet (id, balance) VALUES (''gamma'', 7)'),
    ('wallet', 'another key', 'UPDATE shop.wallet SET id = ''omega'' WHERE id = ''alpha'''),
    ('wallet', 'a key like SQL', 'UPDATE shop.wallet SET balance = 9 WHERE id LIKE ''o%'''),
    ('ledger', 'both lines of a transfer', 'UPDATE shop.ledger SET amount = - amount WHERE kind = ''transfer'''),
    ('all', 'turned round', 'UPDATE shop.item SET stock = 0; UPDATE shop.wallet SET balance = 0; UPDATE shop.ledger SET qty = - qty, amount = - amount WHERE kind IN (''purchase'', ''deposit'', ''restock'')'),
    ('all', 'the ledger empty', 'UPDATE shop.item SET stock = 1; UPDATE shop.wallet SET balance = 1; DELETE FROM shop.ledger');
SELECT c.kind, c.what, f.* FROM shop.case c, shop.found(c.sql, false) f ORDER BY c.n;
SELECT c.kind, c.what, b.* FROM shop.case c, shop.found(c.sql, false) f, shop.found(c.sql, true) b WHERE b.remain IS DISTINCT FROM f.remain ORDER BY c.n;
-- These figures are wrong, and have repairs.
ALTER TABLE shop.ledger DISABLE TRIGGER USER;
UPDATE shop.ledger SET qty = 3, amount = -299 WHERE id = vend.id_from('purchase');
UPDATE shop.ledger SET amount = 49 WHERE id = vend.id_from('transfer') AND line = 1;
ALTER TABLE shop.ledger ENABLE TRIGGER USER;
SELECT * FROM vend.audit();
-- The findings are repaired one after the other, as a person would do it.
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT finding, key, expected, found FROM vend.audit();
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT finding, key, expected, found FROM vend.audit();
-- If more was refunded than bought, the repair cuts down the last refund.
SELECT status, qty FROM vend.try_refund(vend.id_from('purchase'), 2, id => vend.id_from('last'));
ALTER TABLE shop.ledger DISABLE TRIGGER USER;
UPDATE shop.ledger SET qty = 3 WHERE id = vend.id_from('last');
ALTER TABLE shop.ledger ENABLE TRIGGER USER;
SELECT finding, key, expected, found FROM vend.audit();
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT finding, key, expected, found FROM vend.audit();
SELECT qty, amount FROM shop.ledger WHERE id = vend.id_from('last');
-- The ledger is closed again, the store sells.
UPDATE shop.ledger SET qty = 0;
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- This store refuses direct writes; its name needs quotes, its keys and money have other types.
SELECT vend.create_store('O''Brien "s" %s', 'bigint', 'uuid', money_type => 'numeric(12,2)', direct_writes => 'refuse');
INSERT INTO "O'Brien ""s"" %s".item (id, price) VALUES (1, 1.50), (2, 0.01);
INSERT INTO "O'Brien ""s"" %s".wallet (id) VALUES ('00000000-0000-0000-0000-000000000007');
SELECT kind FROM vend.restock(1, 5);
SELECT kind FROM vend.deposit('00000000-0000-0000-0000-000000000007', 10.25);
SELECT status FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007', 2, id => vend.id_from('purchase'));
ALTER TABLE "O'Brien ""s"" %s".item DISABLE TRIGGER USER;
ALTER TABLE "O'Brien ""s"" %s".wallet DISABLE TRIGGER USER;
ALTER TABLE "O'Brien ""s"" %s".ledger DISABLE TRIGGER USER;
ALTER TABLE "O'Brien ""s"" %s".item DROP CONSTRAINT item_stock_check;
ALTER TABLE "O'Brien ""s"" %s".wallet DROP CONSTRAINT wallet_balance_check;
UPDATE "O'Brien ""s"" %s".item SET stock = -3 WHERE id = 1;
UPDATE "O'Brien ""s"" %s".item SET stock = 3 WHERE id = 2;
UPDATE "O'Brien ""s"" %s".wallet SET balance = -0.01;
UPDATE "O'Brien ""s"" %s".ledger SET amount = -2.99 WHERE id = vend.id_from('purchase');
ALTER TABLE "O'Brien ""s"" %s".item ENABLE TRIGGER USER;
ALTER TABLE "O'Brien ""s"" %s".wallet ENABLE TRIGGER USER;
ALTER TABLE "O'Brien ""s"" %s".ledger ENABLE TRIGGER USER;
SELECT * FROM vend.audit();
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT finding, key, expected, found FROM vend.audit();
SELECT id, stock FROM "O'Brien ""s"" %s".item ORDER BY id;
SELECT id, balance FROM "O'Brien ""s"" %s".wallet;
SELECT kind, item, qty, wallet, amount FROM "O'Brien ""s"" %s".ledger ORDER BY kind COLLATE "C", item, qty, amount;
SELECT vend.detach_store('O''Brien "s" %s');
DROP SCHEMA "O'Brien ""s"" %s" CASCADE;
-- This store has no wallets.
SELECT vend.create_store('gift', wallets => false);
INSERT INTO gift.item (id, price, stock) VALUES ('lamp', 10, 5);
SELECT status FROM vend.try_purchase('lamp', 'anybody', 2, id => vend.id_from('purchase'));
ALTER TABLE gift.ledger DISABLE TRIGGER USER;
UPDATE gift.ledger SET amount = -15, qty = 2 WHERE id = vend.id_from('purchase');
ALTER TABLE gift.ledger ENABLE TRIGGER USER;
SELECT finding, expected, found FROM vend.audit();
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL LIMIT 1 \gexec
SELECT finding, expected, found FROM vend.audit();
SELECT buyer, item, qty FROM gift.holding;
SELECT vend.detach_store('gift');
DROP SCHEMA gift CASCADE;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner;
