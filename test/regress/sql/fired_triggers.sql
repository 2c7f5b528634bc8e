-- Aim: what of the owner's runs with a sale and what does not, one thing at a time: foreign keys and triggers of items and
-- wallets that an UPDATE of the figures would not fire leave the store plain (its rows are written directly, which no trigger
-- of pg_vend sees); all others fire. A foreign key that is yet to be checked for a row of this very transaction is checked
-- for the row as the sale leaves it.
-- Guarantee: G3 (what the owner adds runs with every write of the engine).
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE SCHEMA own;
CREATE TABLE own.category (id int PRIMARY KEY, stock bigint UNIQUE, UNIQUE (id, stock));
CREATE TABLE own.level (n numeric PRIMARY KEY);
CREATE TABLE own.item (id int PRIMARY KEY, price bigint NOT NULL, stock bigint NOT NULL, sold bigint NOT NULL DEFAULT 0, mode text, category int, shelf bigint, parent int);
CREATE TABLE own.wallet (id int PRIMARY KEY, balance numeric(12,2) NOT NULL, kind int);
CREATE TABLE own.seen (what text);
INSERT INTO own.category VALUES (1, 99), (2, 7);
INSERT INTO own.item VALUES (1, 10, 100, 0, NULL, 1, 99, 1), (2, 10, 100, 0, NULL, 1, NULL, NULL);
INSERT INTO own.wallet VALUES (7, 1000, 1), (8, 1000, NULL);
SELECT vend.attach_store('shop', items => 'own.item', stock => 'stock', price => 'price', wallets => 'own.wallet', balance => 'balance', stock_version => 'sold', lock_mode => 'mode');
CREATE FUNCTION own.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.seen VALUES (concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL)); RETURN coalesce(NEW, OLD); END $$;
CREATE FUNCTION own.calls() RETURNS bigint LANGUAGE sql AS $$ SELECT coalesce(pg_stat_get_xact_function_calls('vend.journal'::regproc), 0) $$;
-- The function shows how a statement wrote its row and what was seen, or the SQLSTATE; then it undoes it.
CREATE FUNCTION own.way(addition text, statement text) RETURNS text LANGUAGE plpgsql SET track_functions = 'all' AS $$
DECLARE
    before bigint;
    answer text;
BEGIN
    EXECUTE addition;
    DELETE FROM own.seen;
    before := own.calls();
    BEGIN
        EXECUTE statement;
        SET CONSTRAINTS ALL IMMEDIATE;
        answer := CASE own.calls() - before WHEN 0 THEN 'direct' ELSE 'statement' END || coalesce(', ' || (SELECT string_agg(what, ', ') FROM own.seen), '');
        IF EXISTS (SELECT FROM vend.audit('shop')) THEN answer := answer || ' !'; END IF;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
    END;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN answer;
END
$$;
CREATE TABLE own.addition (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO own.addition (name, sql) VALUES
    ('nothing', 'SELECT'),
    ('key of another column', 'ALTER TABLE own.item ADD FOREIGN KEY (category) REFERENCES own.category; ALTER TABLE own.wallet ADD FOREIGN KEY (kind) REFERENCES own.category'),
    ('deferred key', 'ALTER TABLE own.item ADD FOREIGN KEY (category) REFERENCES own.category DEFERRABLE INITIALLY DEFERRED; ALTER TABLE own.wallet ADD FOREIGN KEY (kind) REFERENCES own.category DEFERRABLE'),
    ('key that cascades', 'ALTER TABLE own.item ADD FOREIGN KEY (category) REFERENCES own.category ON UPDATE CASCADE ON DELETE SET NULL'),
    ('key not valid', 'ALTER TABLE own.item ADD FOREIGN KEY (shelf) REFERENCES own.category NOT VALID'),
    ('key of two columns', 'ALTER TABLE own.item ADD FOREIGN KEY (category, shelf) REFERENCES own.category (id, stock)'),
    ('key to itself', 'ALTER TABLE own.item ADD FOREIGN KEY (parent) REFERENCES own.item'),
    ('two keys', 'ALTER TABLE own.item ADD FOREIGN KEY (parent) REFERENCES own.item, ADD FOREIGN KEY (category) REFERENCES own.category'),
    ('key of the stock', 'INSERT INTO own.category VALUES (3, 100); ALTER TABLE own.item ADD FOREIGN KEY (stock) REFERENCES own.category (stock)'),
    ('key of the stock, broken', 'UPDATE own.category SET stock = 100 WHERE id = 1; ALTER TABLE own.item ADD FOREIGN KEY (stock) REFERENCES own.category (stock)'),
    ('key with the stock, broken', 'UPDATE own.category SET stock = 100 WHERE id = 1; ALTER TABLE own.item ADD FOREIGN KEY (category, stock) REFERENCES own.category (id, stock)'),
    ('key with the stock, deferred', 'UPDATE own.category SET stock = 100 WHERE id = 1; ALTER TABLE own.item ADD FOREIGN KEY (category, stock) REFERENCES own.category (id, stock) DEFERRABLE INITIALLY DEFERRED'),
    ('key of the balance, broken', 'INSERT INTO own.level SELECT DISTINCT balance FROM own.wallet; ALTER TABLE own.wallet ADD FOREIGN KEY (balance) REFERENCES own.level'),
    ('INSERT', 'CREATE TRIGGER t AFTER INSERT ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); CREATE TRIGGER t BEFORE INSERT ON own.wallet FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('INSERT, DELETE, TRUNCATE', 'CREATE TRIGGER t BEFORE INSERT OR DELETE OR TRUNCATE ON own.item EXECUTE FUNCTION own.see(); CREATE TRIGGER t AFTER DELETE ON own.wallet FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('INSERT, always', 'CREATE TRIGGER t AFTER INSERT ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item ENABLE ALWAYS TRIGGER t'),
    ('INSERT, transition table', 'CREATE TRIGGER t AFTER INSERT ON own.item REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION own.see()'),
    ('INSERT, constraint', 'CREATE CONSTRAINT TRIGGER t AFTER INSERT ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('INSERT or UPDATE', 'CREATE TRIGGER t BEFORE INSERT OR UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); CREATE TRIGGER t AFTER INSERT OR UPDATE ON own.wallet FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE', 'CREATE TRIGGER t AFTER UPDATE ON own.item EXECUTE FUNCTION own.see(); CREATE TRIGGER t BEFORE UPDATE ON own.wallet EXECUTE FUNCTION own.see()'),
    ('UPDATE, transition table', 'CREATE TRIGGER t AFTER UPDATE ON own.item REFERENCING OLD TABLE AS was EXECUTE FUNCTION own.see()'),
    ('UPDATE, always', 'CREATE TRIGGER t AFTER UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item ENABLE ALWAYS TRIGGER t'),
    ('UPDATE, replica', 'CREATE TRIGGER t AFTER UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item ENABLE REPLICA TRIGGER t'),
    ('UPDATE, disabled', 'CREATE TRIGGER t AFTER UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item DISABLE TRIGGER t'),
    ('UPDATE, constraint', 'CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE WHEN the price differs', 'CREATE TRIGGER t AFTER UPDATE ON own.item FOR EACH ROW WHEN (OLD.price <> NEW.price) EXECUTE FUNCTION own.see()'),
    ('UPDATE WHEN the stock differs', 'CREATE TRIGGER t BEFORE UPDATE ON own.item FOR EACH ROW WHEN (OLD.stock <> NEW.stock) EXECUTE FUNCTION own.see()'),
    ('UPDATE OF price', 'CREATE TRIGGER t BEFORE UPDATE OF price ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); CREATE TRIGGER t AFTER UPDATE OF id, kind ON own.wallet FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE OF price, statement', 'CREATE TRIGGER t AFTER UPDATE OF price, id ON own.item EXECUTE FUNCTION own.see()'),
    ('UPDATE OF price, always', 'CREATE TRIGGER t AFTER UPDATE OF price ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item ENABLE ALWAYS TRIGGER t'),
    ('UPDATE OF price WHEN', 'CREATE TRIGGER t AFTER UPDATE OF price ON own.item FOR EACH ROW WHEN (OLD.stock <> NEW.stock) EXECUTE FUNCTION own.see()'),
    ('INSERT or UPDATE OF price', 'CREATE TRIGGER t AFTER INSERT OR UPDATE OF price ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE OF stock', 'CREATE TRIGGER t BEFORE UPDATE OF stock ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); CREATE TRIGGER t AFTER UPDATE OF balance ON own.wallet FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE OF stock, statement', 'CREATE TRIGGER t BEFORE UPDATE OF price, stock ON own.item EXECUTE FUNCTION own.see()'),
    ('UPDATE OF stock_version', 'CREATE TRIGGER t AFTER UPDATE OF sold ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('two, one of them fired', 'CREATE TRIGGER t AFTER UPDATE OF price ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); CREATE TRIGGER u AFTER UPDATE OF stock ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('INSERT INTO the ledger', 'CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION own.see()'),
    ('UPDATE of the ledger', 'CREATE TRIGGER t AFTER UPDATE ON shop.ledger FOR EACH ROW EXECUTE FUNCTION own.see()');
SELECT name AS addition, own.way(sql, 'SELECT vend.purchase(1, 7)') AS purchase, own.way(sql, 'SELECT vend.deposit(7, 1)') AS deposit FROM own.addition ORDER BY n;
-- Every other write of the engine does the same.
SELECT m.name, own.way('CREATE TRIGGER t AFTER INSERT OR UPDATE OF price ON own.item FOR EACH ROW EXECUTE FUNCTION own.see(); ALTER TABLE own.item ADD FOREIGN KEY (category) REFERENCES own.category', m.sql) AS spared,
       own.way('CREATE TRIGGER t AFTER UPDATE OF stock, mode ON own.item FOR EACH ROW EXECUTE FUNCTION own.see()', m.sql) AS fired
FROM (VALUES (1, 'pessimistic', $$SELECT vend.purchase(1, 7, lock_mode => 'pessimistic')$$), (2, 'optimistic', $$SELECT vend.purchase(1, 7, lock_mode => 'optimistic')$$),
             (3, 'batch', $$SELECT vend.purchase_many('{1,2}', '{7,7}')$$), (4, 'cart', $$SELECT vend.checkout(7, '{1,2}')$$), (5, 'restock', 'SELECT vend.restock(1, 1)'),
             (6, 'mode', $$SELECT vend.set_lock_mode(1, 'optimistic')$$)) m (n, name, sql) ORDER BY m.n;

-- The foreign key of a row of this transaction is yet to be checked: the INSERT's check passes over a version that a sale has
-- replaced, so the sale has its own.
ALTER TABLE own.item ADD CONSTRAINT item_category FOREIGN KEY (category) REFERENCES own.category DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE own.wallet ADD CONSTRAINT wallet_kind FOREIGN KEY (kind) REFERENCES own.category DEFERRABLE;
BEGIN;
INSERT INTO own.item (id, price, stock, category) VALUES (3, 10, 5, 9);
SELECT status FROM vend.try_purchase(3, 7);
COMMIT;
SELECT count(*) FROM own.item WHERE id = 3;
BEGIN;
INSERT INTO own.item (id, price, stock, category) VALUES (3, 10, 5, 9);
SELECT status FROM vend.try_purchase(3, 7), vend.restock(3, 2);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
-- A fault that is mended in time does no harm.
BEGIN;
INSERT INTO own.item (id, price, stock, category) VALUES (3, 10, 5, 9);
SELECT status FROM vend.try_purchase(3, 7);
INSERT INTO own.category VALUES (9);
COMMIT;
SELECT id, stock, category FROM own.item WHERE id = 3;
-- A key was changed: before a sale, in a savepoint before a batch, before a cart, and before a sale in a savepoint that is rolled back.
BEGIN;
UPDATE own.item SET category = 5 WHERE id = 3;
SELECT status FROM vend.try_purchase(3, 7);
COMMIT;
BEGIN;
SAVEPOINT a;
UPDATE own.item SET category = 5 WHERE id = 3;
RELEASE a;
SELECT status FROM vend.purchase_many('{1,3}', '{7,8}');
COMMIT;
BEGIN;
UPDATE own.item SET category = 5 WHERE id = 3;
SELECT status FROM vend.try_checkout(7, '{1,3}');
COMMIT;
BEGIN;
UPDATE own.item SET category = 5 WHERE id = 3;
SAVEPOINT a;
SELECT status FROM vend.try_purchase(3, 7);
ROLLBACK TO a;
COMMIT;
BEGIN;
UPDATE own.item SET category = 5 WHERE id = 3;
SELECT vend.set_lock_mode(3, 'pessimistic');
COMMIT;
BEGIN;
UPDATE own.item SET category = 5 WHERE id = 3;
SELECT status FROM vend.try_purchase(3, 7);
UPDATE own.item SET category = 1 WHERE id = 3;
COMMIT;
SELECT id, stock, category, mode FROM own.item WHERE id = 3;
-- Wallets have a key that is deferred for once.
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO own.wallet VALUES (9, 100, 5);
SELECT status FROM vend.try_purchase(3, 9);
COMMIT;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE own.wallet SET kind = 5 WHERE id = 8;
SELECT status FROM vend.try_transfer(7, 8, 1);
COMMIT;
BEGIN;
INSERT INTO own.wallet VALUES (9, 100, 2);
SELECT status FROM vend.try_purchase(3, 9);
COMMIT;
SELECT * FROM own.wallet ORDER BY id;
-- A trigger sells before PostgreSQL has checked the row that was inserted.
ALTER TABLE own.item ALTER CONSTRAINT item_category NOT DEFERRABLE;
CREATE FUNCTION own.sell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.purchase(NEW.id, 7, store => 'shop'); RETURN NULL; END $$;
CREATE TRIGGER "A" AFTER INSERT ON own.item FOR EACH ROW EXECUTE FUNCTION own.sell();
INSERT INTO own.item (id, price, stock, category) VALUES (4, 10, 5, 55);
INSERT INTO own.item (id, price, stock, category) VALUES (4, 10, 5, 1);
SELECT id, stock, category FROM own.item WHERE id = 4;
DROP TRIGGER "A" ON own.item;
-- A key of several columns must be filled in as a whole, and is not, because nobody looked.
ALTER TABLE own.item DROP CONSTRAINT item_category, ADD FOREIGN KEY (category, shelf) REFERENCES own.category (id, stock) MATCH FULL NOT VALID;
SELECT status FROM vend.try_purchase(1, 7);
SELECT status FROM vend.try_purchase(2, 7);
UPDATE own.item SET shelf = 99 WHERE id = 2;
SELECT status FROM vend.try_purchase(2, 7);
SELECT id, stock FROM own.item ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop, own CASCADE;
