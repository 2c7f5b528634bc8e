-- Aim: what a session sets for its own output and its own new tables changes no answer, no row of a ledger and no row of the registry,
-- and what the one session has written the other reads. A key is never what a setting makes of a value.
-- Guarantee: G4 (a key is one key), G8, section "Keys, money, ids".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ACCESS METHOD regress_vend_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE DOMAIN citext_like AS text;
-- The function shows all of a store's life as one line.
CREATE FUNCTION life(made_under text[], used_under text[]) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    answer text := '';
    setting text;
    got text;
BEGIN
    FOREACH setting IN ARRAY made_under LOOP EXECUTE 'SET ' || setting; END LOOP;
    CREATE TABLE public.product (sku public.citext_like PRIMARY KEY, stock numeric(9) NOT NULL, price numeric(12,2) NOT NULL);
    CREATE TABLE public.customer (id uuid PRIMARY KEY, balance numeric(12,2) NOT NULL);
    INSERT INTO public.product VALUES ('lamp', 1000, 1234.50);
    INSERT INTO public.customer VALUES ('00000000-0000-4000-8000-000000000001', 99999.75);
    PERFORM vend.attach_store('attached', 'public.product', price => 'price', wallets => 'public.customer', balance => 'balance', version => 'version', stock_version => 'stock_version', lock_mode => 'mode', add_columns => true);
    PERFORM vend.create_store('made', money_type => 'numeric(12,2)', wallets => false);
    INSERT INTO made.item (id, price, stock) VALUES ('lamp', 0.05, 100), ('back\slash ''quote''', 1, 1);
    RESET ALL;
    SET client_min_messages = warning;
    FOREACH setting IN ARRAY used_under LOOP EXECUTE 'SET ' || setting; END LOOP;
    SELECT answer || concat_ws(' ', status, unit_price, amount, balance) || ', ' INTO answer FROM vend.try_purchase('lamp', '00000000-0000-4000-8000-000000000001', 3, id => '00000000-0000-4000-8000-00000000000a', store => 'attached');
    SELECT answer || concat_ws(' ', kind, qty, amount) || ', ' INTO answer FROM vend.refund('00000000-0000-4000-8000-00000000000a', 1, store => 'attached');
    PERFORM vend.set_lock_mode('lamp', 'escrow', 'attached');
    SELECT answer || concat_ws(' ', status, amount, balance) || ', ' INTO answer FROM vend.try_purchase('lamp', '00000000-0000-4000-8000-000000000001', 2, store => 'attached');
    SELECT answer || string_agg(concat_ws(' ', status, amount), ' ' ORDER BY ordinality) || ', ' INTO answer FROM vend.purchase_many(ARRAY['lamp', 'none'], ARRAY['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001'], store => 'attached') WITH ORDINALITY;
    PERFORM vend.settle('attached');
    SELECT answer || concat_ws(' ', status, unit_price) || ', ' INTO answer FROM vend.try_purchase('back\slash ''quote''', E'tab\t''', store => 'made');
    SELECT answer || concat_ws(' ', status, item) || ', ' INTO answer FROM vend.try_purchase('none\', 'x', remember => true, id => '00000000-0000-4000-8000-00000000000b', store => 'made');
    PERFORM vend.restock('lamp', 5, store => 'made');
    UPDATE made.item SET stock = stock + 1 WHERE id = 'lamp';
    UPDATE public.customer SET balance = balance + 0.25;
    ALTER TABLE made.item DISABLE TRIGGER ALL;
    UPDATE made.item SET stock = stock + 7;
    ALTER TABLE made.item ENABLE TRIGGER ALL;
    ALTER TABLE made.item ENABLE ALWAYS TRIGGER vend_unjournalled;
    SELECT answer || string_agg(concat_ws(' ', finding, key, expected, found), ' ' ORDER BY key COLLATE "C") || ', ' INTO answer FROM vend.audit('made');
    FOR got IN SELECT repair FROM vend.audit('made') LOOP EXECUTE got; END LOOP;
    SELECT answer || count(*) || ' findings, ' INTO answer FROM (SELECT FROM vend.audit('made') UNION ALL SELECT FROM vend.audit('attached')) a;
    PERFORM vend.reattach_store('attached', price => 'price');
    PERFORM vend.detach_store('made');
    PERFORM vend.create_store('made', money_type => 'numeric(12,2)', wallets => false);
    RESET ALL;
    SET client_min_messages = warning;
    SELECT answer || string_agg(concat_ws(' ', name, item, wallet, ledger, delta, role), '; ' ORDER BY name) INTO answer FROM vend.store s;
    SELECT answer || ' / ' || string_agg(concat_ws(' ', kind, item, qty, wallet, amount, unit_price, refusal), '; ' ORDER BY at, kind COLLATE "C", item, qty) INTO answer FROM made.ledger;
    SELECT answer || ' / ' || string_agg(concat_ws(' ', kind, item, qty, wallet, amount, unit_price, refusal), '; ' ORDER BY at, kind COLLATE "C", item, qty) INTO answer FROM attached.ledger;
    PERFORM vend.detach_store('made'), vend.detach_store('attached');
    DROP SCHEMA made, attached CASCADE;
    DROP TABLE public.product, public.customer;
    RETURN answer;
END
$$;
CREATE TABLE setting (number int, settings text[]);
INSERT INTO setting VALUES (0, '{}'),
    (1, ARRAY['quote_all_identifiers = on', 'search_path = ''''', 'DateStyle = ''German''', 'IntervalStyle = ''sql_standard''', 'extra_float_digits = -15', 'bytea_output = ''escape''', 'TimeZone = ''Asia/Kathmandu''', 'xmlbinary = ''hex''', 'xmloption = ''document''']),
    (2, ARRAY['standard_conforming_strings = off', 'backslash_quote = off', 'escape_string_warning = off', 'transform_null_equals = on', 'row_security = off', 'search_path = made, attached, pg_catalog', 'array_nulls = off', 'lc_monetary = ''C''', 'lc_numeric = ''C''', 'lc_time = ''C''', 'lc_messages = ''C''']),
    (3, ARRAY['default_table_access_method = regress_vend_heap', 'default_toast_compression = ''pglz''', 'default_tablespace = pg_default', 'temp_tablespaces = ''''', 'check_function_bodies = off', 'default_transaction_isolation = ''serializable''', 'lo_compat_privileges = on', 'vend.lock_mode = ''optimistic''']),
    (4, ARRAY['enable_indexscan = off', 'enable_indexonlyscan = off', 'enable_seqscan = off', 'enable_bitmapscan = off', 'plan_cache_mode = ''force_custom_plan''', 'constraint_exclusion = on', 'synchronize_seqscans = off', 'jit = off', 'cursor_tuple_fraction = 0.000001', 'from_collapse_limit = 1', 'geqo_threshold = 2', 'plpgsql.variable_conflict = ''use_column''']);
WITH usual AS MATERIALIZED (SELECT life('{}', '{}') AS life)
SELECT m.number AS made_under, u.number AS used_under, life(m.settings, u.settings) = (SELECT life FROM usual) AS is_same FROM setting m, setting u WHERE m.number = u.number OR 0 IN (m.number, u.number) ORDER BY 1, 2;
\pset format unaligned
SELECT regexp_replace(life('{}', '{}'), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'uuid', 'g');
\pset format aligned

-- A value whose text depends on a setting is no key.
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock) SELECT v, 1, 9 FROM unnest(ARRAY['2026-11-30', '30.11.2026', '0.1', '\x6c616d70', 'lamp', '1', 'true', '(1,2)']) v;
CREATE FUNCTION bought(value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    as_element text;
BEGIN
    BEGIN
        EXECUTE format('SELECT status || '' '' || item FROM vend.try_purchase(%s, ''x'', store => ''shop'')', value) INTO answer;
    EXCEPTION WHEN OTHERS THEN answer := SQLSTATE || ' ' || SQLERRM;
    END;
    BEGIN
        EXECUTE format('SELECT status || '' '' || item FROM vend.purchase_many(ARRAY[%s], ARRAY[''x''], store => ''shop'')', value) INTO as_element;
    EXCEPTION WHEN OTHERS THEN as_element := SQLSTATE || ' ' || SQLERRM;
    END;
    RETURN answer || CASE WHEN as_element = answer THEN '' ELSE ' / ' || as_element END;
END
$$;
CREATE DOMAIN day AS date;
SELECT v AS value, bought(v) FROM unnest(ARRAY['date ''2026-11-30''', 'date ''2026-11-30''::day', 'timestamp ''2026-11-30''', 'timestamptz ''2026-11-30''', 'time ''12:00''', 'interval ''1 day''', '0.1::float8', '0.1::real', '''lamp''::bytea', '1::money',
    '''lamp''::text', '''lamp''::varchar', '''lamp''::char(9)', '''lamp''::name', '''lamp''', '1', '1::smallint', '1::numeric', '0.1', 'true', 'date ''2026-11-30''::text']) WITH ORDINALITY AS u (v, n) ORDER BY n;
SELECT status FROM vend.try_purchase(date '2026-11-30', 'x', store => 'shop');
SET DateStyle = 'German';
SELECT bought('date ''2026-11-30''');
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP FUNCTION life, bought;
DROP TABLE setting;
DROP DOMAIN citext_like, day;
DROP ACCESS METHOD regress_vend_heap;
