-- Aim: what an event trigger, or a default of the database, does to new tables: create_store() and attach_store() make a store that
-- sells, or say what is wrong; they never report success for one that cannot be used.
-- Guarantee: G8, section "Whose rights?".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_team;
CREATE ROLE regress_vend_alice IN ROLE regress_vend_team;
CREATE ROLE regress_vend_bob;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_alice, regress_vend_bob, regress_vend_team', current_database()); END $$;
CREATE SCHEMA given;
GRANT ALL ON SCHEMA given TO PUBLIC;
-- The event trigger runs this for each new relation of these names; %s is the relation.
CREATE TABLE given.task (relations text, command text);
GRANT SELECT ON given.task TO PUBLIC;
CREATE FUNCTION given.new_table() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT c.object_identity, t.command FROM pg_event_trigger_ddl_commands() c JOIN given.task t ON c.object_identity ~ t.relations
                WHERE c.command_tag IN ('CREATE TABLE', 'CREATE VIEW', 'CREATE SCHEMA', 'CREATE TRIGGER') LOOP
        EXECUTE replace(made.command, '%s', made.object_identity);
    END LOOP;
END
$$;
CREATE EVENT TRIGGER regress_vend_new_table ON ddl_command_end EXECUTE FUNCTION given.new_table();

CREATE FUNCTION given.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION given.refuse() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'no tables today' USING ERRCODE = 'VX001'; END $$;
-- The function makes a store, uses it, and shows to whom its relations belong.
CREATE FUNCTION given.lives(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    detail text;
    hint text;
BEGIN
    EXECUTE call;
    SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ', ') || ', schema ' || (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'shop') INTO answer
    FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v');
    PERFORM vend.grant_role('buyer', 'regress_vend_bob', 'shop');
    INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 9);
    INSERT INTO shop.wallet VALUES ('w', 100);
    answer := answer || ': ' || concat_ws(' ', (SELECT status FROM vend.try_purchase('lamp', 'w', store => 'shop')), (SELECT vend.set_lock_mode('lamp', 'escrow', 'shop')), (SELECT status FROM vend.try_purchase('lamp', 'w', store => 'shop')),
        (SELECT vend.settle('shop')), (SELECT count(*) FROM shop.holding), (SELECT count(*) FROM vend.audit('shop')));
    SET ROLE regress_vend_bob;
    answer := answer || ', bob ' || (SELECT status FROM vend.try_purchase('lamp', 'w', store => 'shop'));
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN answer;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', nullif(answer, ''), SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on
\pset recordsep '\n\n'
-- The function does so in a role, and treats these relations in that way.
CREATE FUNCTION given.lives_with(role text, relations text, command text, call text DEFAULT 'SELECT vend.create_store(''shop'')') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    TRUNCATE given.task;
    INSERT INTO given.task SELECT relations, c FROM string_to_table(command, ';') c;
    EXECUTE 'SET ROLE ' || role;
    answer := given.lives(call);
    RESET ROLE;
    TRUNCATE given.task;
    RETURN format('%s: %s with %s', role, relations, command) || E'\n' || answer;
END
$$;
SELECT given.lives_with(r, n, 'ALTER TABLE %s OWNER TO regress_vend_team')
FROM unnest(ARRAY['regress_vend_alice', 'regress_vend_bob']) WITH ORDINALITY r1 (r, i), unnest(ARRAY['^shop\.(item|wallet|ledger|stock_delta)$', '^shop\.item$', '^shop\.(ledger|role)$', '^shop\.']) WITH ORDINALITY n1 (n, j)
ORDER BY i, j;
SELECT regexp_replace(given.lives_with(quote_ident(session_user), '^shop\.(item|wallet|ledger|stock_delta)$', 'ALTER TABLE %s OWNER TO regress_vend_team'), '^[^:]*', 'superuser');
SELECT given.lives_with('regress_vend_alice', '^shop$', 'ALTER SCHEMA %s OWNER TO regress_vend_team');
SELECT given.lives_with('regress_vend_alice', n, c) FROM (VALUES
    (1, '^shop\.item$', 'DROP TABLE %s'), (2, '^shop\.ledger$', 'DROP TABLE %s'), (3, '^shop\.role$', 'DROP VIEW %s'), (4, '^shop\.wallet$', 'ALTER TABLE %s RENAME TO t_wallet'), (5, '^shop\.stock_delta$', 'ALTER TABLE %s SET SCHEMA given'),
    (6, '^shop\.ledger$', 'ALTER TABLE %s SET UNLOGGED'), (7, '^shop\.(item|wallet|ledger)$', 'ALTER TABLE %s ADD tenant name NOT NULL DEFAULT current_user'), (8, '^shop\.stock_delta$', 'ALTER TABLE %s ADD tenant name NOT NULL DEFAULT current_user'),
    (9, '^shop\.(item|wallet|ledger|stock_delta)$', 'ALTER TABLE %s ENABLE ROW LEVEL SECURITY'), (10, '^shop\.item$', 'ALTER TABLE %s ALTER stock TYPE double precision'), (11, '^shop\.item$', 'ALTER TABLE %s DROP CONSTRAINT item_pkey'),
    (12, '^shop\.item$', 'CREATE TABLE shop.child () INHERITS (shop.item)'), (13, '^vend_journal on shop\.item$', 'ALTER TABLE shop.item DISABLE TRIGGER vend_journal'), (14, '^shop\.ledger$', 'REVOKE INSERT ON %s FROM regress_vend_alice'),
    (15, '^shop\.(item|wallet|ledger)$', 'CREATE TRIGGER audit AFTER INSERT OR UPDATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION given.nothing()'), (16, '^shop\.item$', 'SELECT given.refuse()')) v (i, n, c) ORDER BY i;

-- The caller's tables were there before; their owner gets what is made beside them.
CREATE FUNCTION given.attach(owner text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SET ROLE ' || owner;
    CREATE SCHEMA shop;
    CREATE TABLE shop.item (id text PRIMARY KEY, price bigint NOT NULL, stock bigint NOT NULL, mode text);
    CREATE TABLE shop.wallet (id text PRIMARY KEY, balance bigint NOT NULL);
    SET ROLE regress_vend_alice;
    PERFORM vend.attach_store('shop', 'shop.item', price => 'price', wallets => 'shop.wallet', balance => 'balance', lock_mode => 'mode');
    RETURN '';
END
$$;
SELECT given.lives_with('regress_vend_alice', n, 'ALTER TABLE %s OWNER TO regress_vend_team', format('SELECT given.attach(%L)', o))
FROM unnest(ARRAY['regress_vend_alice', 'regress_vend_team']) WITH ORDINALITY o1 (o, i), unnest(ARRAY['^shop\.(ledger|stock_delta)$', '^shop\.(item|wallet|ledger|stock_delta)$']) WITH ORDINALITY n1 (n, j) ORDER BY i, j;

-- A member binds the store again after its views and deltas were dropped.
CREATE FUNCTION given.again() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vend.create_store('shop');
    PERFORM vend.detach_store('shop');
    DROP VIEW shop.role, shop.holding;
    DROP TABLE shop.stock_delta;
    PERFORM vend.create_store('shop');
    RETURN '';
END
$$;
SELECT given.lives_with('regress_vend_alice', '^shop\.(item|wallet|ledger)$', 'ALTER TABLE %s OWNER TO regress_vend_team', 'SELECT given.again()');
DROP EVENT TRIGGER regress_vend_new_table;

-- Default privileges change what an owner may do.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_vend_alice REVOKE INSERT ON TABLES FROM regress_vend_alice;
SELECT given.lives_with('regress_vend_alice', '-', '-');
ALTER DEFAULT PRIVILEGES FOR ROLE regress_vend_alice GRANT INSERT ON TABLES TO regress_vend_alice;
-- A right of a store is a privilege on a column of the view: what everybody gets on new tables gives no right.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_vend_alice GRANT SELECT ON TABLES TO PUBLIC;
SET ROLE regress_vend_alice;
SELECT vend.create_store('shop');
SET ROLE regress_vend_bob;
SELECT status FROM vend.try_purchase('lamp', 'w', store => 'shop');
RESET ROLE;
SELECT vend.detach_store('shop');
DROP SCHEMA shop, given CASCADE;
DROP OWNED BY regress_vend_alice, regress_vend_bob, regress_vend_team;
DROP ROLE regress_vend_alice, regress_vend_bob, regress_vend_team;
