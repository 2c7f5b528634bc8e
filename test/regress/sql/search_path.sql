-- Aim: a hostile search_path, with operators, functions, types and tables that shadow PostgreSQL's and the store's own,
-- changes no answer and is never called.
-- Section "Statements and plans".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA evil;
CREATE TABLE evil.called (what text);
CREATE FUNCTION evil.caught(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.called VALUES (what); END $$;
CREATE FUNCTION evil.bad_bigint(a bigint, b bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('bigint arithmetic'); RETURN 999; END $$;
CREATE FUNCTION evil.bad_bigint_int(a bigint, b int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('bigint arithmetic'); RETURN 999; END $$;
CREATE FUNCTION evil.bad_compare(a bigint, b bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('bigint comparison'); RETURN true; END $$;
CREATE FUNCTION evil.bad_text(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('text comparison'); RETURN true; END $$;
CREATE FUNCTION evil.bad_uuid(a uuid, b uuid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('uuid comparison'); RETURN true; END $$;
CREATE FUNCTION evil.bad_numeric(a numeric, b numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('numeric comparison'); RETURN true; END $$;
CREATE OPERATOR evil.- (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_bigint);
CREATE OPERATOR evil.+ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_bigint);
CREATE OPERATOR evil.* (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_bigint);
CREATE OPERATOR evil.+ (LEFTARG = bigint, RIGHTARG = int, FUNCTION = evil.bad_bigint_int);
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_compare);
CREATE OPERATOR evil.<> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_compare);
CREATE OPERATOR evil.>= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_compare);
CREATE OPERATOR evil.<= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.bad_compare);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.bad_text);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.bad_text);
CREATE OPERATOR evil.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.bad_uuid);
CREATE OPERATOR evil.= (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = evil.bad_numeric);
CREATE OPERATOR evil.<= (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = evil.bad_numeric);
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('now'); RETURN '2000-01-01'; END $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('clock_timestamp'); RETURN '2000-01-01'; END $$;
CREATE FUNCTION evil.sum_step(a numeric, b bigint) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('sum'); RETURN 0; END $$;
CREATE AGGREGATE evil.sum(bigint) (SFUNC = evil.sum_step, STYPE = numeric, INITCOND = '0');
CREATE FUNCTION evil.coalesce(a numeric, b int) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('coalesce'); RETURN 0; END $$;
CREATE FUNCTION evil.to_regclass(a text) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('to_regclass'); RETURN 'evil.called'; END $$;
CREATE FUNCTION evil.quote_ident(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.caught('quote_ident'); RETURN 'evil'; END $$;
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE DOMAIN evil.uuid AS pg_catalog.int4;
CREATE DOMAIN evil.int8 AS pg_catalog.int4;
CREATE DOMAIN evil."numeric" AS pg_catalog.int4;
CREATE TABLE evil.store (LIKE vend.store);
CREATE TABLE evil.item (id pg_catalog.text PRIMARY KEY, price int8, stock int8);
CREATE TABLE evil.wallet (id pg_catalog.text PRIMARY KEY, balance int8);
CREATE TABLE evil.ledger (id pg_catalog.uuid, kind pg_catalog.text);

SET search_path = evil, vend, pg_catalog;
-- The objects in the search path do harm, so the test can fail.
SELECT 5::bigint - 3::bigint AS five_less_three;
SELECT what FROM evil.called;
TRUNCATE evil.called;

-- A store is made, used, checked and dropped under it.
SELECT vend.create_store('shop');
SELECT vend.create_store('numbers', 'bigint', 'pg_catalog.uuid', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('none', 1, 0);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SET vend.default_store = 'shop';
SELECT status, item, qty, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, id => '00000000-0000-4000-8000-00000000000a');
SELECT status, item, qty, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, id => '00000000-0000-4000-8000-00000000000a');
SELECT m, status, balance FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', 'alpha', lock_mode => m, max_price => 100, expected_version => 1);
SELECT status FROM vend.try_purchase('none', 'alpha');
SELECT status FROM vend.try_purchase('ghost', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 99, id => '00000000-0000-4000-8000-00000000000b', remember => true);
SELECT balance FROM vend.deposit('alpha', 1);
SELECT stock FROM vend.restock('lamp', 1);
UPDATE shop.item SET price = 90;
DELETE FROM shop.item WHERE id OPERATOR(pg_catalog.=) 'none';
INSERT INTO numbers.item (id, price, stock) VALUES (1, 1.5, 5);
INSERT INTO numbers.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000007', 10);
SELECT status, amount, balance FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007', 2, store => 'numbers');
SELECT count(*) FROM vend.audit('shop');
SELECT count(*) FROM vend.audit('numbers');
SELECT what FROM evil.called;

-- A caller's temporary tables do no harm either, which PostgreSQL looks into first of all.
CREATE TEMP TABLE item (LIKE shop.item);
CREATE TEMP TABLE ledger (LIKE shop.ledger);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');

-- The setting is the caller's again after each call, after an error too.
SHOW search_path;
SELECT item FROM vend.purchase('ghost', 'alpha');
SHOW search_path;
SELECT vend.detach_store('nowhere');
SHOW search_path;
RESET search_path;
SELECT id, price, stock, version FROM shop.item ORDER BY id;
SELECT kind, item, qty, wallet, amount FROM shop.ledger WHERE kind IN ('purchase', 'adjustment') ORDER BY kind, item, qty, amount;
SELECT min(at) > '2020-01-01' AS at_is_true FROM shop.ledger;
SELECT what FROM evil.called;
SELECT vend.detach_store('shop'), vend.detach_store('numbers');
DROP SCHEMA shop, numbers CASCADE;
DROP SCHEMA evil CASCADE;
