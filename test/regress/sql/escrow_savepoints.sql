-- Aim: what an escrow sale has pending goes with its savepoint: released and rolled back in every order, PL/pgSQL blocks that
-- catch, statements that fail after the units were taken, cursors, what a transaction may not do to its own pending item, PREPARE.
-- Guarantees: G1 (no unit comes back twice, or not at all), G3 (savepoints included), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 100, 'escrow'), ('vase', 1, 50, 'escrow'), ('none', 1, 0, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000), ('poor', 5);
-- A session sees: the units that a sale would find now, the sum of the item's row and its deltas, and the units that buyers own.
CREATE VIEW shop.book AS
    SELECT id, vend.available(id, 'shop') AS available, stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = i.id), 0) AS stock,
           coalesce((SELECT sum(qty) FROM shop.holding WHERE item = i.id), 0) AS sold FROM shop.item i ORDER BY id;

-- Three levels each sell and restock an amount of their own, and end in every possible way.
CREATE FUNCTION shop.move(units bigint) RETURNS void LANGUAGE sql AS $$
    SELECT vend.purchase('lamp', 'alpha', units, store => 'shop'), vend.restock('vase', units, store => 'shop')
$$;
BEGIN;
SELECT shop.move(1);
SAVEPOINT a;
SELECT shop.move(2);
SAVEPOINT b;
SELECT shop.move(4);
SAVEPOINT c;
SELECT shop.move(8);
TABLE shop.book;
ROLLBACK TO c;
TABLE shop.book;
RELEASE c;
RELEASE b;
RELEASE a;
TABLE shop.book;
COMMIT;
TABLE shop.book;
BEGIN;
SELECT shop.move(1);
SAVEPOINT a;
SELECT shop.move(2);
SAVEPOINT b;
SELECT shop.move(4);
SAVEPOINT c;
SELECT shop.move(8);
RELEASE c;
ROLLBACK TO b;
TABLE shop.book;
SELECT shop.move(16);
RELEASE b;
RELEASE a;
COMMIT;
TABLE shop.book;
BEGIN;
SELECT shop.move(1);
SAVEPOINT a;
SELECT shop.move(2);
SAVEPOINT b;
SELECT shop.move(4);
SAVEPOINT c;
SELECT shop.move(8);
RELEASE c;
RELEASE b;
ROLLBACK TO a;
TABLE shop.book;
ROLLBACK TO a;
SELECT shop.move(3);
RELEASE a;
COMMIT;
TABLE shop.book;
-- A savepoint of the same name hides the first one; after a rollback to the first, the name can be used again.
BEGIN;
SAVEPOINT a;
SELECT shop.move(2);
SAVEPOINT a;
SELECT shop.move(4);
ROLLBACK TO a;
SELECT shop.move(1);
RELEASE a;
TABLE shop.book;
ROLLBACK TO a;
TABLE shop.book;
SELECT shop.move(5);
ROLLBACK;
TABLE shop.book;
BEGIN;
SELECT shop.move(1);
SAVEPOINT a;
SELECT shop.move(2);
SAVEPOINT b;
SELECT shop.move(4);
ROLLBACK;
TABLE shop.book;
-- All savepoints are released, then all is rolled back; a transaction of nothing but savepoints commits.
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SAVEPOINT c;
SELECT shop.move(5);
RELEASE c;
RELEASE b;
RELEASE a;
ROLLBACK;
TABLE shop.book;
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SAVEPOINT c;
SELECT shop.move(1);
RELEASE c;
RELEASE b;
RELEASE a;
COMMIT;
TABLE shop.book;
-- What a savepoint gave back is sold again in the same transaction.
BEGIN;
SAVEPOINT a;
SELECT status FROM vend.try_purchase('lamp', 'alpha', vend.available('lamp'));
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('lamp', 'alpha', vend.available('lamp'));
ROLLBACK;
TABLE shop.book;
SELECT * FROM vend.audit();

-- More items have units pending than there was room for at first, in blocks of which three in four fail.
DO $$
DECLARE
    kept int := 0;
BEGIN
    FOR i IN 1 .. 300 LOOP
        BEGIN
            IF i % 3 = 0 THEN PERFORM vend.restock('lamp', 1); ELSE PERFORM vend.purchase('vase', 'alpha', 1); END IF;
            IF i % 4 > 0 THEN RAISE EXCEPTION 'undo'; END IF;
            kept := kept + 1;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
    RAISE WARNING '% kept', kept;
END
$$;
TABLE shop.book;
-- A block is in another block; the outer one catches what the inner one lets through.
DO $$
BEGIN
    PERFORM vend.purchase('lamp', 'alpha', 1);
    BEGIN
        PERFORM vend.purchase('lamp', 'alpha', 2);
        BEGIN
            PERFORM vend.purchase('lamp', 'alpha', 4);
            PERFORM vend.purchase('none', 'alpha');
        EXCEPTION WHEN SQLSTATE 'VN004' THEN NULL;
        END;
    EXCEPTION WHEN SQLSTATE 'VN001' THEN
        PERFORM vend.purchase('lamp', 'alpha', 8);
    END;
END
$$;
TABLE shop.book;
-- A procedure commits some of its sales.
CREATE PROCEDURE shop.four() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vend.purchase('lamp', 'alpha', 1);
    COMMIT;
    PERFORM vend.purchase('lamp', 'alpha', 2);
    ROLLBACK;
    PERFORM vend.purchase('lamp', 'alpha', 4);
    COMMIT AND CHAIN;
    PERFORM vend.purchase('lamp', 'alpha', 8);
    ROLLBACK AND CHAIN;
END
$$;
CALL shop.four();
TABLE shop.book;
SELECT * FROM vend.audit();

-- A failure after the units were taken gives them back: in one statement, in a savepoint, in the whole transaction.
-- (the failing row has a new id and the current time)
\set VERBOSITY terse
ALTER TABLE shop.wallet ADD CONSTRAINT rich CHECK (balance >= 9000 OR id = 'poor');
ALTER TABLE shop.ledger ADD CONSTRAINT few CHECK (qty >= -40 AND qty <= 40) NOT VALID;
SELECT balance FROM shop.wallet WHERE id = 'alpha';
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('gold', 1000, 30, 'escrow');
SELECT status FROM vend.try_purchase('gold', 'alpha');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 41);
\echo :SQLSTATE
SELECT stock FROM vend.restock('lamp', 41);
\echo :SQLSTATE
SELECT status, 1 / (qty - 1) AS fault FROM vend.try_purchase('lamp', 'alpha', 1);
\echo :SQLSTATE
SELECT status, 1 / (10 - n) AS fault FROM generate_series(1, 12) n, vend.try_purchase('lamp', 'alpha', n);
\echo :SQLSTATE
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SAVEPOINT a;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 41);
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('gold', 'alpha');
ROLLBACK TO a;
SELECT stock FROM vend.restock('vase', 41);
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('lamp', 'poor', 6);
TABLE shop.book;
COMMIT;
TABLE shop.book;
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 41);
COMMIT;
TABLE shop.book;
\set VERBOSITY default
-- A deferred constraint fails at the commit.
CREATE TABLE shop.parcel (id int PRIMARY KEY, of int REFERENCES shop.parcel DEFERRABLE INITIALLY DEFERRED);
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 7);
SELECT stock FROM vend.restock('vase', 7);
INSERT INTO shop.parcel VALUES (1, 2);
COMMIT;
\echo :SQLSTATE
TABLE shop.book;
-- A conflict on the id is found last of all.
SELECT status FROM vend.try_purchase('vase', 'poor', id => vend.id_from('one'));
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('one'));
\echo :SQLSTATE
TABLE shop.book;
SELECT sum(pending) AS pending, sum(waiting) AS waiting FROM vend.stat_item WHERE store = 'shop';
SELECT * FROM vend.audit();

-- A cursor sells when it is fetched from; a cursor WITH HOLD sells all at the commit.
BEGIN;
DECLARE c CURSOR FOR SELECT n, (vend.try_purchase('lamp', 'alpha')).status FROM generate_series(1, 3) n;
FETCH c;
FETCH c;
SELECT vend.available('lamp');
ROLLBACK;
SELECT vend.available('lamp');
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT n, p.id IS NOT NULL AS sold FROM generate_series(1, 3) n, vend.purchase('lamp', 'alpha', n) p;
FETCH c;
SELECT vend.available('lamp');
COMMIT;
SELECT vend.available('lamp');
FETCH c;
FETCH c;
FETCH c;
SELECT vend.available('lamp');
CLOSE c;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT n, p.id IS NOT NULL AS sold FROM generate_series(39, 42) n, vend.purchase('lamp', 'alpha', n - 38) p WHERE 1 / (42 - n) >= 0;
FETCH c;
COMMIT;
\echo :SQLSTATE
TABLE shop.book;
SELECT * FROM vend.audit();

-- A transaction cannot close the counter of an item on which it has units pending; it can once they are undone.
BEGIN;
SAVEPOINT a;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
SAVEPOINT b;
SELECT vend.set_lock_mode('lamp', 'atomic');
\echo :SQLSTATE
ROLLBACK TO b;
UPDATE shop.item SET lock_mode = NULL WHERE id = 'lamp';
\echo :SQLSTATE
ROLLBACK TO b;
DELETE FROM shop.item WHERE id = 'lamp';
\echo :SQLSTATE
ROLLBACK TO b;
UPDATE shop.item SET id = 'lantern' WHERE id = 'lamp';
\echo :SQLSTATE
ROLLBACK TO b;
TRUNCATE shop.item;
\echo :SQLSTATE
ROLLBACK TO b;
SELECT vend.detach_store('shop');
\echo :SQLSTATE
ROLLBACK TO b;
-- Writes that do not close the counter pass.
UPDATE shop.item SET price = 2 WHERE id = 'lamp';
SELECT status, unit_price FROM vend.try_purchase('lamp', 'alpha');
SELECT vend.settle() >= 2 AS settled;
ROLLBACK TO a;
SELECT vend.set_lock_mode('lamp', 'atomic');
SELECT status FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'optimistic');
COMMIT;
SELECT lock_mode FROM shop.item WHERE id = 'lamp';
TABLE shop.book;
-- The same is true of units that the transaction restocked.
BEGIN;
SELECT stock - vend.available('vase') AS added FROM vend.restock('vase', 2);
SAVEPOINT a;
SELECT vend.set_lock_mode('vase', 'atomic');
\echo :SQLSTATE
ROLLBACK TO a;
DELETE FROM shop.item WHERE id = 'vase';
\echo :SQLSTATE
ROLLBACK;
TABLE shop.book;

-- A transaction that is prepared would go on without a session.
SELECT vend.set_lock_mode('lamp', 'escrow');
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
PREPARE TRANSACTION 'vend_regress_escrow';
\echo :SQLSTATE
BEGIN;
SELECT stock - vend.available('vase') AS added FROM vend.restock('vase', 1);
PREPARE TRANSACTION 'vend_regress_escrow';
\echo :SQLSTATE
TABLE shop.book;
SELECT count(*) FROM pg_prepared_xacts WHERE gid = 'vend_regress_escrow';
SELECT sum(pending) AS pending, sum(waiting) AS waiting FROM vend.stat_item WHERE store = 'shop';
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
