-- Aim: sold out, unknown item, stale version, changed price and replay take no transaction id, write no WAL and touch
-- no row, in each lock mode; so do a mismatch and an audit. A sale does all of that, which shows that the measure works.
-- Section "Answers without locks" of docs/locking.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50), ('none', 100, 0);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a');
VACUUM shop.item, shop.wallet, shop.ledger;

CREATE TABLE shop.question (n int, what text, item text, id uuid, version bigint, max_price numeric, qty bigint);
INSERT INTO shop.question VALUES
    (1, 'sold out', 'none', NULL, NULL, NULL, 1), (2, 'sold out, id given', 'none', '00000000-0000-4000-8000-00000000000b', NULL, NULL, 1),
    (3, 'not enough', 'lamp', NULL, NULL, NULL, 51), (4, 'unknown item', 'ghost', NULL, NULL, NULL, 1),
    (5, 'stale version', 'lamp', NULL, 9, NULL, 1), (6, 'changed price', 'lamp', NULL, NULL, 99, 1),
    (7, 'replay', 'lamp', '00000000-0000-4000-8000-00000000000a', NULL, NULL, 1), (8, 'a sale', 'lamp', NULL, NULL, NULL, 1);

-- The function counts the WAL that this session writes for one call, as EXPLAIN does: no other process disturbs it.
CREATE FUNCTION shop.measure(q shop.question, mode text, OUT status text, OUT wal_records bigint, OUT xid_taken boolean, OUT item_touched boolean, OUT wallet_touched boolean) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    touched constant text := 'SELECT string_agg(concat_ws('' '', id, ctid, xmin, xmax), '','' ORDER BY id) FROM shop.';
    item_before text;
    wallet_before text;
    after text;
BEGIN
    -- This call gives the status; after it the session has read what a first call reads in the catalogs.
    SELECT p.status INTO status FROM vend.try_purchase(q.item, 'alpha', q.qty, q.id, mode, expected_version => q.version, max_price => q.max_price) p;
    EXECUTE touched || 'item' INTO item_before;
    EXECUTE touched || 'wallet' INTO wallet_before;
    EXECUTE format('EXPLAIN (ANALYZE, WAL, FORMAT json) SELECT * FROM vend.try_purchase(%L, ''alpha'', %L, id => %L, lock_mode => %L, expected_version => %L, max_price => %L)', q.item, q.qty, q.id, mode, q.version, q.max_price) INTO plan;
    wal_records := plan -> 0 -> 'Plan' ->> 'WAL Records';
    xid_taken := pg_current_xact_id_if_assigned() IS NOT NULL;
    EXECUTE touched || 'item' INTO after;
    item_touched := after <> item_before;
    EXECUTE touched || 'wallet' INTO after;
    wallet_touched := after <> wallet_before;
END
$$;

-- Each call is a transaction of its own.
SELECT format('SELECT %L AS what, %L AS mode, m.* FROM shop.question q, shop.measure(q, %L) m WHERE n = %s', what, mode, mode, n)
FROM shop.question, unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) WITH ORDINALITY u (mode, o) WHERE n < 8 ORDER BY n, o \gexec
-- The measure works: a sale writes and takes an id. How many records is PostgreSQL's business.
SELECT m.status, m.wal_records > 0 AS wal, m.xid_taken, m.item_touched, m.wallet_touched FROM shop.question q, shop.measure(q, 'atomic') m WHERE n = 8;

-- The calls are made in one transaction, one after the other, and as errors.
BEGIN;
SELECT status FROM vend.try_purchase('none', 'alpha');
SELECT status FROM vend.try_purchase('ghost', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha', max_price => 99);
SELECT status FROM vend.try_purchase('lamp', 'alpha', expected_version => 9);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a');
SELECT * FROM vend.audit();
SELECT pg_current_xact_id_if_assigned() AS xid;
COMMIT;
DO $$
DECLARE
    a uuid := '00000000-0000-4000-8000-00000000000a';
BEGIN
    BEGIN
        PERFORM vend.purchase('none', 'alpha');
    EXCEPTION WHEN SQLSTATE 'VN001' THEN NULL;
    END;
    BEGIN
        PERFORM vend.purchase('lamp', 'beta', id => a);
    EXCEPTION WHEN SQLSTATE 'VN008' THEN NULL;
    END;
    RAISE WARNING 'xid: %', pg_current_xact_id_if_assigned();
END
$$;

-- In an unused session the very first call is as cheap.
\c -
BEGIN;
SELECT status FROM vend.try_purchase('none', 'alpha');
SELECT pg_current_xact_id_if_assigned() AS xid;
COMMIT;
SET client_min_messages = warning;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
