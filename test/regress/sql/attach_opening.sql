-- Aim: journal_opening(): what stocks and balances have beyond their ledger becomes adjustments, later than attach_store() where asked
-- for, whatever was sold, written and deleted in between; once, and by whom it may be called.
-- Guarantee: G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_clerk;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO regress_vend_owner;
SET ROLE regress_vend_owner;
CREATE TABLE goods (id text PRIMARY KEY, price integer NOT NULL, stock integer, mode text);
CREATE TABLE people (id integer PRIMARY KEY, balance numeric(10,2));
INSERT INTO goods SELECT 'item ' || n, 10, n, CASE WHEN n = 9 THEN 'escrow' END FROM generate_series(0, 9) n;
INSERT INTO people SELECT n, n * 100.25 FROM generate_series(0, 5) n;

-- The opening is journalled at once, and then not again.
SELECT vend.attach_store('shop', 'goods', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'balance');
SELECT count(*), sum(qty), sum(amount), count(DISTINCT id), bool_and(kind = 'adjustment' AND line = 0 AND ref IS NULL AND unit_price IS NULL AND (item IS NULL) <> (wallet IS NULL)) AS plain FROM shop.ledger;
SELECT vend.journal_opening(), vend.journal_opening('shop');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- The owner may journal the opening later. Until then the audit names what is missing.
SELECT vend.attach_store('shop', 'goods', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'balance', journal_opening => false);
SELECT count(*) FROM shop.ledger;
SELECT finding, count(*), sum(expected) AS expected, sum(found) AS found FROM vend.audit() GROUP BY finding ORDER BY finding;
-- Items are sold by row and in escrow, refunded, moved, sold to the last; plain SQL inserts, deletes and renames rows; one row comes and goes.
SELECT status FROM vend.try_purchase('item 5', 5, 2, vend.id_from('sale'));
SELECT status FROM vend.try_purchase('item 1', 5);
SELECT status FROM vend.try_purchase('item 9', 4, 3);
SELECT kind FROM vend.refund(vend.id_from('sale'), 1);
SELECT kind FROM vend.restock('item 0', 5);
SELECT kind FROM vend.restock('item 9', 5);
SELECT kind FROM vend.deposit(0, 3.75);
SELECT kind FROM vend.transfer(3, 2, 0.5);
SELECT kind FROM vend.withdraw(1, 100.25);
UPDATE goods SET stock = stock + 10 WHERE id IN ('item 2', 'item 3');
UPDATE goods SET id = 'thing 4' WHERE id = 'item 4';
DELETE FROM goods WHERE id = 'item 6';
DELETE FROM people WHERE id = 4;
INSERT INTO goods VALUES ('item 10', 10, 10, NULL);
INSERT INTO goods VALUES ('brief', 10, 1, NULL);
DELETE FROM goods WHERE id = 'brief';
UPDATE people SET balance = 0 WHERE id = 3;
SELECT finding, key, found - expected AS missing FROM vend.audit() ORDER BY finding, key;
SELECT count(*) AS before FROM shop.ledger \gset
SELECT vend.journal_opening();
SELECT count(*) - :before AS entries, count(DISTINCT at) FILTER (WHERE at = (SELECT max(at) FROM shop.ledger)) AS at_once FROM shop.ledger;
SELECT * FROM vend.audit();
SELECT vend.journal_opening();
SELECT item, wallet, sum(qty) AS qty, sum(amount) AS amount FROM shop.ledger GROUP BY item, wallet HAVING sum(qty) <> 0 OR sum(amount) <> 0 ORDER BY item COLLATE "C", wallet;
-- It is undone with its transaction or savepoint.
ALTER TABLE goods DISABLE TRIGGER vend_journal;
UPDATE goods SET stock = stock + 1 WHERE id = 'item 1';
ALTER TABLE goods ENABLE TRIGGER vend_journal;
BEGIN;
SAVEPOINT s;
SELECT vend.journal_opening();
ROLLBACK TO s;
SELECT count(*) FROM vend.audit();
SELECT vend.journal_opening();
SELECT vend.journal_opening();
ROLLBACK;
SELECT vend.journal_opening();
-- A sale of the same transaction is in the ledger already.
BEGIN;
SELECT status FROM vend.try_purchase('item 5', 5);
SELECT status FROM vend.try_purchase('item 9', 5);
SELECT vend.journal_opening();
COMMIT;
SELECT * FROM vend.audit();

-- What cannot be counted is named, and mended by plain SQL.
SELECT vend.detach_store('shop');
UPDATE goods SET stock = -3 WHERE id = 'item 3';
UPDATE people SET balance = NULL WHERE id = 5;
SELECT vend.attach_store('shop', 'goods', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'balance', journal_opening => false);
SELECT status FROM vend.try_purchase('item 3', 0);
\echo :SQLSTATE
SELECT vend.journal_opening();
\echo :SQLSTATE
UPDATE goods SET stock = 3 WHERE id = 'item 3';
SELECT vend.journal_opening();
\echo :SQLSTATE
SELECT balance FROM vend.deposit(5, 1);
\echo :SQLSTATE
UPDATE people SET balance = 7 WHERE id = 5;
SELECT vend.journal_opening() > 0 AS journalled;
SELECT * FROM vend.audit();

-- A trigger cannot call it: the movement or the UPDATE that fires the trigger is not journalled yet, and would be journalled twice.
CREATE FUNCTION open_books() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.journal_opening('shop'); RETURN NULL; END $$;
CREATE TRIGGER a AFTER UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION open_books();
SELECT kind FROM vend.restock('item 3', 1);
UPDATE goods SET stock = stock + 1 WHERE id = 'item 3';
DROP TRIGGER a ON goods;
DROP FUNCTION open_books;
-- A statement that writes cannot call it: that statement has journalled nothing yet.
WITH written AS (UPDATE goods SET stock = stock + 1 WHERE id = 'item 3' RETURNING id) SELECT vend.journal_opening() FROM written;
\echo :SQLSTATE
WITH written AS (UPDATE people SET balance = balance + 1 WHERE id = 5 RETURNING id) SELECT vend.journal_opening() FROM written;
\echo :SQLSTATE
SELECT vend.journal_opening();
SELECT * FROM vend.audit();

-- If direct writes are refused, the opening is still allowed: it is no direct write.
SELECT vend.detach_store('shop');
UPDATE goods SET stock = stock + 1;
SELECT vend.attach_store('shop', 'goods', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'balance', direct_writes => 'refuse', journal_opening => false);
UPDATE goods SET stock = stock + 1;
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('item 3', 5);
SELECT vend.journal_opening();
SELECT * FROM vend.audit();

-- The owner may call it, and members of the owner; no right of a store is enough.
SELECT vend.grant_role(r, 'regress_vend_clerk') FROM unnest(ARRAY['buyer', 'cashier', 'operator', 'auditor']) r;
SET ROLE regress_vend_clerk;
SELECT vend.journal_opening();
\echo :SQLSTATE
SELECT vend.journal_opening('nowhere');
\echo :SQLSTATE
RESET ROLE;
SELECT vend.journal_opening();
GRANT regress_vend_owner TO regress_vend_clerk;
SET ROLE regress_vend_clerk;
SELECT vend.journal_opening();
RESET ROLE;
-- journal_opening() works for a store of create_store() as well.
SELECT vend.create_store('made');
SELECT vend.journal_opening('made');
SELECT vend.detach_store('made'), vend.detach_store('shop');
SET client_min_messages = error;
DROP SCHEMA made CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP OWNED BY regress_vend_owner, regress_vend_clerk CASCADE;
DROP ROLE regress_vend_owner, regress_vend_clerk;
