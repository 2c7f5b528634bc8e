-- Aim: the settings: defaults, units, limits, scope, and that they do what they say.
-- Section "Settings" of docs/sql-reference.md: changeable by session, role and database.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
LOAD 'pg_vend';
SELECT name, vartype, unit, context, boot_val, min_val, max_val, enumvals, short_desc IS NOT NULL AS described FROM pg_settings WHERE name LIKE 'vend.%' ORDER BY name;

SHOW vend.lock_timeout;
SET vend.lock_timeout = '2s';
SHOW vend.lock_timeout;
SET vend.lock_timeout = 1500;
SHOW vend.lock_timeout;
SET vend.lock_timeout = '3 min';
SHOW vend.lock_timeout;
-- The limits are those above; releases differ in the words.
\set VERBOSITY sqlstate
SET vend.lock_timeout = -1;
\set VERBOSITY default
SET vend.lock_timeout = '5 parsecs';
\echo :SQLSTATE
SET vend.lock_timeout = '1000h';
\echo :SQLSTATE
SET vend.lock_mode = 'pessimistic';
SHOW vend.lock_mode;
SET vend.lock_mode = 'Optimistic';
SHOW vend.lock_mode;
SET vend.lock_mode = 'escrow';
\echo :SQLSTATE
SET vend.lock_mode = '';
\echo :SQLSTATE
SET vend.optimistic_retries = 0;
SET vend.optimistic_retries = -1;
\echo :SQLSTATE
SET vend.optimistic_retries = 'many';
\echo :SQLSTATE
SET vend.default_store = 'anything';
SHOW vend.default_store;
SET vend.nonsense = 1;
\echo :SQLSTATE
RESET ALL;
SET client_min_messages = warning;
SHOW vend.lock_mode;
SHOW vend.lock_timeout;
SHOW vend.optimistic_retries;
SHOW vend.default_store;

-- A setting applies to a transaction, a function, a role or a database.
SELECT vend.create_store('shop');
SELECT vend.create_store('mall');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5);
INSERT INTO mall.item (id, price, stock) VALUES ('lamp', 7, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
INSERT INTO mall.wallet (id, balance) VALUES ('alpha', 1000);
BEGIN;
SET LOCAL vend.default_store = 'shop';
SELECT unit_price FROM vend.purchase('lamp', 'alpha');
SAVEPOINT one;
SET LOCAL vend.default_store = 'mall';
SELECT unit_price FROM vend.purchase('lamp', 'alpha');
ROLLBACK TO one;
SELECT unit_price FROM vend.purchase('lamp', 'alpha');
COMMIT;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
CREATE FUNCTION mall.buy() RETURNS numeric LANGUAGE sql SET vend.default_store = 'mall' AS $$ SELECT unit_price FROM vend.purchase('lamp', 'alpha') $$;
SELECT mall.buy();
SELECT current_database() AS db, current_user AS usr \gset
ALTER DATABASE :"db" SET vend.default_store = 'shop';
ALTER ROLE :"usr" IN DATABASE :"db" SET vend.lock_mode = 'optimistic';
ALTER ROLE :"usr" IN DATABASE :"db" SET vend.lock_timeout = '250ms';
\c -
SET client_min_messages = warning;
SELECT current_setting('vend.default_store') AS default_store, current_setting('vend.lock_mode') AS lock_mode, current_setting('vend.lock_timeout') AS lock_timeout;
SELECT unit_price FROM vend.purchase('lamp', 'alpha');
SELECT current_setting('vend.default_store') AS default_store, current_setting('vend.lock_mode') AS lock_mode, current_setting('vend.lock_timeout') AS lock_timeout;
ALTER DATABASE :"db" RESET vend.default_store;
ALTER ROLE :"usr" IN DATABASE :"db" RESET ALL;
\c -
SET client_min_messages = warning;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
-- A session that has not loaded the module yet takes any word; the module says what is wrong with it on loading.
\c -
SET vend.lock_mode = 'nonsense';
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
SHOW vend.lock_mode;
SET client_min_messages = warning;

SELECT * FROM vend.audit('shop');
SELECT * FROM vend.audit('mall');
SELECT vend.detach_store('shop'), vend.detach_store('mall');
DROP SCHEMA shop, mall CASCADE;
