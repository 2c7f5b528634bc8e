-- Aim: a column that each write of the engine to a figure sets to the time, with and without a time zone, in both ways of writing.
-- Section "What can be bound" of docs/existing-tables.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TimeZone = 'Pacific/Auckland';
CREATE TABLE product (id int PRIMARY KEY, price bigint NOT NULL, stock int NOT NULL, updated_at timestamptz(0), version int NOT NULL DEFAULT 1, lock_mode text, born date);
CREATE TABLE account (id int PRIMARY KEY, credit bigint NOT NULL, updated_at timestamp(3) NOT NULL DEFAULT '2000-01-01');
INSERT INTO product VALUES (1, 5, 100), (2, 5, 100);
INSERT INTO account VALUES (3, 1000), (4, 10);
SELECT vend.attach_store('shop', items => 'product', price => 'price', version => 'version', lock_mode => 'lock_mode', touch => 'updated_at', wallets => 'account', balance => 'credit', balance_touch => 'updated_at');
-- Which rows a call has touched within the last minutes, by the clock; a column without a time zone by that of UTC. And their fractions.
CREATE FUNCTION touched() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', (SELECT string_agg('product ' || id, ', ' ORDER BY id) FROM product WHERE updated_at BETWEEN clock_timestamp() - interval '5 min' AND clock_timestamp() + interval '1 s' AND date_trunc('second', updated_at) = updated_at),
                     (SELECT string_agg('account ' || id, ', ' ORDER BY id) FROM account WHERE updated_at BETWEEN (clock_timestamp() AT TIME ZONE 'UTC') - interval '5 min' AND (clock_timestamp() AT TIME ZONE 'UTC') + interval '1 s' AND date_trunc('milliseconds', updated_at) = updated_at))
$$;
CREATE FUNCTION after(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product SET updated_at = NULL;
    UPDATE account SET updated_at = '2000-01-01';
    EXECUTE sql;
    RETURN touched();
END $$;
CREATE FUNCTION calls(round text) RETURNS TABLE (call text, touched text) LANGUAGE sql AS $$
    SELECT call, after(sql) FROM (VALUES
        (1, 'purchase', format('SELECT vend.purchase(1, 3, id => vend.id_from(%L))', round)),
        (2, 'replay', format('SELECT vend.purchase(1, 3, id => vend.id_from(%L))', round)),
        (3, 'for nothing', 'SELECT vend.purchase(1, 3, unit_price => 0)'),
        (4, 'refused', 'SELECT vend.try_purchase(1, 4, 100)'),
        (5, 'optimistic', 'SELECT vend.purchase(1, 3, lock_mode => ''optimistic'')'),
        (6, 'pessimistic', 'SELECT vend.purchase(1, 3, lock_mode => ''pessimistic'')'),
        (7, 'refund', format('SELECT vend.refund(vend.id_from(%L))', round)),
        (8, 'restock', 'SELECT vend.restock(2, 1)'),
        (9, 'write_off', 'SELECT vend.write_off(2, 1)'),
        (10, 'deposit', 'SELECT vend.deposit(4, 1)'),
        (11, 'withdraw', 'SELECT vend.withdraw(4, 1)'),
        (12, 'transfer', 'SELECT vend.transfer(3, 4, 1)'),
        (13, 'purchase_many', 'SELECT vend.purchase_many(''{1,2}'', ''{3,3}'')'),
        (14, 'checkout', 'SELECT vend.checkout(3, ''{1,2}'')'),
        (15, 'transfer_many', 'SELECT vend.transfer_many(''{3}'', ''{4}'', ''{1}'')')) c (n, call, sql) ORDER BY n
$$;
SELECT * FROM calls('a');
SET vend.write_by_statements = on;
SELECT c.* FROM calls('b') c;
RESET vend.write_by_statements;
-- Outside of a transaction block, where a batch writes as it has read.
UPDATE product SET updated_at = NULL;
UPDATE account SET updated_at = '2000-01-01';
SELECT status FROM vend.purchase_many('{1,2}', '{3,3}');
SELECT touched();
-- In escrow settling touches the row.
SELECT vend.set_lock_mode(2, 'escrow');
UPDATE product SET updated_at = NULL;
SELECT status FROM vend.try_purchase(2, 4);
SELECT vend.settle() IS NOT NULL AS settled;
SELECT touched();
SELECT after('SELECT vend.set_lock_mode(2, NULL)');
-- It is no edit, and no version guard covers it. Triggers on it fire with each sale.
SELECT id, version FROM product ORDER BY id;
SELECT vend.guard_version('product', 'version', '{price,updated_at}');
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '% is touched', TG_TABLE_NAME; RETURN NULL; END $$;
CREATE TRIGGER tell AFTER UPDATE OF updated_at ON product FOR EACH ROW EXECUTE FUNCTION tell();
SELECT status FROM vend.try_purchase(1, 3);
DROP TRIGGER tell ON product;
-- What can be bound.
SELECT vend.reattach_store('shop', touch => 'born');
SELECT vend.reattach_store('shop', touch => 'version');
SELECT vend.reattach_store('shop', touch => '', balance_touch => '');
SELECT after('SELECT vend.purchase(1, 3)');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP TABLE product, account;
DROP FUNCTION calls, after, touched, tell;
