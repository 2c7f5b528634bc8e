-- Aim: create_store and detach_store: the tables and what guards them, every key type, every option, bad arguments.
-- Guarantee: G8 (plain tables that the caller owns, core types only).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;

SELECT vend.create_store('shop');
\d shop.item
\d shop.wallet
\d shop.ledger
\d shop.holding
SELECT name, item, item_key, stock, price, stock_version, version, lock_mode FROM vend.store;
SELECT name, wallet, wallet_key, balance, ledger, direct_writes FROM vend.store;

-- All of it belongs to the caller, and nothing in it needs a type or function of the extension.
SELECT relname, relkind, pg_get_userbyid(relowner) = current_user AS mine
FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname;
SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'shop'::regnamespace AND a.attnum > 0 AND t.typnamespace <> 'pg_catalog'::regnamespace;

-- The triggers fire AFTER only, and each depends on the extension.
SELECT c.relname, t.tgname, (t.tgtype & 2) = 0 AS after,
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'x') AS follows_extension
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2;

-- The tables themselves refuse wrong rows.
INSERT INTO shop.item (id, price, stock) VALUES ('a', 1, -1);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('a', -1, 1);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('a', 1, 1, 'none');
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('a', 1, 1, 'exclusive');
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES (NULL, 1, 1);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('a', NULL, 1);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('a', 1, NULL);
\echo :SQLSTATE
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', -1);
\echo :SQLSTATE
INSERT INTO shop.wallet (id, balance) VALUES (NULL, 1);
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('a', 0, 0, 'atomic'), ('p', 0, 0, 'pessimistic'), ('o', 0, 0, 'optimistic'), ('n', 0, 0, NULL);
SELECT id, stock_version, version, lock_mode FROM shop.item ORDER BY id;

-- The name is taken.
SELECT vend.create_store('shop');
\echo :SQLSTATE

-- A detached store has no triggers and no binding, and all of its rows.
SELECT vend.detach_store('shop');
SELECT count(*) FROM vend.store;
SELECT count(*) AS triggers FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal;
SELECT count(*) FROM shop.item;
INSERT INTO shop.ledger (id, line, kind, item, qty, at) VALUES (gen_random_uuid(), 0, 'adjustment', 'a', 1, now());
DELETE FROM shop.ledger;
SELECT vend.detach_store('shop');
\echo :SQLSTATE
DROP SCHEMA shop CASCADE;

-- Every pair of key types sells.
DO $$
DECLARE
    i text; w text; k text;
    one constant jsonb := '{"text": "k", "bigint": "1", "uuid": "00000000-0000-0000-0000-000000000001"}';
    sale record;
BEGIN
    FOREACH i IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        FOREACH w IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
            PERFORM vend.create_store('shop', i::regtype, w::regtype);
            EXECUTE format('INSERT INTO shop.item (id, price, stock) VALUES (%L, 10, 5)', one ->> i);
            EXECUTE format('INSERT INTO shop.wallet (id, balance) VALUES (%L, 100)', one ->> w);
            SELECT * INTO sale FROM vend.purchase(one ->> i, one ->> w, 2);
            SELECT string_agg(DISTINCT format_type(atttypid, atttypmod), ' ') INTO k FROM pg_attribute
            WHERE (attrelid, attname) IN (('shop.item'::regclass, 'id'), ('shop.ledger'::regclass, 'item'), ('shop.holding'::regclass, 'item'));
            RAISE WARNING 'item % wallet %: % bought % of %, % left; item keys are %', i, w, sale.buyer, sale.qty, sale.item, sale.balance, k;
            PERFORM vend.detach_store('shop');
            DROP SCHEMA shop CASCADE;
        END LOOP;
    END LOOP;
END
$$;

-- The options are: without wallets, without prices, without both, other money.
SELECT vend.create_store('bare', wallets => false, prices => false);
SELECT vend.create_store('gift', wallets => false);
SELECT vend.create_store('ask', prices => false);
SELECT vend.create_store('fine', money_type => 'numeric(12,2)');
SELECT c.relnamespace::regnamespace::text AS store, c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace::regnamespace::text IN ('bare', 'gift', 'ask', 'fine') AND c.relkind = 'r' AND c.relname <> 'ledger' AND a.attnum > 0
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT name, price, wallet, wallet_key, balance, direct_writes FROM vend.store ORDER BY name;
SELECT vend.detach_store(name) FROM vend.store ORDER BY name;
DROP SCHEMA bare, gift, ask, fine CASCADE;

-- Bad arguments make nothing.
SELECT vend.create_store(NULL);
\echo :SQLSTATE
SELECT vend.create_store('');
\echo :SQLSTATE
SELECT vend.create_store(repeat('x', 64));
\echo :SQLSTATE
SELECT vend.create_store('pg_shop');
\echo :SQLSTATE
SELECT vend.create_store('shop', 'integer');
\echo :SQLSTATE
SELECT vend.create_store('shop', 'text', 'numeric');
\echo :SQLSTATE
SELECT vend.create_store('shop', 'varchar');
\echo :SQLSTATE
SELECT vend.create_store('shop', 'nonsense');
\echo :SQLSTATE
SELECT vend.create_store('shop', NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', 'text', NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', direct_writes => 'maybe');
\echo :SQLSTATE
SELECT vend.create_store('shop', direct_writes => NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', wallets => NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', prices => NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => NULL);
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'float8');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'money');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric(40,2)');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric(10,-2)');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric(2,4)');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'numeric(12,2); DROP TABLE x');
\echo :SQLSTATE
SELECT vend.create_store('shop', money_type => 'bigint, x int');
\echo :SQLSTATE
SELECT vend.detach_store(NULL);
\echo :SQLSTATE
SELECT vend.detach_store('nowhere');
\echo :SQLSTATE
SELECT vend.create_store('pg_catalog');
\echo :SQLSTATE
SELECT count(*) FROM vend.store;
SELECT count(*) FROM pg_namespace WHERE nspname = 'shop';

-- A schema of the caller's own may be there already, so long as none of the tables is.
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id text);
SELECT vend.create_store('shop');
SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
CREATE SCHEMA shop;
CREATE TABLE shop.wallet (id text);
SELECT vend.create_store('shop');
\echo :SQLSTATE
SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
DROP SCHEMA shop CASCADE;
SELECT count(*) FROM vend.store;

-- A store that is made in a transaction that rolls back does not exist, and the next one is another store.
BEGIN;
SELECT vend.create_store('shop', 'bigint', 'bigint');
INSERT INTO shop.item (id, price, stock) VALUES (1, 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES (1, 100);
SELECT status, balance FROM vend.try_purchase(1, 1);
ROLLBACK;
SELECT status FROM vend.try_purchase(1, 1);
\echo :SQLSTATE
BEGIN;
SAVEPOINT one;
SELECT vend.create_store('shop', 'bigint', 'bigint');
SELECT status FROM vend.try_purchase(1, 1);
ROLLBACK TO one;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
COMMIT;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
BEGIN;
SELECT vend.detach_store('shop');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit();

-- If the schema is dropped without detaching, the binding is dead and says so, and can still be detached.
DROP SCHEMA shop CASCADE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT vend.detach_store('shop');
SELECT count(*) FROM vend.store;
-- A store cannot be created under the same name before the first is detached.
SELECT vend.create_store('shop');
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', 'bigint', 'bigint');
INSERT INTO shop.item (id, price, stock) VALUES (1, 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES (1, 100);
SELECT status, balance FROM vend.try_purchase(1, 1);
-- The remains of a store are enough to keep its name.
DROP TABLE shop.wallet;
SELECT status, balance FROM vend.try_purchase(1, 1);
\echo :SQLSTATE
SELECT vend.create_store('shop');
\echo :SQLSTATE
SELECT vend.detach_store('shop');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('shop.item'::regclass, 'shop.ledger'::regclass) AND NOT tgisinternal;
DROP SCHEMA shop CASCADE;
SELECT count(*) FROM vend.store;
ALTER EVENT TRIGGER vend_migration ENABLE;
