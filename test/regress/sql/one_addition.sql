-- Aim: one thing of the owner's on one table of an otherwise plain store: a trigger, a rule, a check, an index, a key, a
-- generated column, a default. Each has its effect on a sale, in each lock mode, and on each movement, as under plain SQL.
-- Guarantee: G3 (what the owner adds runs with every write of the engine).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10, 100), ('vase', 10, 100);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'));
CREATE TABLE shop.seen (what text);
CREATE TABLE shop.known (id text PRIMARY KEY);
INSERT INTO shop.known VALUES ('vase');
CREATE FUNCTION shop.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.seen VALUES (TG_TABLE_NAME || ' ' || TG_OP); RETURN coalesce(NEW, OLD); END $$;
CREATE FUNCTION shop.even(n bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN n % 2 = 0; END $$;
CREATE FUNCTION shop.no_odd(n bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF n % 2 <> 0 THEN RAISE EXCEPTION 'odd'; END IF; RETURN n; END $$;
CREATE DOMAIN shop.even_number AS bigint CHECK (value % 2 = 0);
CREATE TABLE shop.move (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO shop.move (name, statement) VALUES
    ('atomic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'atomic')$$),
    ('pessimistic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'pessimistic')$$),
    ('optimistic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'optimistic')$$),
    ('restock', $$SELECT * FROM vend.restock('lamp', 1)$$),
    ('deposit', $$SELECT * FROM vend.deposit('alpha', 1)$$),
    ('withdraw', $$SELECT * FROM vend.withdraw('alpha', 1)$$),
    ('transfer', $$SELECT * FROM vend.transfer('beta', 'alpha', 1)$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), 1)$$);
CREATE TABLE shop.addition (n int GENERATED ALWAYS AS IDENTITY, name text, sql text, probe text DEFAULT $$SELECT string_agg(what, ', ' ORDER BY what) FROM shop.seen$$);
INSERT INTO shop.addition (name, sql) VALUES
    ('nothing', 'SELECT'),
    ('item: BEFORE trigger', 'CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('item: AFTER trigger', 'CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('item: statement trigger', 'CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH STATEMENT EXECUTE FUNCTION shop.see()'),
    ('item: trigger of a column', 'CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('item: trigger of another column', 'CREATE TRIGGER t AFTER UPDATE OF price ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('item: disabled trigger', 'CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see(); ALTER TABLE shop.item DISABLE TRIGGER t'),
    ('item: trigger ALWAYS', 'CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see(); ALTER TABLE shop.item ENABLE ALWAYS TRIGGER t'),
    ('item: trigger on a replica', 'CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see(); ALTER TABLE shop.item ENABLE REPLICA TRIGGER t'),
    ('item: INSERT trigger', 'CREATE TRIGGER t AFTER INSERT OR DELETE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('wallet: BEFORE trigger', 'CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('wallet: AFTER trigger', 'CREATE TRIGGER t AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('ledger: BEFORE trigger', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('ledger: AFTER trigger', 'CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.see()'),
    ('ledger: statement trigger', 'CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH STATEMENT EXECUTE FUNCTION shop.see()'),
    ('item: rule', 'CREATE RULE r AS ON UPDATE TO shop.item DO ALSO INSERT INTO shop.seen VALUES (''rule'')'),
    ('wallet: rule', 'CREATE RULE r AS ON UPDATE TO shop.wallet DO ALSO INSERT INTO shop.seen VALUES (''rule'')'),
    ('ledger: rule', 'CREATE RULE r AS ON INSERT TO shop.ledger DO ALSO INSERT INTO shop.seen VALUES (''rule'')'),
    ('item: check', 'ALTER TABLE shop.item ADD CHECK (stock % 2 = 0)'),
    ('item: check not valid', 'ALTER TABLE shop.item ADD CHECK (stock = -1) NOT VALID'),
    ('item: check by a function', 'ALTER TABLE shop.item ADD CHECK (shop.even(stock))'),
    ('item: check of the price', 'ALTER TABLE shop.item ADD CHECK (price > 0)'),
    ('wallet: check', 'ALTER TABLE shop.wallet ADD CHECK (balance % 2 = 0)'),
    ('wallet: check by a function', 'ALTER TABLE shop.wallet ADD CHECK (shop.even(balance))'),
    ('ledger: check', 'ALTER TABLE shop.ledger ADD CHECK (qty % 2 = 0 AND amount % 2 = 0) NOT VALID'),
    ('ledger: check by a function', 'ALTER TABLE shop.ledger ADD CHECK (shop.even(qty) AND shop.even(amount)) NOT VALID'),
    ('ledger: not null', 'ALTER TABLE shop.ledger ADD COLUMN clerk text; ALTER TABLE shop.ledger ADD CHECK (clerk IS NOT NULL) NOT VALID'),
    ('item: unique', 'UPDATE shop.item SET stock = 95 WHERE id = ''vase''; CREATE UNIQUE INDEX ON shop.item (stock)'),
    ('item: unique by a function', 'CREATE UNIQUE INDEX ON shop.item (shop.no_odd(stock))'),
    ('item: partial by a function', 'CREATE INDEX ON shop.item (id) WHERE shop.no_odd(stock) > 0'),
    ('wallet: index by a function', 'CREATE INDEX ON shop.wallet (shop.no_odd(balance))'),
    ('ledger: index by a function', 'CREATE INDEX ON shop.ledger (shop.no_odd(abs(qty * 2 + amount)))'),
    ('ledger: unique', 'CREATE UNIQUE INDEX ON shop.ledger (kind, wallet) WHERE kind NOT IN (''adjustment'', ''restock'')'),
    ('ledger: exclusion', 'ALTER TABLE shop.ledger ADD EXCLUDE (item WITH =) WHERE (kind = ''purchase'')'),
    ('ledger: deferrable unique', 'ALTER TABLE shop.ledger ADD UNIQUE (item, qty, wallet, amount, kind) DEFERRABLE INITIALLY IMMEDIATE'),
    ('ledger: foreign key', 'ALTER TABLE shop.ledger ADD FOREIGN KEY (item) REFERENCES shop.known NOT VALID'),
    ('ledger: key to wallet', 'ALTER TABLE shop.ledger ADD FOREIGN KEY (wallet) REFERENCES shop.wallet'),
    ('item: key to its stock', 'ALTER TABLE shop.item ADD UNIQUE (id, stock); CREATE TABLE shop.photo (id text, stock bigint, FOREIGN KEY (id, stock) REFERENCES shop.item (id, stock)); INSERT INTO shop.photo VALUES (''lamp'', 96)'),
    ('wallet: key to its balance', 'ALTER TABLE shop.wallet ADD UNIQUE (balance, id); CREATE TABLE shop.photo (id text, balance bigint, FOREIGN KEY (id, balance) REFERENCES shop.wallet (id, balance)); INSERT INTO shop.photo VALUES (''alpha'', 960)');
INSERT INTO shop.addition (name, sql, probe) VALUES
    ('item: generated', 'ALTER TABLE shop.item ADD COLUMN twice bigint GENERATED ALWAYS AS (stock * 2) STORED', 'SELECT count(*) FROM shop.item WHERE twice = stock * 2'),
    ('item: generated by a function', 'ALTER TABLE shop.item ADD COLUMN is_even boolean GENERATED ALWAYS AS (shop.even(stock)) STORED', 'SELECT count(*) FROM shop.item WHERE is_even = shop.even(stock)'),
    ('wallet: generated', 'ALTER TABLE shop.wallet ADD COLUMN twice bigint GENERATED ALWAYS AS (balance * 2) STORED', 'SELECT count(*) FROM shop.wallet WHERE twice = balance * 2'),
    ('ledger: generated', 'ALTER TABLE shop.ledger ADD COLUMN twice bigint GENERATED ALWAYS AS (qty * 2) STORED', 'SELECT count(*) FROM shop.ledger WHERE twice IS DISTINCT FROM qty * 2'),
    ('ledger: default', 'ALTER TABLE shop.ledger ADD COLUMN note text; ALTER TABLE shop.ledger ALTER note SET DEFAULT ''new''', 'SELECT string_agg(DISTINCT note, '', '') FROM shop.ledger'),
    ('ledger: default by a function', 'ALTER TABLE shop.ledger ADD COLUMN note bigint; ALTER TABLE shop.ledger ALTER note SET DEFAULT shop.no_odd(3)', 'SELECT 1'),
    ('ledger: identity', 'ALTER TABLE shop.ledger ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY', 'SELECT max(number) > 5 AND count(DISTINCT number) = count(*) FROM shop.ledger'),
    ('ledger: domain', 'ALTER TABLE shop.ledger ADD COLUMN d shop.even_number; ALTER TABLE shop.ledger ALTER d SET DEFAULT 1', 'SELECT 1'),
    ('item: domain', 'ALTER TABLE shop.item ADD COLUMN d shop.even_number DEFAULT 2', 'SELECT sum(d) FROM shop.item'),
    ('item: toasted', 'ALTER TABLE shop.item ADD COLUMN story text; ALTER TABLE shop.item ALTER story SET STORAGE EXTERNAL; UPDATE shop.item SET story = repeat(''x'', 100000)', 'SELECT sum(length(story)) FROM shop.item');
-- The functions show what is seen after a move, or the SQLSTATE. The move is then undone; a failed one must have been undone already.
CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', (SELECT sum(stock) FROM shop.item), (SELECT string_agg(balance::text, ' ' ORDER BY id COLLATE "C") FROM shop.wallet), (SELECT count(*) FROM shop.ledger), (SELECT count(*) FROM vend.audit('shop'))) $$;
CREATE FUNCTION shop.seen_after(addition text, statement text, probe text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text;
    answer text;
BEGIN
    EXECUTE addition;
    DELETE FROM shop.seen;
    before := shop.state();
    BEGIN
        EXECUTE statement;
        EXECUTE probe INTO answer;
        answer := coalesce(answer, '-');
        IF shop.state() NOT LIKE '% 0' OR shop.state() = before THEN answer := answer || ' !'; END IF;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
        IF shop.state() <> before THEN answer := answer || ' !'; END IF;
    END;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN answer;
END
$$;
SELECT a.name AS addition, m.name AS move, shop.seen_after(a.sql, m.statement, a.probe) FROM shop.addition a, shop.move m ORDER BY a.n, m.n \crosstabview
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
