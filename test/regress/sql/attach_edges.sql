-- Aim: attached figures at the edge of their types: the last unit and the last coin count, what goes beyond the column is 22003
-- and changes nothing, what is no whole unit is not written.
-- Guarantees: G1, G2, G3; section "What can be bound" of docs/existing-tables.md (what does not fit the column is an error).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE TABLE small (k smallint PRIMARY KEY, n smallint NOT NULL, p smallint, m text);
CREATE TABLE purse (k smallint PRIMARY KEY, b smallint NOT NULL);
CREATE TABLE rich (k integer PRIMARY KEY, n numeric(4,2) NOT NULL CHECK (n >= 0), p numeric(4,1) NOT NULL, sv smallint NOT NULL DEFAULT 0);
CREATE TABLE chest (k text PRIMARY KEY, b numeric(4,2) NOT NULL);
INSERT INTO small VALUES (1, 32767, 1), (2, 1, 32767);
INSERT INTO purse VALUES (1, 32767), (2, 0);
INSERT INTO rich VALUES (1, 99, 0.1, 0), (2, 5, 9.9, 32767);
INSERT INTO chest VALUES ('a', 99.99), ('b', 0);
SELECT vend.attach_store('small', 'small', stock => 'n', price => 'p', wallets => 'purse', balance => 'b', lock_mode => 'm');
SELECT vend.attach_store('rich', 'rich', stock => 'n', price => 'p', stock_version => 'sv', wallets => 'chest', balance => 'b');
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid IN ('small.ledger'::regclass, 'rich.ledger'::regclass, 'rich.stock_delta'::regclass) AND attname IN ('item', 'qty', 'wallet', 'amount', 'unit_price') ORDER BY 1, attnum;
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(n::text, ' ' ORDER BY k) FROM small), (SELECT string_agg(b::text, ' ' ORDER BY k) FROM purse), (SELECT count(*) FROM small.ledger),
                     (SELECT string_agg(n || '/' || sv, ' ' ORDER BY k) FROM rich), (SELECT string_agg(b::text, ' ' ORDER BY k) FROM chest), (SELECT count(*) FROM rich.ledger))
$$;
CREATE FUNCTION hears(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := state();
    answer text;
    detail text;
BEGIN
    BEGIN
        EXECUTE 'SELECT concat_ws('' '', r.*) FROM (SELECT ' || statement || ') r' INTO answer;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        RETURN concat_ws(' ', SQLSTATE, SQLERRM || ';', detail, CASE WHEN state() <> before THEN '(something was changed)' END);
    END;
    RETURN concat_ws(' -> ', answer, nullif(state(), before));
END
$$;
SELECT state();
SELECT s, hears(s) FROM unnest(ARRAY[
    $$kind FROM vend.restock(1, 1, store => 'small')$$, $$kind FROM vend.deposit(1, 1, store => 'small')$$, $$kind FROM vend.deposit(2, 32768, store => 'small')$$, $$kind FROM vend.restock(2, 32767, store => 'small')$$,
    $$status FROM vend.try_purchase(1, 1, 32767, store => 'small')$$, $$status FROM vend.try_purchase(1, 1, store => 'small')$$, $$kind FROM vend.deposit(1, 32767, store => 'small')$$,
    $$status FROM vend.try_purchase(2, 1, 1, vend.id_from('last'), store => 'small')$$, $$kind FROM vend.restock(2, 32767, store => 'small')$$, $$kind FROM vend.refund(vend.id_from('last'), store => 'small')$$,
    $$kind FROM vend.deposit(2, 32767, store => 'small')$$, $$status FROM vend.try_transfer(2, 1, 32767, store => 'small')$$, $$kind FROM vend.deposit(2, 1, store => 'small')$$, $$kind FROM vend.transfer(1, 2, 32767, store => 'small')$$,
    $$string_agg(status || coalesce(detail, ''), ' ') FROM vend.transfer_many('{1,1}'::smallint[], '{2,2}'::smallint[], '{1,32766}', store => 'small')$$,
    $$status FROM vend.try_purchase(40000, 1, store => 'small')$$, $$status FROM vend.try_purchase(1, 1, 40000, store => 'small')$$, $$status FROM vend.try_purchase(1, 1, 1.5, store => 'small')$$, $$status FROM vend.try_purchase(1, 1, max_price => 40000, store => 'small')$$]) s;
SELECT s, hears(s) FROM unnest(ARRAY[
    $$kind FROM vend.restock(1, 1, store => 'rich')$$, $$kind FROM vend.deposit('a', 0.01, store => 'rich')$$, $$kind FROM vend.deposit('b', 100, store => 'rich')$$, $$kind FROM vend.deposit('b', 0.001, store => 'rich')$$,
    $$status, unit_price, amount, balance FROM vend.try_purchase(1, 'a', 99, store => 'rich')$$, $$status FROM vend.try_purchase(1, 'a', store => 'rich')$$, $$kind FROM vend.restock(1, 99, store => 'rich')$$,
    $$kind, balance FROM vend.deposit('a', 9.9, store => 'rich')$$, $$status FROM vend.try_purchase(2, 'a', store => 'rich')$$, $$kind FROM vend.restock(2, 1, store => 'rich')$$,
    $$status, unit_price FROM vend.try_purchase(1, 'a', max_price => 0.05, store => 'rich')$$]) s;
-- Plain SQL may not write what cannot be counted.
UPDATE rich SET n = 1.5 WHERE k = 1;
\echo :SQLSTATE
UPDATE rich SET n = 'NaN' WHERE k = 1;
\echo :SQLSTATE
UPDATE chest SET b = 'NaN';
\echo :SQLSTATE
UPDATE chest SET b = NULL;
\echo :SQLSTATE
INSERT INTO purse VALUES (3, NULL);
\echo :SQLSTATE
UPDATE rich SET n = 2.00 WHERE k = 1;
-- In escrow the counter knows the edge of the column, so that what is pending can be settled.
UPDATE purse SET b = 100;
UPDATE small SET n = 32760, p = 1;
SELECT vend.set_lock_mode(1, 'escrow', store => 'small');
SELECT status FROM vend.try_purchase(1, 1, 2, vend.id_from('escrow'), store => 'small');
SELECT kind, stock FROM vend.restock(1, 9, store => 'small');
SELECT vend.restock(1, 1, store => 'small');
\echo :SQLSTATE
SELECT vend.refund(vend.id_from('escrow'), store => 'small');
\echo :SQLSTATE
SELECT vend.settle('small') >= 0 AS settled;
SELECT n FROM small WHERE k = 1;
SELECT vend.set_lock_mode(1, NULL, store => 'small');
SELECT * FROM vend.audit('small');
SELECT * FROM vend.audit('rich');
SELECT vend.detach_store('small'), vend.detach_store('rich');
SET client_min_messages = error;
DROP SCHEMA small, rich CASCADE;
DROP TABLE small, purse, rich, chest;
DROP FUNCTION state, hears;
