-- Aim: a batch on tables that carry triggers of the owner's: those that look on see each row written once; those that suppress
-- or alter a write are a fault, and nothing of the batch has happened; those that sell themselves are counted too.
-- Guarantee: G3 (row count and returned values must equal the decision, else a fault).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 100, 50, NULL), ('vase', 30, 50, 'pessimistic'), ('dish', 20, 50, 'optimistic'), ('cup', 10, 50, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000), ('beta', 10000);
CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ',
        (SELECT string_agg(id || ' ' || vend.available(id, 'shop'), ', ' ORDER BY id) FROM shop.item),
        (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id) FROM shop.wallet),
        (SELECT count(*) || ' sales' FROM shop.ledger WHERE kind = 'purchase'),
        (SELECT count(*) || ' findings' FROM vend.audit('shop')))
$$;
CREATE FUNCTION shop.buy(memory text DEFAULT NULL) RETURNS TABLE (statuses text, balances text) LANGUAGE sql AS $$
    SELECT string_agg(status, ' '), string_agg(balance::text, ' ')
    FROM vend.purchase_many('{lamp,cup,vase,lamp,dish,cup,lamp,vase,ghost}', '{alpha,alpha,beta,alpha,alpha,beta,beta,alpha,alpha}', '{1,2,1,1,2,1,99,1,1}',
                            ARRAY(SELECT vend.id_from(memory || n) FROM generate_series(1, 9) n), remember => memory IS NOT NULL)
$$;
SELECT * FROM shop.buy();
SELECT shop.state();

-- Triggers that only look on fire once for each row, by row and by statement.
CREATE TABLE shop.seen (n int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION shop.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'item' THEN INSERT INTO shop.seen (what) VALUES (format('item %s: %s to %s', NEW.id, OLD.stock, NEW.stock));
        WHEN 'wallet' THEN INSERT INTO shop.seen (what) VALUES (format('wallet %s: %s to %s', NEW.id, OLD.balance, NEW.balance));
        WHEN 'ledger' THEN INSERT INTO shop.seen (what) VALUES (format('ledger: %s of %s to %s', coalesce(NEW.refusal, (-NEW.qty)::text), NEW.item, NEW.wallet));
    END CASE;
    RETURN NULL;
END
$$;
CREATE TRIGGER log AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.look();
SELECT * FROM shop.buy();
SELECT what FROM shop.seen ORDER BY n;
TRUNCATE shop.seen;
CREATE TRIGGER log AFTER UPDATE ON shop.item FOR EACH ROW WHEN (NEW.lock_mode IS DISTINCT FROM 'escrow') EXECUTE FUNCTION shop.look();
CREATE TRIGGER log AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.look();
SELECT * FROM shop.buy();
SELECT what FROM shop.seen ORDER BY what COLLATE "C";
TRUNCATE shop.seen;
SELECT * FROM shop.buy('memory');
SELECT * FROM shop.buy('memory');
SELECT what FROM shop.seen ORDER BY what COLLATE "C";
TRUNCATE shop.seen;
SELECT status, count(*), min(balance) FROM vend.purchase_many(array_fill('lamp'::text, ARRAY[40]), array_fill('alpha'::text, ARRAY[40])) GROUP BY status ORDER BY status;
SELECT split_part(what, ':', 1) AS what, count(*) FROM shop.seen GROUP BY 1 ORDER BY 1;
SELECT stock, stock_version FROM shop.item WHERE id = 'lamp';
DROP TRIGGER log ON shop.wallet;
DROP TRIGGER log ON shop.item;
DROP TRIGGER log ON shop.ledger;
SELECT stock FROM vend.restock('lamp', 100);
SELECT shop.state();

-- Triggers spoil a write. All effects are undone here; a failed call must have undone its own already.
CREATE FUNCTION shop.suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed on mondays' USING ERRCODE = 'P0042'; END $$;
CREATE FUNCTION shop.alter_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v text;
BEGIN
    EXECUTE format('SELECT (%s)::text', TG_ARGV[1]) USING NEW INTO v;
    RETURN jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0], v));
END
$$;
CREATE FUNCTION shop.sell_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() = 1 THEN PERFORM vend.purchase(TG_ARGV[0], TG_ARGV[1]); END IF; RETURN NULL; END $$;
CREATE FUNCTION shop.sell_many_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() = 1 THEN PERFORM vend.purchase_many('{lamp,cup,vase}', '{alpha,beta,alpha}'); END IF; RETURN NULL; END $$;
CREATE FUNCTION shop.run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; RETURN NULL; END $$;
CREATE TABLE shop.sabotage (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO shop.sabotage (name, sql) VALUES
    ('none', 'SELECT'),
    ('item: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('vase: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW WHEN (NEW.id = ''vase'') EXECUTE FUNCTION shop.suppress()'),
    ('item: one more', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('stock', '$1.stock + 1')$$),
    ('dish: one less', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW WHEN (NEW.id = 'dish') EXECUTE FUNCTION shop.alter_row('stock', '$1.stock - 1')$$),
    ('item: key', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW WHEN (NEW.id = 'vase') EXECUTE FUNCTION shop.alter_row('id', '''pot''')$$),
    ('item: stock_version', $$CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_row('stock_version', '0')$$),
    ('item: refused', 'CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH STATEMENT EXECUTE FUNCTION shop.refuse()'),
    ('wallet: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('beta: suppressed', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = ''beta'') EXECUTE FUNCTION shop.suppress()'),
    ('alpha: one more', $$CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'alpha') EXECUTE FUNCTION shop.alter_row('balance', '$1.balance + 1')$$),
    ('beta: key', $$CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'beta') EXECUTE FUNCTION shop.alter_row('id', '''omega''')$$),
    ('wallet: refused', 'CREATE TRIGGER t AFTER UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = ''beta'') EXECUTE FUNCTION shop.refuse()'),
    ('ledger: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.suppress()'),
    ('cup: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = ''cup'') EXECUTE FUNCTION shop.suppress()'),
    ('ledger: refused', 'CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = ''dish'') EXECUTE FUNCTION shop.refuse()'),
    ('refusals: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = ''refusal'') EXECUTE FUNCTION shop.suppress()'),
    ('refusals: refused', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = ''refusal'') EXECUTE FUNCTION shop.refuse()'),
    ('delta: suppressed', 'CREATE TRIGGER t BEFORE INSERT ON shop.stock_delta FOR EACH ROW EXECUTE FUNCTION shop.suppress()');
INSERT INTO shop.sabotage (name, sql)
SELECT 'ledger: ' || c, format('CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = ''purchase'') EXECUTE FUNCTION shop.alter_row(%L, %L)', c, v)
FROM (VALUES ('line', '$1.line + 7'), ('kind', '''adjustment'''), ('item', '''vase'''), ('qty', '$1.qty + 1'), ('wallet', '''beta'''), ('amount', '$1.amount + 1'), ('unit_price', '1'), ('ref', '''00000000-0000-4000-8000-0000000000ff'''), ('at', '''2000-01-01'''), ('refusal_qty', '1')) v (c, v);
-- Triggers sell while the batch is being written: all of their sales count, or they are a fault.
INSERT INTO shop.sabotage (name, sql)
SELECT format('%s: sells %s to %s', t, i, b), format('CREATE TRIGGER t AFTER %s ON shop.%s FOR EACH ROW EXECUTE FUNCTION shop.sell_more(%L, %L)', e, t, i, b)
FROM (VALUES ('item', 'UPDATE'), ('wallet', 'UPDATE'), ('ledger', 'INSERT')) t (t, e), unnest('{lamp,vase,cup}'::text[]) i, unnest('{alpha,beta}'::text[]) b ORDER BY t COLLATE "C", i COLLATE "C", b COLLATE "C";
INSERT INTO shop.sabotage (name, sql)
SELECT format('%s: sells a batch', t), format('CREATE TRIGGER t AFTER %s ON shop.%s FOR EACH ROW EXECUTE FUNCTION shop.sell_many_more()', e, t)
FROM (VALUES ('item', 'UPDATE'), ('wallet', 'UPDATE'), ('ledger', 'INSERT')) t (t, e);
-- Triggers change the store.
INSERT INTO shop.sabotage (name, sql)
SELECT d, format('CREATE TRIGGER t AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.run(%L)', d)
FROM unnest(ARRAY['DISCARD PLANS', 'ALTER TABLE shop.ledger RENAME TO books', 'DROP TABLE shop.wallet', 'DROP TABLE shop.ledger CASCADE', 'TRUNCATE shop.item', 'DELETE FROM shop.item', 'DELETE FROM shop.wallet', 'UPDATE shop.wallet SET balance = 5 WHERE balance <> 5', 'SELECT vend.detach_store(''shop'')']) d;
CREATE FUNCTION shop.hears(sabotage text, memory text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := shop.state();
    answer text;
BEGIN
    EXECUTE sabotage;
    BEGIN
        SELECT string_agg(DISTINCT s, ' ' ORDER BY s) INTO answer FROM shop.buy(hears.memory) b, unnest(string_to_array(b.statuses, ' ')) s;
        answer := replace(answer, 'insufficient_funds purchased unknown_item', 'sold');
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
SELECT name, shop.hears(sql, NULL) AS hears, shop.hears(sql, 'memory of ') AS if_it_remembers FROM shop.sabotage ORDER BY n;
SELECT shop.state();

-- What the messages say; the session goes on.
CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW WHEN (NEW.id = 'beta') EXECUTE FUNCTION shop.suppress();
SELECT * FROM shop.buy();
\echo :SQLSTATE
-- A request that does not fire the trigger is sold.
SELECT status, item, balance FROM vend.purchase_many('{lamp,cup}', '{alpha,alpha}');
DROP TRIGGER t ON shop.wallet;
SELECT * FROM shop.buy();
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
