-- A store of wallets without items: money moves, is journalled and audited, and nothing is for sale.
\set VERBOSITY sqlstate
CREATE TABLE account (id bigint PRIMARY KEY, owner text NOT NULL, balance numeric(12,2) NOT NULL DEFAULT 0);
INSERT INTO account VALUES (1, 'ann', 50), (2, 'bob', 20), (3, 'cid', 0);

-- Neither table, and columns of a table that is not named.
SELECT vend.attach_store('bank');
SELECT vend.attach_store('bank', stock => NULL, wallets => 'account', balance => 'balance');
SELECT vend.attach_store('bank', wallets => 'account');
SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance', stock => 'units');
SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance', lock_mode => 'lock_mode', add_columns => true);
SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance', item_key => 'id');

SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance');
SELECT name, item, item_key, stock, wallet, wallet_key, balance FROM vend.store;
SELECT kind, item, qty, wallet, amount FROM bank.ledger ORDER BY wallet;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'vend%' ORDER BY 1, 2;

-- Money moves.
SELECT kind, wallet, amount, balance, replayed FROM vend.deposit(1, 10, vend.id_from('d1'));
SELECT kind, wallet, amount, balance, replayed FROM vend.deposit(1, 10, vend.id_from('d1'));
SELECT status, wallet, amount, balance FROM vend.try_withdraw(2, 5.50);
SELECT status, detail FROM vend.try_withdraw(2, 500);
SELECT status, detail FROM vend.try_withdraw(9, 5);
SELECT status, wallet, payee, amount, balance FROM vend.try_transfer(1, 3, 30);
SELECT status, detail FROM vend.try_transfer(3, 1, 30.01);
SELECT status, wallet, payee, amount, balance, detail FROM vend.transfer_many(ARRAY[1, 2, 3, 9], ARRAY[2, 3, 1, 1], ARRAY[5, 500, 1, 1]::numeric[]);
SELECT status, replayed_of FROM (SELECT status, id = vend.id_from('t') AS replayed_of FROM vend.transfer_many(ARRAY[1, 1], ARRAY[2, 2], ARRAY[1, 1]::numeric[], ids => array_fill(vend.id_from('t'), ARRAY[2]))) t;
SELECT vend.void_id(vend.id_from('never'));
SELECT vend.deposit(1, 1, vend.id_from('never'));

-- Nothing is for sale.
\set VERBOSITY default
SELECT * FROM vend.purchase('lamp', 1);
\set VERBOSITY sqlstate
SELECT * FROM vend.try_purchase('lamp', 1, remember => true, id => vend.id_from('p'));
SELECT * FROM vend.purchase_many(ARRAY['lamp'], ARRAY[1]);
SELECT * FROM vend.checkout(1, ARRAY['lamp']);
SELECT * FROM vend.try_checkout(1, ARRAY['lamp']);
SELECT * FROM vend.restock('lamp', 1);
SELECT * FROM vend.write_off('lamp', 1);
SELECT * FROM vend.try_refund(vend.id_from('p'));
SELECT vend.available('lamp');
SELECT vend.set_lock_mode('lamp', 'escrow');
SELECT vend.settle();
SELECT * FROM bank.holding;

-- Plain SQL is journalled, keys too.
UPDATE account SET balance = balance + 1 WHERE id = 2;
UPDATE account SET id = 4 WHERE id = 3;
DELETE FROM account WHERE id = 2;
INSERT INTO account VALUES (2, 'new', 7);
SELECT kind, wallet, amount, wallet_era FROM bank.ledger WHERE kind = 'adjustment' ORDER BY at DESC, id DESC LIMIT 5;
SELECT * FROM vend.deposit(2, 1) \gset d_
SELECT :d_balance AS balance, wallet_era FROM bank.ledger WHERE id = :'d_id';
SELECT finding, key, expected, found FROM vend.audit();
ALTER TABLE account DISABLE TRIGGER USER;
UPDATE account SET balance = balance + 100 WHERE id = 1;
ALTER TABLE account ENABLE TRIGGER USER;
SELECT finding, key, found - expected AS difference FROM vend.audit();
SELECT vend.journal_opening();
SELECT finding, key, expected, found FROM vend.audit();
-- No finding but the balances of the wallets looks at the tables: the ledger's rows alone are checked besides.
BEGIN;
ALTER TABLE bank.ledger DISABLE TRIGGER vend_append_only;
UPDATE bank.ledger SET qty = 1 WHERE kind = 'deposit' AND amount = 10;
ALTER TABLE bank.ledger ENABLE TRIGGER vend_append_only;
SELECT finding, expected, found FROM vend.audit();
ROLLBACK;

-- Only the owner of the wallets is the owner of the store.
CREATE ROLE regress_teller;
CREATE ROLE regress_stranger;
GRANT regress_teller TO CURRENT_USER;
SELECT vend.grant_role('cashier', 'regress_teller');
SET ROLE regress_teller;
SELECT status, balance FROM vend.try_withdraw(1, 1);
SELECT vend.detach_store('bank');
SET ROLE regress_stranger;
SELECT status, balance FROM vend.try_withdraw(1, 1);
RESET ROLE;
ALTER EVENT TRIGGER vend_migration DISABLE; -- it would refuse the next statement
ALTER TABLE bank.ledger OWNER TO regress_teller;
ALTER EVENT TRIGGER vend_migration ENABLE;
\set VERBOSITY default
SELECT vend.deposit(1, 1);
\set VERBOSITY sqlstate
ALTER TABLE bank.ledger OWNER TO CURRENT_USER;

-- Direct writes are refused where the store says so, TRUNCATE is journalled where it does not.
SELECT vend.reattach_store('bank', direct_writes => 'refuse');
UPDATE account SET balance = 0 WHERE id = 1;
SELECT balance FROM vend.withdraw(1, 1);
SELECT vend.reattach_store('bank', direct_writes => 'journal');
BEGIN;
TRUNCATE account;
SELECT finding, key FROM vend.audit();
SELECT sum(amount) FROM bank.ledger;
ROLLBACK;

-- Bound again after a change, with a wider key.
BEGIN;
ALTER TABLE account RENAME COLUMN balance TO euros;
SELECT vend.reattach_store('bank', balance => 'euros');
COMMIT;
SELECT balance FROM vend.deposit(1, 1);
ALTER EVENT TRIGGER vend_migration DISABLE; -- it would refuse the next statement
ALTER TABLE account RENAME COLUMN euros TO balance;
ALTER EVENT TRIGGER vend_migration ENABLE;
SELECT vend.deposit(1, 1);
SELECT vend.reattach_store('bank', balance => 'balance');
SELECT balance FROM vend.deposit(1, 1);

-- The engine writes by statements, too.
SET vend.write_by_statements = on;
SELECT balance FROM vend.deposit(1, 1);
SELECT status, balance FROM vend.transfer_many(ARRAY[1], ARRAY[2], ARRAY[1]::numeric[]);
RESET vend.write_by_statements;

-- The store gets items later.
CREATE TABLE thing (id int PRIMARY KEY, price numeric(12,2) NOT NULL, stock int NOT NULL);
INSERT INTO thing VALUES (7, 2.50, 3);
SELECT vend.reattach_store('bank', items => 'thing', price => 'price');
SELECT vend.reattach_store('bank', items => 'thing', stock => 'stock', price => 'price');
SELECT status, item, buyer, amount FROM vend.try_purchase(7, 1);
SELECT finding, key, expected, found FROM vend.audit();

-- Detached, and attached without the items again: the ledger goes on.
SELECT vend.detach_store('bank');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'vend%' ORDER BY 1, 2;
UPDATE account SET balance = balance + 3 WHERE id = 4;
SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance');
SELECT finding, key, expected, found FROM vend.audit();
SELECT kind, wallet, amount FROM bank.ledger WHERE wallet = 4 ORDER BY at DESC, id DESC LIMIT 1;
SELECT status FROM vend.try_purchase(7, 1);
SELECT count(*) FROM bank.holding;
ALTER EVENT TRIGGER vend_migration DISABLE; -- it would refuse the next statement
DROP TABLE account;
ALTER EVENT TRIGGER vend_migration ENABLE;
SELECT vend.deposit(1, 1);
SELECT vend.detach_store('bank');
SELECT count(*) FROM vend.store;
SET client_min_messages = warning;
DROP SCHEMA bank CASCADE;
DROP TABLE thing;
DROP OWNED BY regress_teller;
DROP ROLE regress_teller, regress_stranger;
