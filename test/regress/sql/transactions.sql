-- Aim: inside every kind of transaction: read-only, nested blocks, procedures that commit, cursors, deferred constraints,
-- functions that are not volatile. A sale is part of whatever it is called in.
-- Guarantee: G3 (in the caller's transaction, savepoints included).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50), ('none', 100, 0);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('1'));

-- In a read-only transaction a sale is a fault.
BEGIN READ ONLY;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT item FROM vend.purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT vend.create_store('mall');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT vend.detach_store('shop');
\echo :SQLSTATE
ROLLBACK;
-- Functions that only read may be called.
BEGIN READ ONLY;
SELECT * FROM vend.audit();
SELECT vend.id_from('1') = vend.id_from('1') AS same, vend.uuid_v7() IS NOT NULL AS made;
COMMIT;
SET default_transaction_read_only = on;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
RESET default_transaction_read_only;

-- One savepoint is in the other; a released one goes with its parent.
BEGIN;
SELECT balance FROM vend.purchase('lamp', 'alpha');
SAVEPOINT one;
SELECT balance FROM vend.purchase('lamp', 'alpha');
SAVEPOINT two;
SELECT balance FROM vend.purchase('lamp', 'alpha');
RELEASE SAVEPOINT two;
SELECT balance FROM vend.purchase('lamp', 'alpha', lock_mode => 'pessimistic');
ROLLBACK TO one;
SELECT balance FROM vend.purchase('lamp', 'alpha', lock_mode => 'optimistic');
SAVEPOINT three;
SELECT item FROM vend.purchase('ghost', 'alpha');
ROLLBACK TO three;
SELECT balance FROM vend.purchase('lamp', 'alpha');
COMMIT;
SELECT stock, (SELECT balance FROM shop.wallet), (SELECT count(*) FROM shop.ledger WHERE kind = 'purchase') AS sales FROM shop.item WHERE id = 'lamp';

-- After an error the transaction is over, as always.
BEGIN;
SELECT balance FROM vend.purchase('lamp', 'alpha');
SELECT item FROM vend.purchase('none', 'alpha');
SELECT status FROM vend.try_purchase('lamp', 'alpha');
COMMIT;
SELECT stock FROM shop.item WHERE id = 'lamp';

-- PL/pgSQL blocks catch errors.
DO $$
DECLARE
    n int := 0;
BEGIN
    FOR i IN 1 .. 70 LOOP
        BEGIN
            PERFORM vend.purchase('lamp', 'alpha', lock_mode => (ARRAY['atomic', 'pessimistic', 'optimistic'])[i % 3 + 1]);
            IF i % 2 = 0 THEN RAISE EXCEPTION 'undo'; END IF;
            n := n + 1;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
    RAISE WARNING '% bought', n;
END
$$;
SELECT stock, (SELECT balance FROM shop.wallet), (SELECT count(*) FROM shop.ledger WHERE kind = 'purchase') AS sales FROM shop.item WHERE id = 'lamp';
SELECT * FROM vend.audit();

-- A procedure commits between two sales, and rolls the third back.
CREATE PROCEDURE shop.three() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vend.purchase('lamp', 'alpha');
    COMMIT;
    PERFORM vend.purchase('lamp', 'alpha');
    COMMIT;
    PERFORM vend.purchase('lamp', 'alpha');
    ROLLBACK;
END
$$;
CALL shop.three();
SELECT stock FROM shop.item WHERE id = 'lamp';

-- A cursor sells when it is fetched from, not before; what it has sold goes with the transaction.
BEGIN;
DECLARE c CURSOR FOR SELECT n, (vend.try_purchase('lamp', 'alpha')).status FROM generate_series(1, 3) n;
SELECT stock FROM shop.item WHERE id = 'lamp';
FETCH c;
FETCH c;
SELECT stock FROM shop.item WHERE id = 'lamp';
CLOSE c;
ROLLBACK;

-- A function that says STABLE sells, though it has its own idea of the snapshot.
CREATE FUNCTION shop.calm() RETURNS text STABLE LANGUAGE plpgsql AS $$
DECLARE
    a text; b text;
BEGIN
    SELECT status || ' ' || balance INTO a FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('calm'));
    SELECT status || ' ' || balance INTO b FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('calm'));
    RETURN a || ', ' || b;
END
$$;
SELECT shop.calm();

-- A constraint trigger sells at commit.
CREATE TABLE shop.order_line (item text, buyer text);
CREATE FUNCTION shop.fulfil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.purchase(NEW.item, NEW.buyer); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON shop.order_line DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.fulfil();
BEGIN;
INSERT INTO shop.order_line VALUES ('lamp', 'alpha'), ('lamp', 'alpha');
SELECT stock FROM shop.item WHERE id = 'lamp';
COMMIT;
SELECT stock FROM shop.item WHERE id = 'lamp';
BEGIN;
INSERT INTO shop.order_line VALUES ('lamp', 'alpha'), ('none', 'alpha');
COMMIT;
\echo :SQLSTATE
SELECT stock FROM shop.item WHERE id = 'lamp';
SELECT count(*) FROM shop.order_line;

-- A store is made, filled and sold from in one transaction, at every isolation level.
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO shop.item (id, price, stock) VALUES ('new', 1, 1);
INSERT INTO shop.wallet (id, balance) VALUES ('newcomer', 1);
SELECT status, balance FROM vend.try_purchase('new', 'newcomer');
SELECT status, balance FROM vend.try_purchase('new', 'newcomer');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT stock FROM vend.restock('new', 2);
SELECT m AS lock_mode, status, balance FROM unnest(ARRAY['pessimistic', 'optimistic', 'atomic']) m, vend.try_purchase('new', 'alpha', lock_mode => m);
COMMIT;

-- A transaction that is prepared (only where the server allows it) keeps the sale.
SELECT current_setting('max_prepared_transactions')::int > 0 AS can_prepare \gset
\if :can_prepare
BEGIN;
SELECT status AS prepared FROM vend.try_purchase('lamp', 'alpha') \gset
PREPARE TRANSACTION 'vend_regress';
ROLLBACK PREPARED 'vend_regress';
\endif

SELECT id, stock FROM shop.item ORDER BY id;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
