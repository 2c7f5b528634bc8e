-- Aim: triggers of the owner against every other movement: deposit, withdrawal, transfer, refund, restock. Suppressed or
-- altered, each is a fault that changes nothing, at either wallet and either line of a transfer; vend called from a trigger,
-- however deep, adds up; a trigger that changes the store in the middle of a call is heard as a fault.
-- Guarantees: G3 (whatever a trigger does to an engine write, it has the effect that was decided, or is a fault), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('gift', 5, 20), ('lamp', 100, 20), ('vase', 30, 20);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('bank', 0), ('beta', 1000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'));

CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(id || ' ' || stock, ', ' ORDER BY id COLLATE "C") FROM shop.item), (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet),
                     (SELECT count(*) || ' rows' FROM shop.ledger), (SELECT count(*) || ' findings' FROM vend.audit('shop')))
$$;
CREATE FUNCTION shop.suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
-- The function sets a column of the new row to a value of the row, given as SQL.
CREATE FUNCTION shop.alter_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT (jsonb_populate_record($1, jsonb_build_object(%L, %s))).*', TG_ARGV[0], replace(TG_ARGV[1], 'NEW.', '$1.')) INTO NEW USING NEW;
    RETURN NEW;
END
$$;

CREATE TABLE shop.move (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO shop.move (name, statement) VALUES
    ('restock', $$SELECT * FROM vend.restock('lamp', 2)$$),
    ('deposit', $$SELECT * FROM vend.deposit('alpha', 10)$$),
    ('withdraw', $$SELECT * FROM vend.withdraw('alpha', 10)$$),
    ('try_withdraw', $$SELECT * FROM vend.try_withdraw('alpha', 10)$$),
    ('transfer', $$SELECT * FROM vend.transfer('alpha', 'beta', 10)$$),
    ('try_transfer', $$SELECT * FROM vend.try_transfer('alpha', 'beta', 10)$$),
    ('transfer back', $$SELECT * FROM vend.transfer('beta', 'alpha', 10)$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), 1)$$),
    ('try_refund', $$SELECT * FROM vend.try_refund(vend.id_from('sale'), 1)$$);
CREATE TABLE shop.sabotage (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO shop.sabotage (name, sql) VALUES
    ('none', 'SELECT'),
    ('item: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('item: one more', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('stock', 'NEW.stock + 1')$$),
    ('item: one less', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('stock', 'NEW.stock - 1')$$),
    ('item: key', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('id', '''pot''')$$),
    ('item: stock_version', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('stock_version', '0')$$),
    ('wallet: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('alpha: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = ''alpha'') EXECUTE FUNCTION shop.suppress()'),
    ('beta: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = ''beta'') EXECUTE FUNCTION shop.suppress()'),
    ('alpha: one more', $$CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'alpha') EXECUTE FUNCTION shop.alter_row('balance', 'NEW.balance + 1')$$),
    ('beta: one less', $$CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'beta') EXECUTE FUNCTION shop.alter_row('balance', 'NEW.balance - 1')$$),
    ('wallet: key', $$CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.alter_row('id', '''omega''')$$),
    ('ledger: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('line 0: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.line = 0) EXECUTE FUNCTION shop.suppress()'),
    ('line 1: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.line = 1) EXECUTE FUNCTION shop.suppress()');
INSERT INTO shop.sabotage (name, sql)
SELECT 'ledger: ' || c, format('CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.alter_row(%L, %L)', c, v)
FROM (VALUES ('id', '''00000000-0000-4000-8000-0000000000ff'''), ('line', 'NEW.line + 7'), ('kind', '''adjustment'''), ('item', '''vase'''), ('qty', 'NEW.qty + 1'), ('wallet', '''bank'''), ('amount', 'NEW.amount + 1'), ('unit_price', '1'), ('ref', '''00000000-0000-4000-8000-0000000000ff'''), ('at', '''2000-01-01'''), ('refusal_qty', '1')) v (c, v);

-- The function shows the SQLSTATE, or what was moved, then undoes it; a failed movement must have been undone already.
CREATE FUNCTION shop.hears(sabotage text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := shop.state();
    answer text;
BEGIN
    EXECUTE sabotage;
    BEGIN
        EXECUTE statement;
        answer := 'moved';
        IF shop.state() NOT LIKE '%| 0 findings' THEN answer := answer || ', does not add up'; END IF;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
        IF shop.state() <> before THEN answer := answer || ', ' || shop.state(); END IF;
    END;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN answer;
END
$$;
SELECT s.name AS sabotage, m.name AS move, shop.hears(s.sql, m.statement) FROM shop.sabotage s, shop.move m ORDER BY s.n, m.n \crosstabview
SELECT shop.state();

-- The message has this text.
CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'beta') EXECUTE FUNCTION shop.suppress();
SELECT * FROM vend.transfer('alpha', 'beta', 10);
\echo :SQLSTATE
DROP TRIGGER t ON shop.wallet;

-- A trigger that raises is heard as it is; one that looks on, by row or by statement, is no hindrance.
CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed on mondays' USING ERRCODE = 'P0042'; END $$;
CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH STATEMENT EXECUTE FUNCTION shop.refuse();
SELECT m.name, shop.hears('SELECT', m.statement) FROM shop.move m ORDER BY m.n;
DROP TRIGGER t ON shop.wallet;
CREATE TABLE shop.seen (n int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION shop.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop.seen (what) SELECT format('%s: %s rows', TG_TABLE_NAME, count(*)) FROM new_rows;
    RETURN NULL;
END
$$;
CREATE TRIGGER t AFTER UPDATE ON shop.item REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION shop.look();
CREATE TRIGGER t AFTER UPDATE ON shop.wallet REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION shop.look();
CREATE TRIGGER t AFTER INSERT ON shop.ledger REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION shop.look();
SELECT status, balance FROM vend.try_purchase('lamp', 'beta');
SELECT status, balance FROM vend.try_transfer('beta', 'bank', 3);
SELECT what FROM shop.seen ORDER BY n;
DROP TRIGGER t ON shop.item;
DROP TRIGGER t ON shop.wallet;
DROP TRIGGER t ON shop.ledger;
SELECT shop.state();

-- A trigger of each movement calls vend: a commission on each transfer, a bonus on each deposit, a unit back onto the
-- shelf of another item with each refund, another sale with each restock.
CREATE FUNCTION shop.follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE NEW.kind
        WHEN 'transfer' THEN IF NEW.wallet <> 'bank' AND NEW.amount > 1 THEN PERFORM vend.transfer(NEW.wallet, 'bank', 1); END IF;
        WHEN 'deposit' THEN IF NEW.amount > 5 THEN PERFORM vend.deposit(NEW.wallet, 5); END IF;
        WHEN 'withdrawal' THEN PERFORM vend.purchase('gift', NEW.wallet);
        WHEN 'refund' THEN PERFORM vend.restock('vase', 1);
        WHEN 'restock' THEN IF NEW.item = 'lamp' THEN PERFORM vend.try_purchase('lamp', 'beta'); END IF;
        ELSE NULL;
    END CASE;
    RETURN NULL;
END
$$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.follow_up();
SELECT balance FROM vend.transfer('alpha', 'beta', 100);
SELECT shop.state();
SELECT balance FROM vend.deposit('alpha', 10);
SELECT shop.state();
SELECT balance FROM vend.withdraw('alpha', 10);
SELECT shop.state();
SELECT stock, balance FROM vend.refund(vend.id_from('sale'), 1);
SELECT shop.state();
SELECT stock FROM vend.restock('lamp', 1);
SELECT shop.state();
DROP TRIGGER t ON shop.ledger;

-- Each sale makes another, until nothing is left: one refusal ends it, and all of it counts, or none of it.
CREATE FUNCTION shop.again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT vend.%I(''gift'', ''beta'')', TG_ARGV[0]); RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = 'gift' AND NEW.kind = 'purchase') EXECUTE FUNCTION shop.again('purchase');
SELECT status FROM vend.try_purchase('gift', 'beta');
\echo :SQLSTATE
SELECT shop.state();
DROP TRIGGER t ON shop.ledger;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = 'gift' AND NEW.kind = 'purchase') EXECUTE FUNCTION shop.again('try_purchase');
SELECT status, balance FROM vend.try_purchase('gift', 'beta');
SELECT shop.state();
DROP TRIGGER t ON shop.ledger;
-- If no refusal ends the sales, the limit of the stack does; the session goes on.
CREATE FUNCTION shop.for_ever() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.deposit('bank', 1); RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.for_ever();
\set VERBOSITY sqlstate
SET max_stack_depth = '600kB';
SELECT balance FROM vend.deposit('bank', 1);
RESET max_stack_depth;
\set VERBOSITY default
DROP TRIGGER t ON shop.ledger;
SELECT shop.state();

-- A trigger changes the store while a call is under way. The call is whole or a fault; afterwards the session sells.
CREATE FUNCTION shop.run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; RETURN NULL; END $$;
CREATE TABLE shop.ddl (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO shop.ddl (statement) VALUES
    ('DISCARD PLANS'),
    ('ALTER TABLE shop.ledger ADD COLUMN note text DEFAULT ''x'''),
    ('ALTER TABLE shop.wallet ADD COLUMN note text DEFAULT ''x'''),
    ('CREATE INDEX ON shop.ledger (at)'),
    ('SET LOCAL search_path = nowhere'),
    ('SET LOCAL vend.default_store = ''nowhere'''),
    ('ALTER TABLE shop.ledger RENAME TO books'),
    ('ALTER TABLE shop.wallet RENAME balance TO coins'),
    ('ALTER SCHEMA shop RENAME TO mall'),
    ('ALTER TABLE shop.ledger SET UNLOGGED'),
    ('ALTER TABLE shop.ledger ALTER COLUMN amount TYPE numeric(20,2)'),
    ('ALTER TABLE shop.wallet DISABLE TRIGGER vend_journal'),
    ('SET LOCAL session_replication_role = replica'),
    ('DROP TABLE shop.wallet'),
    ('DROP TABLE shop.ledger CASCADE'),
    ('DROP TABLE shop.item'),
    ('TRUNCATE shop.ledger'),
    ('TRUNCATE shop.item'),
    ('SELECT vend.detach_store(''shop'')');
CREATE TEMP TABLE answer (n int, statement text, sale text, refund text);
DO $$
DECLARE
    d record;
BEGIN
    FOR d IN TABLE shop.ddl ORDER BY n LOOP
        INSERT INTO answer VALUES (d.n, d.statement,
            shop.hears(format('CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.run(%L)', d.statement), $s$SELECT * FROM vend.purchase('lamp', 'alpha', store => 'shop')$s$),
            shop.hears(format('CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.run(%L)', d.statement), $s$SELECT * FROM vend.refund(vend.id_from('sale'), 1, store => 'shop')$s$));
    END LOOP;
END
$$;
SELECT statement, sale, refund FROM answer ORDER BY n;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
