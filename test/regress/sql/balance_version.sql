-- The lock column of the shop's ORM on its wallets: each write of the engine counts it up, so that the
-- shop's own optimistic lock finds no row and does not undo a debit.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE wallet (id int PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0), lock_version int NOT NULL DEFAULT 0);
CREATE TABLE item (id int PRIMARY KEY, price bigint NOT NULL, stock int NOT NULL, lock_version int NOT NULL DEFAULT 0);
INSERT INTO wallet VALUES (3, 100), (4, 0);
INSERT INTO item VALUES (1, 5, 100);
SELECT vend.attach_store('shop', items => 'item', price => 'price', wallets => 'wallet', balance => 'balance', stock_version => 'lock_version', balance_version => 'lock_version');

-- The shop reads balance 100 and lock_version 0, and a sale for 5 comes in between.
SELECT status, amount, balance FROM vend.try_purchase(1, 3);
UPDATE wallet SET balance = 110, lock_version = 1 WHERE id = 3 AND lock_version = 0;
\echo :ROW_COUNT row
SELECT * FROM wallet ORDER BY id;
SELECT balance, lock_version FROM wallet WHERE id = 3;
UPDATE wallet SET balance = 105, lock_version = 2 WHERE id = 3 AND lock_version = 1;
\echo :ROW_COUNT row

-- Every write of the engine, in both ways of writing.
CREATE FUNCTION every_write(round text) RETURNS TABLE (call text, three int, four int, item int) LANGUAGE plpgsql AS $$
DECLARE
    sql text;
BEGIN
    FOR call, sql IN VALUES
        ('purchase', format('SELECT vend.purchase(1, 3, id => vend.id_from(%L))', round)),
        ('replay', format('SELECT vend.purchase(1, 3, id => vend.id_from(%L))', round)),
        ('for nothing', 'SELECT vend.purchase(1, 3, unit_price => 0)'),
        ('refused', 'SELECT vend.try_purchase(1, 4, 100)'),
        ('refund', format('SELECT vend.refund(vend.id_from(%L))', round)),
        ('deposit', 'SELECT vend.deposit(3, 7)'),
        ('withdraw', 'SELECT vend.withdraw(3, 7)'),
        ('transfer', 'SELECT vend.transfer(3, 4, 20)'),
        ('purchase_many', 'SELECT vend.purchase_many(''{1,1,1}'', ''{3,4,3}'', ''{1,1,1}'')'),
        ('purchase_many under locks', format('SELECT vend.purchase_many(''{1,1}'', ''{3,4}'', ''{1,1}'', ids => ARRAY[vend.id_from(%L), vend.id_from(%L)])', round || 1, round || 2)),
        ('checkout', 'SELECT vend.checkout(3, ''{1}'', ''{2}'')'),
        ('transfer_many', 'SELECT vend.transfer_many(''{3,4}'', ''{4,3}'', ''{4,2}'')')
    LOOP
        EXECUTE sql;
        three := (SELECT lock_version FROM wallet WHERE id = 3);
        four := (SELECT lock_version FROM wallet WHERE id = 4);
        item := (SELECT lock_version FROM item WHERE id = 1);
        UPDATE wallet SET lock_version = 0;
        UPDATE item SET lock_version = 0;
        RETURN NEXT;
    END LOOP;
END $$;
UPDATE wallet SET lock_version = 0;
UPDATE item SET lock_version = 0;
SELECT * FROM every_write('a');
SET vend.write_by_statements = on;
SELECT * FROM every_write('b');
RESET vend.write_by_statements;
-- Outside of a transaction block, where a batch may write as it has read.
SELECT status FROM vend.purchase_many('{1,1}', '{3,3}', '{1,1}');
SELECT status FROM vend.transfer_many('{3,3}', '{4,4}', '{1,1}');
SELECT id, lock_version FROM wallet ORDER BY id;

-- A trigger that takes the version back is found out.
CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.lock_version := OLD.lock_version; RETURN NEW; END';
CREATE TRIGGER back BEFORE UPDATE ON wallet FOR EACH ROW EXECUTE FUNCTION back();
SELECT vend.deposit(3, 1);
DROP TRIGGER back ON wallet;

-- A version at the end of its type.
ALTER TABLE wallet ALTER lock_version TYPE smallint;
UPDATE wallet SET lock_version = 32767 WHERE id = 3;
\set VERBOSITY default
SELECT vend.deposit(3, 1);
\set VERBOSITY terse
SELECT status FROM vend.try_purchase(1, 4);

-- What can be bound.
SELECT vend.reattach_store('shop', balance_version => '');
SELECT (vend.deposit(3, 1)).balance, lock_version FROM wallet WHERE id = 3;
SELECT vend.reattach_store('shop', balance_version => 'id');
SELECT vend.reattach_store('shop', balance_version => 'balance');
SELECT vend.reattach_store('shop', balance_version => 'revision');
SELECT vend.reattach_store('shop', balance_version => 'revision', add_columns => true);
SELECT balance FROM vend.deposit(4, 1);
SELECT id, revision FROM wallet ORDER BY id;
SELECT balance_version FROM vend.store;
ALTER TABLE wallet ADD twice int GENERATED ALWAYS AS (balance * 2) STORED;
SELECT vend.reattach_store('shop', balance_version => 'twice');
CREATE TABLE shelf (id int PRIMARY KEY, stock int NOT NULL);
SELECT vend.attach_store('alone', items => 'shelf', balance_version => 'lock_version');
SELECT * FROM vend.audit('shop');

SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP TABLE wallet, item, shelf;
DROP FUNCTION every_write, back;
