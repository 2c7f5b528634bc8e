-- Aim: a table belongs to one store, however a session quotes names: what the registry has as text is compared as the relation that
-- it means, and never runs as SQL. Names of every kind, sessions of every kind, partitions, and hands that wrote the registry themselves.
-- Guarantee: G6 (one journal for each table), section "Binding".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
CREATE TABLE product (id text PRIMARY KEY, stock bigint NOT NULL, price bigint NOT NULL);
CREATE TABLE customer (id text PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO product VALUES ('lamp', 9, 10);
INSERT INTO customer VALUES ('alpha', 1000);

-- One session quotes what it must, the other quotes everything; either may have made the store.
SELECT vend.attach_store('a', 'product', price => 'price', wallets => 'customer', balance => 'balance');
SET quote_all_identifiers = on;
SELECT vend.attach_store('b', 'product');
\echo :SQLSTATE
SELECT vend.attach_store('b', 'a.ledger', item_key => 'item', stock => 'qty');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
SELECT vend.detach_store('a');
SELECT vend.attach_store('a', 'product', price => 'price', wallets => 'customer', balance => 'balance');
SELECT item, wallet, ledger, delta, role FROM vend.store;
SELECT vend.reattach_store('a', wallets => 'product', balance => 'stock');
\echo :SQLSTATE
RESET quote_all_identifiers;
SELECT vend.attach_store('b', 'product');
\echo :SQLSTATE
SELECT vend.reattach_store('a', wallets => 'product', balance => 'stock');
\echo :SQLSTATE
CREATE TABLE shelf (id text PRIMARY KEY, stock bigint NOT NULL);
SELECT vend.attach_store('b', 'shelf');
SET quote_all_identifiers = on;
SELECT vend.reattach_store('b', items => 'product');
\echo :SQLSTATE
SELECT vend.reattach_store('b', items => 'shelf');
SELECT vend.grant_role('buyer', CURRENT_USER::regrole, 'a');
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
SELECT * FROM vend.audit('a');
RESET quote_all_identifiers;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
SELECT vend.detach_store('b');

-- The registry has a row that somebody, or a dump of another session, has written.
UPDATE vend.store SET item = '"public"."product"', ledger = 'A.LEDGER', delta = ' a . "stock_delta" ';
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
SELECT vend.attach_store('c', 'product');
\echo :SQLSTATE
SET quote_all_identifiers = on;
SELECT vend.attach_store('c', 'product');
\echo :SQLSTATE
RESET quote_all_identifiers;
SELECT vend.detach_store('a');
SELECT vend.attach_store('a', 'product', price => 'price', wallets => 'customer', balance => 'balance');
CREATE TABLE victim ();
CREATE FUNCTION written(what text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text[];
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY['vend.grant_role(''buyer'', ''pg_monitor'', ''a'')', 'vend.revoke_role(''buyer'', ''pg_monitor'', ''a'')', 'vend.detach_store(''a'')', 'vend.attach_store(''d'', ''shelf'')', 'vend.try_purchase(''lamp'', ''alpha'', store => ''a'')'] LOOP
        BEGIN
            EXECUTE format('UPDATE vend.store SET %I = %L', what, name);
            EXECUTE 'SELECT ' || statement;
            RAISE SQLSTATE 'ZZ000';
        EXCEPTION WHEN SQLSTATE 'ZZ000' THEN answers := answers || 'done'::text;
        WHEN OTHERS THEN answers := answers || SQLSTATE::text;
        END;
    END LOOP;
    RETURN array_to_string(answers, ' ');
END
$$;
SELECT name, column_name, written(column_name, name) AS "grant, revoke, detach, attach, sell"
FROM unnest(ARRAY['a.role TO pg_monitor; DROP TABLE victim; --', 'a.role;drop/**/table/**/victim', 'nowhere', 'a.b.c', '"', 'a."', '', '.', '""."', E'a.role\n', 'a.role; DROP TABLE victim']) WITH ORDINALITY n (name, number), unnest(ARRAY['role', 'item', 'delta']) column_name
ORDER BY number, column_name;
SELECT count(*) AS victims FROM pg_class WHERE relname = 'victim';
-- If there is such a table, the text is its name.
CREATE TABLE a."stock_delta;drop/**/table/**/victim" (item text, qty bigint);
SELECT written('delta', 'a.stock_delta;drop/**/table/**/victim');
DROP TABLE a."stock_delta;drop/**/table/**/victim";

-- The relation, not the name: renamed, it is another's no longer; another under the old name is taken for the store's.
ALTER SCHEMA a RENAME TO "A";
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
\echo :SQLSTATE
SELECT vend.attach_store('b', 'product');
\echo :SQLSTATE
ALTER SCHEMA "A" RENAME TO a;
DROP TABLE product;
CREATE TABLE product (id text PRIMARY KEY, stock bigint NOT NULL, price bigint NOT NULL);
INSERT INTO product VALUES ('lamp', 9, 10);
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
\echo :SQLSTATE
SELECT vend.attach_store('b', 'product');
\echo :SQLSTATE
CREATE TEMP TABLE product (id text PRIMARY KEY, stock bigint NOT NULL, price bigint NOT NULL);
\set VERBOSITY sqlstate
SELECT vend.reattach_store('a', items => 'product');
\set VERBOSITY default
DROP TABLE pg_temp.product;
SELECT vend.reattach_store('a', items => 'product');
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'a');
SELECT * FROM vend.audit('a');
SELECT vend.detach_store('a');
DROP SCHEMA a, b CASCADE;

-- The triggers on a partitioned table are those of its partitions.
CREATE TABLE part (id text PRIMARY KEY, stock bigint NOT NULL) PARTITION BY LIST (id);
CREATE TABLE part_lamp PARTITION OF part FOR VALUES IN ('lamp') PARTITION BY LIST (id);
CREATE TABLE part_lamps PARTITION OF part_lamp DEFAULT;
INSERT INTO part VALUES ('lamp', 3);
SELECT vend.attach_store('a', 'part');
SELECT vend.attach_store('b', 'part_lamps');
\echo :SQLSTATE
SELECT vend.detach_store('a');
SELECT vend.attach_store('a', 'part_lamps');
SELECT vend.attach_store('b', 'part');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', unit_price => 1, store => 'a');
SELECT vend.detach_store('a');
DROP SCHEMA a CASCADE;
DROP TABLE part;

-- Names that need quotes, or seem to, made and used in a session of either kind.
CREATE FUNCTION sells(store text, schema text, item text, wallet text, key text, is_made_quoting boolean, is_used_quoting boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statuses text;
    findings bigint;
    is_kept boolean := false;
BEGIN
    PERFORM set_config('quote_all_identifiers', is_made_quoting::text, true);
    IF schema <> 'public' THEN EXECUTE format('CREATE SCHEMA %I', schema); END IF;
    EXECUTE format('CREATE TABLE %I.%I (%I text PRIMARY KEY, stock int NOT NULL, price int NOT NULL)', schema, item, key);
    EXECUTE format('CREATE TABLE %I.%I (%I text PRIMARY KEY, balance int NOT NULL)', schema, wallet, key);
    EXECUTE format('INSERT INTO %I.%I VALUES (''lamp'', 9, 10)', schema, item);
    EXECUTE format('INSERT INTO %I.%I VALUES (''alpha'', 100)', schema, wallet);
    PERFORM vend.attach_store(store, format('%I.%I', schema, item)::regclass, price => 'price', wallets => format('%I.%I', schema, wallet)::regclass, balance => 'balance', lock_mode => 'Lock.Mode', add_columns => true);
    PERFORM set_config('quote_all_identifiers', is_used_quoting::text, true);
    BEGIN
        PERFORM vend.attach_store('thief', format('%I.%I', schema, wallet)::regclass, stock => 'balance');
    EXCEPTION WHEN duplicate_object THEN is_kept := true;
    END;
    PERFORM vend.grant_role('buyer', 'pg_monitor', store);
    SELECT concat_ws(' ', statuses, status) INTO statuses FROM vend.try_purchase('lamp', 'alpha', store => store);
    PERFORM vend.set_lock_mode('lamp', 'escrow', store);
    SELECT concat_ws(' ', statuses, status) INTO statuses FROM vend.try_purchase('lamp', 'alpha', store => store);
    PERFORM vend.settle(store);
    PERFORM vend.set_lock_mode('lamp', 'atomic', store);
    PERFORM vend.reattach_store(store, price => 'price');
    SELECT concat_ws(' ', statuses, status) INTO statuses FROM vend.try_purchase('lamp', 'alpha', store => store);
    SELECT count(*) INTO findings FROM vend.audit(store);
    PERFORM vend.detach_store(store);
    EXECUTE format('DROP TABLE %1$I.%2$I, %1$I.%3$I', schema, item, wallet);
    IF schema <> 'public' THEN EXECUTE format('DROP SCHEMA %I', schema); END IF;
    EXECUTE format('DROP SCHEMA %I CASCADE', store);
    RETURN format('%s, kept %s, %s findings', statuses, is_kept, findings);
END
$$;
SELECT store, schema, item, wallet, key, string_agg(DISTINCT sells(store, schema, item, wallet, key, m, u), ' / ') AS answer
FROM (VALUES ('shop', 'public', 'ware', 'client', 'id'), ('Shop', 'Upper', 'Product', 'product', 'ID'), ('select', 'table', 'user', 'order', 'group'), ('a.b', 'c.d', 'e.f', 'e"f', 'g.h'),
      ('Süß', 'Straße', 'Tür', 'TÜR', 'Schlüssel'), (' ', '  ', ' x', 'x ', ' y'), ('''', '$$', '"', '""', '\'), ('%I', '%s', '$1', '%1$s', '--'), ('x;y', 'x/*', '*/y', 'a,b', 'c,d')) n (store, schema, item, wallet, key),
     unnest(ARRAY[false, true]) m, unnest(ARRAY[false, true]) u
GROUP BY 1, 2, 3, 4, 5 ORDER BY store COLLATE "C";
DROP TABLE product, customer, shelf, victim;
DROP FUNCTION sells, written;
ALTER EVENT TRIGGER vend_migration ENABLE;
