-- Aim: every wrong argument of every function, figures and keys that do not fit, transactions that cannot write, tables that
-- are dropped, unlogged, temporary or no tables: each is a clear error under its SQLSTATE, changes nothing and leaves the
-- session usable.
-- Section "Faults" of docs/errors.md; G3 (nothing has changed).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_clerk;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('42', 100, 50), ('lamp', 100, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('7', 5000), ('8', 5000);
SELECT status FROM vend.try_purchase('42', '7', 4, id => vend.id_from('sale'));
SELECT vend.create_store('numbers', 'bigint', 'uuid', money_type => 'numeric(6,2)');
INSERT INTO numbers.item (id, price, stock) VALUES (1, 99.99, 9223372036854775807), (2, 0.01, 5);
INSERT INTO numbers.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000007', 9999.99), ('00000000-0000-0000-0000-000000000008', 0);
SELECT status FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007', id => vend.id_from('sale'), store => 'numbers');
SELECT vend.create_store('ask', wallets => false, prices => false, money_type => 'numeric(4,2)');
INSERT INTO ask.item (id, stock) VALUES ('lamp', 50);
CREATE TABLE public.leaf (id int PRIMARY KEY, title text, version int NOT NULL);
CREATE TABLE public.page (LIKE public.leaf INCLUDING ALL);
INSERT INTO public.page VALUES (1, 'a', 1);
SELECT vend.guard_version('public.page', 'version', '{title}');
CREATE TABLE goods (sku text PRIMARY KEY, price bigint NOT NULL, stock bigint NOT NULL);
CREATE TABLE people (id text PRIMARY KEY, balance bigint NOT NULL);
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT sum(stock) FROM shop.item), (SELECT sum(balance) FROM shop.wallet), (SELECT count(*) FROM shop.ledger),
                     (SELECT sum(stock) FROM numbers.item), (SELECT sum(balance) FROM numbers.wallet), (SELECT count(*) FROM numbers.ledger),
                     (SELECT sum(stock) FROM ask.item), (SELECT count(*) FROM ask.ledger), (SELECT count(*) FROM vend.store))
$$;
-- The function shows the answer to a statement after a preparation: allowed, or SQLSTATE, message, detail and hint. It undoes both.
CREATE FUNCTION pg_temp.hears(preparation text, statement text, OUT code text, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.state();
    said text;
    detail text;
    hint text;
BEGIN
    BEGIN
        EXECUTE preparation;
        BEGIN
            EXECUTE statement;
            RAISE SQLSTATE 'ZZ000';
        EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
            code := 'allowed';
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS code := RETURNED_SQLSTATE, said := MESSAGE_TEXT, detail := PG_EXCEPTION_DETAIL, hint := PG_EXCEPTION_HINT;
            message := concat_ws(' / ', said, nullif(detail, ''), nullif(hint, ''));
        END;
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    END;
    IF pg_temp.state() <> before THEN message := concat_ws(' / ', message, 'something was changed'); END IF;
END
$$;

-- Each argument of each form of each function is NULL once, while the others are good.
CREATE TABLE pg_temp.good (argument text, value text);
INSERT INTO pg_temp.good VALUES
    ('item', '42'), ('buyer', '7'), ('wallet', '7'), ('payer', '7'), ('payee', '8'), ('qty', '1'), ('amount', '1'), ('purchase_id', 'vend.id_from(''sale'')'), ('id', 'vend.id_from(''new'')'),
    ('lock_mode', '''atomic'''), ('mode', '''pessimistic'''), ('nowait', 'false'), ('expected_version', '1'), ('max_price', '100'), ('unit_price', 'NULL'), ('remember', 'false'), ('store', '''shop'''),
    ('items', '''{42}'''), ('buyers', '''{7}'''), ('payers', '''{7}'''), ('payees', '''{8}'''), ('restock', 'true'), ('refund.amount', 'NULL'), ('try_refund.amount', 'NULL'), ('qtys', '''{1}'''), ('amounts', '''{1}'''), ('ids', 'ARRAY[vend.id_from(''new'')]'), ('max_prices', '''{100}'''), ('unit_prices', 'NULL'), ('currency', 'NULL'), ('currencies', 'NULL'), ('item_currency', 'NULL'), ('wallet_currency', 'NULL'),
    ('right', '''buyer'''), ('role', '''regress_vend_clerk'''), ('item_key_type', '''text'''), ('wallet_key_type', '''text'''), ('direct_writes', '''journal'''), ('wallets', 'true'), ('prices', 'true'), ('money_type', '''bigint'''),
    ('item_key', '''id'''), ('wallet_key', '''id'''), ('stock', '''stock'''), ('price', '''price'''), ('balance', '''balance'''), ('stock_version', '''stock_version'''), ('version', '''version'''), ('claimed', 'NULL'), ('reserved', 'NULL'), ('balance_claimed', 'NULL'), ('balance_reserved', 'NULL'), ('touch', 'NULL'), ('balance_touch', 'NULL'), ('add_columns', 'true'), ('unlimited', '''null'''), ('journal_opening', 'true'),
-- Some arguments take another value than others of the same name.
    ('attach_store.name', '''mall'''), ('attach_store.items', '''goods'''), ('attach_store.item_key', '''sku'''), ('attach_store.wallets', '''people'''), ('attach_store.lock_mode', '''lock_mode'''),
    ('reattach_store.items', '''shop.item'''), ('reattach_store.wallets', '''shop.wallet'''), ('reattach_store.lock_mode', '''lock_mode'''), ('create_store.name', '''mall'''),
    ('purchase.amount', 'NULL'), ('try_purchase.amount', 'NULL'), ('purchase_many.amounts', 'NULL'), ('checkout.amounts', 'NULL'), ('try_checkout.amounts', 'NULL'),
    ('create_store.buyers', '''any'''), ('attach_store.buyers', '''any'''), ('reattach_store.buyers', '''any'''), ('rls', '''owner'''),
    ('version_column', '''version'''), ('columns', '''{title}'''), ('convention', '''read'''), ('key', '1'), ('changes', '''{"title": "x"}'''),
    ('guard_version.relation', '''public.leaf'''), ('unguard_version.relation', '''public.page'''), ('update_if.relation', '''public.page''');
CREATE VIEW pg_temp.argument AS
    SELECT p.oid, p.proname, a.argument, a.type, a.n, coalesce(o.value, g.value, '''shop''') AS value
    FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY a (argument, type, n) LEFT JOIN pg_temp.good g USING (argument)
    LEFT JOIN pg_temp.good o ON o.argument = p.proname || '.' || a.argument
    WHERE p.pronamespace = 'vend'::regnamespace AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype);
CREATE FUNCTION pg_temp.call_with_null(function oid, null_at bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT * FROM vend.%I(%s)', proname, string_agg(format(CASE WHEN type = '"any"'::regtype AND argument ~ 's$' THEN '%I => %s::bigint[]' WHEN type = '"any"'::regtype THEN '%I => %s::bigint' WHEN type = 'text'::regtype THEN '%I => (%s)::text' ELSE '%I => %s' END,
                                                                           argument, CASE WHEN n = null_at THEN 'NULL' ELSE value END), ', ' ORDER BY n))
    FROM pg_temp.argument WHERE oid = function GROUP BY proname
$$;
-- (All of these pass.)
SELECT h.code, h.message, count(*) AS forms, count(DISTINCT proname) AS functions FROM (SELECT DISTINCT oid, proname FROM pg_temp.argument) f, pg_temp.hears('SELECT', pg_temp.call_with_null(f.oid, 0)) h GROUP BY h.code, h.message;
SELECT a.proname AS function, a.argument, count(*) AS forms, h.code, h.message FROM pg_temp.argument a, pg_temp.hears('SET LOCAL vend.default_store = ''shop''', pg_temp.call_with_null(a.oid, a.n)) h
GROUP BY a.proname, a.argument, h.code, h.message ORDER BY a.proname COLLATE "C", min(a.n), h.code;
-- If several are NULL, the first is named.
SELECT h.* FROM pg_temp.hears('SET LOCAL vend.default_store = ''shop''', 'SELECT * FROM vend.try_purchase(NULL, NULL, NULL, nowait => NULL, remember => NULL)') h;
-- If a required argument is left out, or a name or a type does not exist, there is no such function.
SELECT s AS statement, h.code FROM unnest(ARRAY['vend.purchase(''lamp'')', 'vend.deposit(''7'')', 'vend.refund()', 'vend.transfer(''7'', ''8'')', 'vend.restock(''lamp'')', 'vend.purchase(''lamp'', ''7'', price => 1)', 'vend.deposit(''7'', true)']) s,
    pg_temp.hears('SELECT', 'SELECT * FROM ' || s) h;

-- These figures, keys, ids, modes and stores are not valid.
CREATE TABLE pg_temp.bad (n int GENERATED ALWAYS AS IDENTITY, call text);
INSERT INTO pg_temp.bad (call) VALUES
    ($$try_purchase('lamp', '7', 0, store => 'shop')$$),
    ($$try_purchase('lamp', '7', -1, store => 'shop')$$),
    ($$try_purchase('lamp', '7', -9223372036854775808, store => 'shop')$$),
    ($$purchase('lamp', '7', 9223372036854775807, store => 'shop')$$),
    ($$try_purchase('lamp', '7', 9223372036854775808, store => 'shop')$$),
    ($$try_purchase('lamp', '7', 1.5, store => 'shop')$$),
    ($$restock('lamp', 0, store => 'shop')$$),
    ($$restock('lamp', -1, store => 'shop')$$),
    ($$restock('lamp', 9223372036854775807, store => 'shop')$$),
    ($$refund(vend.id_from('sale'), 0, store => 'shop')$$),
    ($$try_refund(vend.id_from('sale'), -1, store => 'shop')$$),
    ($$refund(vend.id_from('sale'), 5, store => 'shop')$$),
    ($$deposit('7', 0, store => 'shop')$$),
    ($$deposit('7', -1, store => 'shop')$$),
    ($$deposit('7', 0.5, store => 'shop')$$),
    ($$deposit('7', 'NaN', store => 'shop')$$),
    ($$deposit('7', 'Infinity', store => 'shop')$$),
    ($$deposit('7', 9223372036854775807, store => 'shop')$$),
    ($$deposit('7', 9223372036854775808, store => 'shop')$$),
    ($$try_withdraw('7', 0, store => 'shop')$$),
    ($$withdraw('7', -5, store => 'shop')$$),
    ($$withdraw('7', 1e30, store => 'shop')$$),
    ($$withdraw('7', 5001, store => 'shop')$$),
    ($$transfer('7', '8', 0, store => 'shop')$$),
    ($$try_transfer('7', '8', -1, store => 'shop')$$),
    ($$transfer('7', '7', 1, store => 'shop')$$),
    -- money has a scale: digits behind the point, before the point, sums beyond the column
    ($$deposit('00000000-0000-0000-0000-000000000008', 0.001, store => 'numbers')$$),
    ($$deposit('00000000-0000-0000-0000-000000000008', 10000, store => 'numbers')$$),
    ($$deposit('00000000-0000-0000-0000-000000000007', 9999.99, store => 'numbers')$$),
    ($$transfer('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000007', 10000, store => 'numbers')$$),
    ($$try_purchase(1, '00000000-0000-0000-0000-000000000007', 101, store => 'numbers')$$),
    ($$try_purchase(1, '00000000-0000-0000-0000-000000000007', 9223372036854775806, store => 'numbers')$$),
    ($$try_purchase(2, '00000000-0000-0000-0000-000000000007', max_price => 0.001, store => 'numbers')$$),
    ($$try_purchase(2, '00000000-0000-0000-0000-000000000007', max_price => -1, store => 'numbers')$$),
    ($$try_purchase('lamp', 'x', 2, unit_price => 50.01, store => 'ask')$$),
    ($$try_purchase('lamp', 'x', 1, unit_price => 100, store => 'ask')$$),
    ($$try_purchase('lamp', 'x', 1, unit_price => 0.005, store => 'ask')$$),
    ($$try_purchase('lamp', 'x', 1, unit_price => 'NaN', store => 'ask')$$),
    -- these arguments contradict the store or each other
    ($$try_purchase('lamp', 'x', store => 'ask')$$),
    ($$try_purchase('lamp', 'x', unit_price => 1, max_price => 1, store => 'ask')$$),
    ($$try_purchase('lamp', '7', unit_price => 1, max_price => 1, store => 'shop')$$),
    ($$try_purchase('lamp', '7', unit_price => 1, amount => 1, store => 'shop')$$),
    ($$try_purchase('lamp', '7', unit_price => -1, store => 'shop')$$),
    ($$try_purchase('lamp', '7', amount => -1, store => 'shop')$$),
    ($$try_purchase(2, '00000000-0000-0000-0000-000000000007', 2, amount => 0.005, store => 'numbers')$$),
    ($$try_purchase(2, '00000000-0000-0000-0000-000000000007', 2, amount => 10000, store => 'numbers')$$),
    ($$try_purchase(1, '00000000-0000-0000-0000-000000000007', 101, unit_price => 100, store => 'numbers')$$),
    ($$try_purchase('lamp', 'x', amount => 1, max_price => 1, store => 'ask')$$),
    ($$deposit('x', 1, store => 'ask')$$),
    ($$try_withdraw('x', 1, store => 'ask')$$),
    ($$transfer('x', 'y', 1, store => 'ask')$$),
    ($$try_purchase('lamp', '7', remember => true, store => 'shop')$$),
    ($$purchase('lamp', '7', id => vend.id_from('x'), remember => true, store => 'shop')$$),
    ($$try_purchase('lamp', '7', lock_mode => 'fast', store => 'shop')$$),
-- these keys are not valid
    ($$try_purchase('lamp', '00000000-0000-0000-0000-000000000007', store => 'numbers')$$),
    ($$try_purchase('', '00000000-0000-0000-0000-000000000007', store => 'numbers')$$),
    ($$try_purchase(1.5, '00000000-0000-0000-0000-000000000007', store => 'numbers')$$),
    ($$try_purchase(9223372036854775808, '00000000-0000-0000-0000-000000000007', store => 'numbers')$$),
    ($$try_purchase(1, 'alpha', store => 'numbers')$$),
    ($$try_purchase(1, 7, store => 'numbers')$$),
    ($$deposit('00000000-0000-0000-0000', 1, store => 'numbers')$$),
    ($$withdraw(7, 1, store => 'numbers')$$),
    ($$transfer('00000000-0000-0000-0000-000000000007', 'x', 1, store => 'numbers')$$),
    ($$transfer('x', '00000000-0000-0000-0000-000000000007', 1, store => 'numbers')$$),
    ($$restock('1x', 1, store => 'numbers')$$),
    ($$restock('ghost', 1, store => 'shop')$$),
    ($$deposit('ghost', 1, store => 'shop')$$),
-- these ids are not valid
    ($$try_purchase('lamp', '7', id => 'order 1', store => 'shop')$$),
    ($$refund('sale', store => 'shop')$$),
    ($$refund('00000000-0000-0000-0000-00000000000', store => 'shop')$$),
    ($$deposit('7', 1, '', store => 'shop')$$),
    ($$refund(vend.id_from('none'), store => 'shop')$$),
    ($$deposit('7', 1, vend.id_from('sale'), store => 'shop')$$),
-- these stores do not exist
    ($$purchase('lamp', '7', store => 'nowhere')$$),
    ($$audit('')$$),
    ($$deposit('7', 1, store => 'Shop')$$),
    ($$restock('lamp', 1, store => 'shop.item')$$),
    ($$try_purchase('lamp', '7')$$),
    ($$grant_role('buyer', 'regress_vend_clerk', 'nowhere')$$),
    ($$grant_role('boss', 'regress_vend_clerk', 'shop')$$),
    ($$revoke_role('buyer', 'regress_vend_ghost', 'shop')$$),
    ($$detach_store('nowhere')$$),
    -- these stores cannot be made
    ($$create_store('')$$),
    ($$create_store(repeat('x', 64))$$),
    ($$create_store('vend')$$),
    ($$create_store('pg_shop')$$),
    ($$create_store('pg_temp')$$),
    ($$create_store('information_schema')$$),
    ($$create_store('mall', 'integer')$$),
    ($$create_store('mall', wallet_key_type => 'numeric')$$),
    ($$create_store('mall', 'nonsense')$$),
    ($$create_store('mall', direct_writes => 'maybe')$$),
    ($$create_store('mall', money_type => 'numeric')$$),
    ($$create_store('mall', money_type => 'numeric(19,2)')$$),
    ($$create_store('mall', money_type => 'money')$$),
    ($$create_store('mall', money_type => 'nonsense')$$),
    ($$create_store('mall', money_type => 'no such type')$$),
    ($$create_store('mall', money_type => 'bigint; DROP TABLE shop.item')$$),
    ($$create_store('shop')$$);
SELECT b.call, h.code, CASE WHEN h.code <> '42883' THEN h.message END AS message FROM pg_temp.bad b, pg_temp.hears('SELECT', 'SELECT * FROM vend.' || b.call) h ORDER BY b.n;

-- In transactions that cannot write, functions that only read may be called.
SELECT f.proname AS function, r.code AS read_only, r.message, p.code AS replica_role, p.message FROM (SELECT DISTINCT ON (proname) oid, proname FROM pg_temp.argument ORDER BY proname, oid) f,
    pg_temp.hears('SET LOCAL transaction_read_only = on', pg_temp.call_with_null(f.oid, 0)) r, pg_temp.hears('SET LOCAL session_replication_role = replica', pg_temp.call_with_null(f.oid, 0)) p
ORDER BY f.proname COLLATE "C";

-- Tables are no longer what was bound: every call and plain SQL say so.
CREATE TABLE pg_temp.use (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO pg_temp.use (name, statement) VALUES
    ('purchase', $$SELECT * FROM vend.purchase('lamp', '7', store => 'shop')$$), ('try_purchase', $$SELECT * FROM vend.try_purchase('lamp', '7', store => 'shop')$$),
    ('deposit', $$SELECT * FROM vend.deposit('7', 1, store => 'shop')$$), ('withdraw', $$SELECT * FROM vend.try_withdraw('7', 1, store => 'shop')$$), ('transfer', $$SELECT * FROM vend.transfer('7', '8', 1, store => 'shop')$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), store => 'shop')$$), ('restock', $$SELECT * FROM vend.restock('lamp', 1, store => 'shop')$$), ('audit', $$SELECT * FROM vend.audit('shop')$$),
    ('UPDATE item', 'UPDATE shop.item SET stock = stock + 1'), ('UPDATE wallet', 'UPDATE shop.wallet SET balance = balance + 1'), ('detach', $$SELECT vend.detach_store('shop')$$);
CREATE TABLE pg_temp.broken (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO pg_temp.broken (name, sql) VALUES
    ('item dropped', 'DROP TABLE shop.item CASCADE'), ('wallet dropped', 'DROP TABLE shop.wallet CASCADE'), ('ledger dropped', 'DROP TABLE shop.ledger CASCADE'), ('schema dropped', 'DROP SCHEMA shop CASCADE'),
    ('rights dropped', 'DROP VIEW shop.role'), ('rights are a table', 'DROP VIEW shop.role; CREATE TABLE shop.role (buyer boolean, cashier boolean, operator boolean, auditor boolean)'), ('holding dropped', 'DROP VIEW shop.holding'),
    ('item unlogged', 'ALTER TABLE shop.item SET UNLOGGED'), ('wallet unlogged', 'ALTER TABLE shop.wallet SET UNLOGGED'), ('ledger unlogged', 'ALTER TABLE shop.ledger SET UNLOGGED'),
    ('item is a view', 'ALTER TABLE shop.item RENAME TO goods; CREATE VIEW shop.item AS TABLE shop.goods'),
    ('ledger is partitioned', 'ALTER TABLE shop.ledger RENAME TO part; CREATE TABLE shop.ledger (LIKE shop.part) PARTITION BY LIST (line)'),
    ('ledger key dropped', 'ALTER TABLE shop.ledger DROP CONSTRAINT ledger_pkey'), ('item key dropped', 'ALTER TABLE shop.item DROP CONSTRAINT item_pkey'), ('wallet key dropped', 'ALTER TABLE shop.wallet DROP CONSTRAINT wallet_pkey'),
    ('stock dropped', 'ALTER TABLE shop.item DROP COLUMN stock'), ('balance numeric', 'ALTER TABLE shop.wallet ALTER COLUMN balance TYPE numeric(12,2)'), ('ref dropped', 'ALTER TABLE shop.ledger DROP COLUMN ref');
SELECT b.name AS broken, u.name AS use, h.code FROM pg_temp.broken b, pg_temp.use u, pg_temp.hears(b.sql, u.statement) h ORDER BY b.n, u.n \crosstabview
SELECT b.name AS broken, h.message FROM pg_temp.broken b, pg_temp.hears(b.sql, $$SELECT * FROM vend.purchase('lamp', '7', store => 'shop')$$) h ORDER BY b.n;
-- The registry names a temporary table.
CREATE TEMP TABLE purse (id text PRIMARY KEY, balance bigint NOT NULL);
CREATE TRIGGER vend_journal AFTER INSERT OR UPDATE OR DELETE ON purse FOR EACH ROW EXECUTE FUNCTION vend.journal('shop');
SELECT quote_ident(nspname) || '.purse' AS purse FROM pg_namespace WHERE oid = pg_my_temp_schema() \gset
SELECT h.code, regexp_replace(h.message, 'pg_temp_\d+', 'pg_temp_n') AS message FROM pg_temp.hears(format('UPDATE vend.store SET wallet = %L WHERE name = ''shop''', :'purse'), $$SELECT * FROM vend.purchase('lamp', '7', store => 'shop')$$) h;
SELECT h.code, regexp_replace(h.message, 'pg_temp_\d+', 'pg_temp_n') AS message FROM pg_temp.hears('SELECT', $$INSERT INTO purse VALUES ('9', 1)$$) h;
DROP TABLE purse;

-- After all that the session sells, and nothing was left behind.
SELECT pg_temp.state();
SELECT item, balance FROM vend.purchase('lamp', '7', store => 'shop');
SELECT * FROM vend.audit('shop');
SELECT * FROM vend.audit('numbers');
SELECT vend.detach_store('shop'), vend.detach_store('numbers'), vend.detach_store('ask');
DROP SCHEMA shop, numbers, ask CASCADE;
DROP TABLE public.leaf, public.page, goods, people;
DROP ROLE regress_vend_clerk;
