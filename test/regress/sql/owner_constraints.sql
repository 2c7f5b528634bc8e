-- Aim: constraints of the owner on the tables of a store: checks, unique and exclusion constraints, foreign keys from and to
-- item, wallet and ledger, identity and generated columns. What they refuse is undone as a whole and heard as PostgreSQL's
-- error; what they allow sells.
-- Guarantees: G3, G6, G8 (plain tables, to which the owner adds what he likes).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('gift', 5, 50), ('lamp', 100, 50), ('vase', 30, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 5000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'));
CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(id || ' ' || stock, ', ' ORDER BY id COLLATE "C") FROM shop.item), (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet),
                     (SELECT count(*) || ' rows' FROM shop.ledger), (SELECT count(*) || ' findings' FROM vend.audit('shop')))
$$;
CREATE TABLE shop.move (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO shop.move (name, statement) VALUES
    ('atomic', $$SELECT * FROM vend.purchase('lamp', 'alpha', 6, lock_mode => 'atomic')$$),
    ('pessimistic', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', 6, lock_mode => 'pessimistic')$$),
    ('optimistic', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', 6, lock_mode => 'optimistic')$$),
    ('remember', $$SELECT * FROM vend.try_purchase('ghost', 'alpha', id => vend.id_from('late'), remember => true)$$),
    ('restock', $$SELECT * FROM vend.restock('lamp', 20)$$),
    ('deposit', $$SELECT * FROM vend.deposit('alpha', 500)$$),
    ('withdraw', $$SELECT * FROM vend.try_withdraw('alpha', 500)$$),
    ('transfer', $$SELECT * FROM vend.transfer('alpha', 'beta', 500)$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), 1)$$),
    ('INSERT', $$INSERT INTO shop.item (id, price, stock) VALUES ('bowl', 1, 1)$$);
-- The function shows the SQLSTATE or what was moved, then undoes it; a failed movement must have been undone already.
CREATE FUNCTION shop.hears(sql text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text;
    answer text;
BEGIN
    EXECUTE sql;
    before := shop.state();
    BEGIN
        EXECUTE statement;
        answer := 'moved';
        IF shop.state() NOT LIKE '%| 0 findings' THEN answer := answer || ', does not add up'; END IF;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
        IF shop.state() <> before THEN answer := answer || ', not undone'; END IF;
    END;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN answer;
END
$$;

-- The owner adds checks on item, wallet and ledger.
CREATE TABLE shop.rule (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO shop.rule (name, sql) VALUES
    ('a reserve of 45 lamps', $$ALTER TABLE shop.item ADD CHECK (id <> 'lamp' OR stock >= 45)$$),
    ('60 lamps at most', $$ALTER TABLE shop.item ADD CHECK (stock <= 60)$$),
    ('4200 to 5400 coins', $$ALTER TABLE shop.wallet ADD CHECK (balance BETWEEN 4200 AND 5400)$$),
    ('no new rows in the ledger', $$ALTER TABLE shop.ledger ADD CHECK (kind = 'transfer') NOT VALID$$),
    ('one purchase for each wallet', $$CREATE UNIQUE INDEX ON shop.ledger (wallet, item) WHERE kind = 'purchase'$$),
    ('the same, as an exclusion', $$ALTER TABLE shop.ledger ADD EXCLUDE (wallet WITH =, item WITH =) WHERE (kind = 'purchase')$$),
    ('no two stocks alike', $$UPDATE shop.item SET stock = 52 WHERE id = 'vase'; UPDATE shop.item SET stock = 66 WHERE id = 'gift'; CREATE UNIQUE INDEX ON shop.item (stock)$$),
    ('a column without a value', $$ALTER TABLE shop.ledger ADD COLUMN clerk text; ALTER TABLE shop.ledger ADD CHECK (clerk IS NOT NULL) NOT VALID$$);
SELECT r.name AS constraint, m.name AS move, shop.hears(r.sql, m.statement) FROM shop.rule r, shop.move m ORDER BY r.n, m.n \crosstabview
-- The refusal has this message.
ALTER TABLE shop.item ADD CONSTRAINT reserve CHECK (id <> 'lamp' OR stock >= 45);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 6);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item DROP CONSTRAINT reserve;

-- Foreign keys from the owner's tables to item, wallet and ledger: they keep rows, follow keys, or delete rows along.
CREATE TABLE shop.review (item text REFERENCES shop.item, wallet text REFERENCES shop.wallet ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE shop.parcel (movement uuid, line int DEFAULT 0, FOREIGN KEY (movement, line) REFERENCES shop.ledger);
INSERT INTO shop.review VALUES ('lamp', 'alpha'), ('vase', 'beta');
INSERT INTO shop.parcel SELECT id FROM vend.purchase('vase', 'beta');
INSERT INTO shop.parcel VALUES (vend.id_from('none'));
\echo :SQLSTATE
SELECT m.name AS move, shop.hears('SELECT', m.statement) FROM shop.move m ORDER BY m.n;
DELETE FROM shop.item WHERE id = 'lamp';
\echo :SQLSTATE
TRUNCATE shop.item;
\echo :SQLSTATE
SELECT shop.state();
UPDATE shop.wallet SET id = 'omega' WHERE id = 'beta';
DELETE FROM shop.wallet WHERE id = 'alpha';
SELECT * FROM shop.review;
SELECT kind, wallet, amount FROM shop.ledger WHERE kind = 'adjustment' AND wallet IS NOT NULL ORDER BY wallet COLLATE "C", amount;
SELECT shop.state();
INSERT INTO shop.wallet VALUES ('alpha', 4600), ('beta', 5000);
TRUNCATE shop.review, shop.item, shop.wallet;
SELECT shop.state();
TRUNCATE shop.ledger CASCADE;
\echo :SQLSTATE
INSERT INTO shop.item (id, price, stock) VALUES ('gift', 5, 50), ('lamp', 100, 46), ('vase', 30, 50);
INSERT INTO shop.wallet VALUES ('alpha', 4600), ('beta', 5000);

-- Foreign keys from item, wallet and ledger to the owner's tables: rows that these delete along are journalled.
CREATE TABLE shop.maker (id text PRIMARY KEY);
INSERT INTO shop.maker VALUES ('one'), ('two');
ALTER TABLE shop.item ADD COLUMN maker text DEFAULT 'one' REFERENCES shop.maker ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE shop.wallet ADD COLUMN clerk text DEFAULT 'two' REFERENCES shop.maker ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.ledger ADD COLUMN till text DEFAULT 'two' REFERENCES shop.maker;
-- The rows of the earlier purchase are gone.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, id => vend.id_from('again'));
UPDATE shop.move SET statement = replace(statement, 'sale', 'again') WHERE name = 'refund';
SELECT m.name AS move, shop.hears('SELECT', m.statement) FROM shop.move m ORDER BY m.n;
UPDATE shop.item SET maker = 'two' WHERE id = 'vase';
SELECT id, version FROM shop.item ORDER BY id COLLATE "C";
UPDATE shop.maker SET id = 'three' WHERE id = 'one';
SELECT id, version, maker FROM shop.item ORDER BY id COLLATE "C";
DELETE FROM shop.maker WHERE id = 'two';
\echo :SQLSTATE
DELETE FROM shop.maker WHERE id = 'three';
SELECT shop.state();
-- A ledger that refers to the items remembers no unknown one, and keeps those that were sold.
INSERT INTO shop.item (id, price, stock, maker) VALUES ('gift', 5, 50, 'two'), ('lamp', 100, 46, 'two');
ALTER TABLE shop.ledger ADD FOREIGN KEY (item) REFERENCES shop.item NOT VALID;
SELECT m.name AS move, shop.hears('SELECT', m.statement) FROM shop.move m WHERE m.name <> 'refund' ORDER BY m.n;
DELETE FROM shop.item WHERE id = 'lamp';
\echo :SQLSTATE
SELECT shop.state();
-- A deferred foreign key that a sale breaks is heard when it is checked, and takes the sale along.
ALTER TABLE shop.ledger DROP CONSTRAINT ledger_item_fkey, ADD FOREIGN KEY (item) REFERENCES shop.maker NOT VALID DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
COMMIT;
\echo :SQLSTATE
SELECT shop.state();
ALTER TABLE shop.ledger DROP CONSTRAINT ledger_item_fkey;

-- Generated columns that depend on stock and price follow every write; identity columns count on. A column that follows the
-- stock is no edit of its own: version counts what people change.
ALTER TABLE shop.item ADD COLUMN worth bigint GENERATED ALWAYS AS (stock * price) STORED, ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE shop.wallet ADD COLUMN is_rich boolean GENERATED ALWAYS AS (balance > 1000) STORED;
ALTER TABLE shop.ledger ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY, ADD COLUMN gain numeric GENERATED ALWAYS AS (- amount::numeric / 100) STORED;
SELECT stock, price, worth, version FROM shop.item WHERE id = 'lamp';
SELECT m AS lock_mode, p.status, p.balance FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', 'alpha', 2, lock_mode => m) p;
SELECT stock, price, worth, version FROM shop.item WHERE id = 'lamp';
SELECT stock FROM vend.restock('lamp', 5);
SELECT stock, price, worth, version FROM shop.item WHERE id = 'lamp';
UPDATE shop.item SET stock = stock - 1 WHERE id = 'lamp';
SELECT stock, price, worth, version FROM shop.item WHERE id = 'lamp';
SELECT status FROM vend.try_purchase('lamp', 'alpha', expected_version => 1);
UPDATE shop.item SET price = 90 WHERE id = 'lamp';
SELECT stock, price, worth, version FROM shop.item WHERE id = 'lamp';
SELECT balance FROM vend.withdraw('alpha', 3300);
SELECT is_rich FROM shop.wallet WHERE id = 'alpha';
SELECT count(*) = count(DISTINCT number) AS numbered, sum(gain) FILTER (WHERE kind = 'purchase' AND number > 1) > 0 AS gained FROM shop.ledger;
-- A generated column that overflows makes the write fail.
UPDATE shop.item SET stock = 9223372036854775807 WHERE id = 'lamp';
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 9223372036854775000);
\echo :SQLSTATE
ALTER TABLE shop.item DROP COLUMN worth;
-- A key, a price, a lock mode may be computed.
BEGIN;
ALTER TABLE shop.item DROP COLUMN price, ADD COLUMN price bigint GENERATED ALWAYS AS (CASE WHEN stock < 40 THEN 200 ELSE 100 END) STORED,
    DROP COLUMN lock_mode, ADD COLUMN lock_mode text GENERATED ALWAYS AS (CASE WHEN stock < 30 THEN 'pessimistic' ELSE 'optimistic' END) STORED;
UPDATE shop.item SET stock = 41 WHERE id = 'lamp';
UPDATE shop.wallet SET balance = 10000 WHERE id = 'alpha';
SELECT n, p.status, p.unit_price FROM generate_series(1, 3) n, vend.try_purchase('lamp', 'alpha', 3 * n) p;
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha', max_price => 100);
SELECT price, stock, lock_mode, version FROM shop.item WHERE id = 'lamp';
SELECT shop.state();
ROLLBACK;
-- A counter may not: nobody could write it.
BEGIN;
ALTER TABLE shop.item DROP COLUMN stock CASCADE, ADD COLUMN stock bigint GENERATED ALWAYS AS (length(id)) STORED;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
BEGIN;
ALTER TABLE shop.item DROP COLUMN version, ADD COLUMN version bigint GENERATED ALWAYS AS IDENTITY;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
BEGIN;
ALTER TABLE shop.wallet DROP COLUMN balance CASCADE, ADD COLUMN balance bigint GENERATED ALWAYS AS (1000) STORED;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
BEGIN;
ALTER TABLE shop.ledger DROP COLUMN at, ADD COLUMN at timestamptz GENERATED ALWAYS AS ('2026-01-01 00:00+00') STORED;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
-- A column that is computed by its default only is like any other.
BEGIN;
ALTER TABLE shop.item ALTER COLUMN stock DROP DEFAULT, ALTER COLUMN stock ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT shop.state();
ROLLBACK;
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
