-- Aim: prices and balances in numeric columns of more than 18 digits, or of no declared number. The store's money_type says how they are
-- counted; a number that does not fit is refused, and nothing is rounded.
-- Guarantees: G2, G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE TABLE goods (id text PRIMARY KEY, price numeric(20,3), stock integer NOT NULL, mode text);
CREATE TABLE people (id integer PRIMARY KEY, balance numeric(30,5) NOT NULL);
INSERT INTO goods VALUES ('lamp', 1.5, 90), ('vase', 0.25, 90), ('fine', 0.125, 90), ('dear', 99999999999999999.999, 90);
INSERT INTO people VALUES (1, 100), (2, 0.01), (3, 9999999999999999.99);

-- The call must say how money is counted.
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance');
SELECT vend.attach_store('shop', 'goods', price => 'price');
SELECT vend.attach_store('shop', 'goods', price => 'price', money_type => 'numeric(20,3)');
\echo :SQLSTATE
-- A balance must have room for all decimals of the money, and it still counts whole units of stock only.
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance', money_type => 'numeric(18,6)');
ALTER TABLE goods ADD COLUMN many numeric(20,0);
SELECT vend.attach_store('shop', 'goods', stock => 'many');
ALTER TABLE goods DROP COLUMN many, ADD COLUMN many numeric(20,-2);
SELECT vend.attach_store('shop', 'goods', price => 'many', money_type => 'bigint');
ALTER TABLE goods DROP COLUMN many;
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance', lock_mode => 'mode', money_type => 'numeric(18,2)');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shop.ledger'::regclass AND attname IN ('amount', 'unit_price') ORDER BY 1;

-- Sales write the decimals that the column has, whatever the way.
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 1, 2);
SELECT status, amount, balance FROM unnest('{atomic,pessimistic,optimistic}'::text[]) m, vend.try_purchase('vase', 1, lock_mode => m);
SET vend.write_by_statements = on;
SELECT status, amount, balance FROM vend.try_purchase('vase', 1);
RESET vend.write_by_statements;
SELECT vend.set_lock_mode('lamp', 'escrow');
SELECT status, amount, balance FROM vend.try_purchase('lamp', 1, 1, vend.id_from('lamp'));
SELECT amount, balance FROM vend.refund(vend.id_from('lamp'));
SELECT balance FROM vend.deposit(1, 0.5);
SELECT id, balance FROM people WHERE id = 1;

-- A price that does not fit is a refusal of its line alone.
SELECT status, detail FROM vend.try_purchase('fine', 1);
SELECT status, detail FROM vend.try_purchase('dear', 1);
SELECT item, status FROM vend.purchase_many('{vase,fine,vase,dear}'::text[], '{1,1,1,1}'::int[]);
SELECT status, line FROM vend.try_checkout(1, '{vase,fine}'::text[]);
SELECT status, amount FROM vend.try_purchase('fine', 1, unit_price => 0.12);
-- Arguments and sums that do not fit.
SELECT vend.deposit(1, 0.001);
\echo :SQLSTATE
SELECT vend.deposit(3, 90000000000000000);
\echo :SQLSTATE
DO $$ BEGIN FOR i IN 1 .. 10 LOOP PERFORM vend.deposit(3, 9999999999999999.99); END LOOP; END $$;
\echo :SQLSTATE
-- Plain SQL is journalled if it fits.
UPDATE people SET balance = balance + 1.25 WHERE id = 2;
UPDATE people SET balance = 1.00001 WHERE id = 2;
\echo :SQLSTATE
UPDATE people SET balance = 'NaN' WHERE id = 2;
\echo :SQLSTATE
SELECT sum(amount) FROM shop.ledger WHERE wallet = 2;
SELECT * FROM vend.audit();

-- The column's type may change between any such types; a narrow one must have the decimals of the ledger.
ALTER TABLE goods ALTER COLUMN price TYPE numeric;
ALTER TABLE people ALTER COLUMN balance TYPE numeric;
SELECT status, amount, balance FROM vend.try_purchase('vase', 1);
SELECT balance FROM people WHERE id = 1;
UPDATE goods SET price = 'Infinity' WHERE id = 'dear';
SELECT status, detail FROM vend.try_purchase('dear', 1);
-- The largest numeric has no room for its steps. It concerns its row alone, too.
UPDATE goods SET price = 9e131071 WHERE id = 'dear';
SELECT item, status FROM vend.purchase_many('{dear,vase}'::text[], '{1,1}'::int[]);
UPDATE people SET balance = 9e131071 WHERE id = 2;
\echo :SQLSTATE
ALTER TABLE people DISABLE TRIGGER USER;
UPDATE people SET balance = 9e131071 WHERE id = 2;
ALTER TABLE people ENABLE TRIGGER USER;
SELECT item, status FROM vend.purchase_many('{vase,vase}'::text[], '{2,1}'::int[]);
UPDATE people SET balance = 1.26 WHERE id = 2;
SELECT vend.journal_opening();
ALTER TABLE people ALTER COLUMN balance TYPE numeric(20,1);
DELETE FROM people WHERE id = 3;
ALTER TABLE people ALTER COLUMN balance TYPE numeric(18,2);
SELECT vend.reattach_store('shop');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
-- Rows that cannot be counted: the opening names them.
ALTER TABLE people ALTER COLUMN balance TYPE numeric(30,5);
INSERT INTO people VALUES (4, 0.00001), (5, 1e18);
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance');
\echo :SQLSTATE
DELETE FROM people WHERE id > 3;
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
-- A wide column with few digits before the decimal point.
CREATE TABLE tight (id integer PRIMARY KEY, balance numeric(20,15) NOT NULL);
INSERT INTO tight VALUES (1, 99999.5);
SELECT vend.attach_store('tight', wallets => 'tight', balance => 'balance', money_type => 'numeric(18,2)');
SELECT balance FROM vend.deposit(1, 0.49);
SELECT balance FROM vend.deposit(1, 0.01);
\echo :SQLSTATE
SELECT vend.detach_store('tight');
SET client_min_messages = error;
DROP SCHEMA tight CASCADE;
DROP TABLE tight;
DROP SCHEMA shop CASCADE;
DROP TABLE goods, people;
