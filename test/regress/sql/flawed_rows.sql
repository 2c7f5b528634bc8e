-- Aim: a row that the owner's table lets in, below zero, null, or with a value that nobody can count, concerns that row alone.
-- Guarantees: G1, G2 (below zero, nothing is left), G6 (what is owed is not forgotten).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE SCHEMA own;
CREATE TABLE own.item (id int PRIMARY KEY, title text, price numeric(12,2), stock int, stock_version int, edition int, mode text);
CREATE TABLE own.wallet (id int PRIMARY KEY, balance numeric(12,2));
INSERT INTO own.item (id, title, price, stock) SELECT n, 'item ' || n, 2, 5 FROM generate_series(1, 4) n;
INSERT INTO own.wallet VALUES (1, 100), (2, 100), (3, -30);

-- What is below zero opens a ledger. What is null does not, and the error says which rows.
UPDATE own.item SET stock = -2 WHERE id = 4;
INSERT INTO own.item (id, price, stock) VALUES (5, 2, NULL), (6, 2, NULL);
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance',
    stock_version => 'stock_version', version => 'edition', lock_mode => 'mode');
INSERT INTO own.item (id, price, stock) SELECT n, 2, NULL FROM generate_series(100, 140) n;
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance',
    stock_version => 'stock_version', version => 'edition', lock_mode => 'mode');
DELETE FROM own.item WHERE id >= 5;
INSERT INTO own.wallet VALUES (4, NULL), (5, 'NaN');
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance',
    stock_version => 'stock_version', version => 'edition', lock_mode => 'mode');
DELETE FROM own.wallet WHERE id >= 4;
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance',
    stock_version => 'stock_version', version => 'edition', lock_mode => 'mode');
SELECT kind, item, wallet, qty, amount FROM shop.ledger ORDER BY wallet, item;
SELECT vend.journal_opening();
SELECT * FROM vend.audit();

-- The stock of one item goes below zero, journalled. The others of the batch are sold.
UPDATE own.item SET stock = stock - 8 WHERE id = 2;
SELECT item, status, detail, unit_price FROM vend.purchase_many('{2,1,3}', '{1,1,1}');
SELECT item, status, detail FROM vend.purchase_many('{2,1,3}', '{1,2,2}', ids => ARRAY[vend.id_from('a'), vend.id_from('b'), vend.id_from('c')], remember => true);
SELECT id, stock, stock_version, edition FROM own.item ORDER BY id;
SELECT status, line, detail FROM vend.try_checkout(1, '{1,2}');
SELECT status FROM vend.try_checkout(1, '{1,3}');
SELECT m.mode, p.status, p.detail FROM unnest('{atomic,pessimistic,optimistic}'::text[]) m (mode), vend.try_purchase(2, 1, lock_mode => m.mode) p;
SELECT status, detail FROM vend.try_purchase(2, 1, 9223372036854775807);
SELECT vend.available(2), vend.available(1), vend.available(4);
SELECT vend.purchase(2, 1);
SELECT status, detail FROM vend.try_write_off(2, 1);
SELECT * FROM vend.audit();
-- What adds to it works, up to zero and beyond.
SELECT stock FROM vend.restock(2, 1);
SELECT stock FROM vend.restock(4, 1, id => vend.id_from('restock'));
SELECT stock, replayed FROM vend.restock(4, 1, id => vend.id_from('restock'));
SELECT status, balance FROM vend.try_purchase(1, 1, 1, id => vend.id_from('sold'));
UPDATE own.item SET stock = stock - 10 WHERE id = 1;
SELECT status, stock, balance FROM vend.try_refund(vend.id_from('sold'));
SELECT stock FROM vend.restock(2, 4);
SELECT status, detail FROM vend.try_purchase(2, 1, 3);
SELECT status FROM vend.try_purchase(2, 1, 2);
SELECT * FROM vend.audit();

-- A balance below zero.
SELECT status, detail, balance FROM vend.try_purchase(2, 3);
SELECT status, detail FROM vend.try_withdraw(3, 1);
SELECT status, detail FROM vend.try_transfer(3, 1, 1);
SELECT status, balance FROM vend.try_purchase(3, 3, unit_price => 0);
SELECT status, balance FROM vend.try_transfer(1, 3, 5);
SELECT wallet, status, balance FROM vend.transfer_many('{1,2}', '{3,3}', '{5,5}');
SELECT buyer, item, status, detail FROM vend.purchase_many('{3,3,3}', '{3,1,2}');
SELECT balance FROM vend.deposit(3, 10);
SELECT balance FROM vend.deposit(3, 10);
UPDATE own.wallet SET balance = balance - 50 WHERE id = 3;
SELECT status, balance FROM vend.try_refund((SELECT id FROM shop.ledger WHERE kind = 'purchase' AND wallet = 1 AND item = 3 ORDER BY id LIMIT 1));
SELECT * FROM own.wallet ORDER BY id;
SELECT * FROM vend.audit();

-- In escrow: the counter is loaded from a row below zero.
SELECT vend.set_lock_mode(i, 'escrow') FROM unnest('{1,2,4}'::int[]) i;
SELECT id, stock FROM own.item WHERE id <= 4 ORDER BY id;
SELECT status, detail FROM vend.try_purchase(1, 1);
SELECT item, status, detail FROM vend.purchase_many('{1,3,4}', '{1,1,1}');
SELECT available FROM vend.stat_item WHERE item = '1';
SELECT stock FROM vend.restock(1, 1);
SELECT stock FROM vend.restock(4, 1);
SELECT vend.available(1), vend.available(4);
SELECT * FROM vend.audit();
SELECT vend.settle() >= 0;
SELECT id, stock FROM own.item WHERE id <= 4 ORDER BY id;
SELECT stock FROM vend.restock(1, 10);
SELECT status FROM vend.try_purchase(1, 1);
SELECT status, detail FROM vend.try_write_off(1, 10);
SELECT stock FROM vend.try_write_off(1, 1);
SELECT vend.settle() >= 0;
SELECT vend.set_lock_mode(i, NULL) FROM unnest('{1,2,4}'::int[]) i;
SELECT id, stock FROM own.item WHERE id <= 4 ORDER BY id;
SELECT * FROM vend.audit();

SELECT stock FROM vend.restock(3, 50);
-- A price that is null, below zero or no amount of money; a lock mode that is none.
UPDATE own.item SET price = NULL, stock = 10 WHERE id = 1;
UPDATE own.item SET price = -1, stock = 10 WHERE id = 2;
UPDATE own.item SET price = 'NaN', stock = 10 WHERE id = 4;
INSERT INTO own.item (id, price, stock, mode) VALUES (5, 2, 10, 'fair');
SELECT item, status, detail, unit_price FROM vend.purchase_many('{1,2,3,4,5}', '{1,1,1,1,1}');
SELECT item, status FROM vend.purchase_many('{1,2,3,4,5}', '{1,1,1,1,1}', unit_prices => '{1,1,1,1,1}');
SELECT item, status FROM vend.purchase_many('{1,3}', '{1,1}', max_prices => '{1,1}');
SELECT item, status FROM vend.purchase_many('{1,3}', '{1,1}', ids => ARRAY[vend.id_from('d'), vend.id_from('e')], remember => true);
SELECT status, detail FROM vend.try_purchase(1, 1, id => vend.id_from('d'));
SELECT status, line, detail FROM vend.try_checkout(1, '{3,1}');
SELECT vend.purchase(1, 1);
SELECT p.status, p.detail FROM unnest('{atomic,pessimistic,optimistic}'::text[]) m (mode), vend.try_purchase(1, 1, lock_mode => m.mode) p;
SELECT status, unit_price, amount FROM vend.try_purchase(1, 1, unit_price => 3);
SELECT status, amount FROM vend.try_purchase(1, 1, amount => 3);
SELECT item, list_price FROM shop.ledger WHERE kind = 'purchase' AND item = 1 AND unit_price = 3;
SELECT status, detail FROM vend.try_purchase(1, 9);
SELECT stock FROM vend.write_off(2, 1);
SELECT stock FROM vend.restock(5, 1);
SELECT vend.set_lock_mode(1, 'escrow'), vend.set_lock_mode(5, NULL);
SELECT item, status, detail FROM vend.purchase_many('{1,3,5}', '{1,1,1}');
SELECT status, detail FROM vend.try_purchase(1, 1);
SELECT vend.set_lock_mode(1, NULL);
SELECT * FROM vend.audit();

-- A stock or balance that is null, from before the store had its triggers: it counts as 0, and what is added to it counts.
UPDATE own.item SET stock = NULL WHERE id = 4;
INSERT INTO own.wallet VALUES (7, NULL);
SET session_replication_role = replica;
UPDATE own.item SET stock = NULL WHERE id = 4;
INSERT INTO own.item (id, price, stock) VALUES (6, 2, NULL), (7, 2, NULL);
INSERT INTO own.wallet VALUES (7, NULL), (8, NULL), (9, 'NaN');
RESET session_replication_role;
SELECT item, status, detail FROM vend.purchase_many('{6,3}', '{1,1}');
SELECT buyer, status, detail, balance FROM vend.purchase_many('{3,3,3}', '{7,9,2}');
SELECT status, detail FROM vend.try_purchase(3, 9);
SELECT status, detail FROM vend.try_purchase(6, 1);
SELECT vend.available(6);
SELECT stock FROM vend.restock(6, 2);
SELECT balance FROM vend.deposit(7, 2);
SELECT status, balance FROM vend.try_transfer(2, 8, 2);
SELECT vend.deposit(9, 2);
SELECT wallet, status, detail FROM vend.transfer_many('{1,1}', '{9,2}', '{1,1}');
SELECT vend.set_lock_mode(7, 'escrow');
SELECT item, status, detail FROM vend.purchase_many('{7,3}', '{1,1}');
SELECT status, detail FROM vend.try_purchase(7, 1);
SELECT stock FROM vend.restock(7, 2);
SELECT vend.set_lock_mode(7, NULL);
SELECT id, stock FROM own.item WHERE id >= 6 ORDER BY id;
SELECT finding, key, expected, found FROM vend.audit();
SELECT repair FROM vend.audit() WHERE finding = 'stock' \gexec
DELETE FROM own.wallet WHERE id = 9;
SELECT * FROM vend.audit();

-- The same in a store that is written by statements, and in partitions.
CREATE TABLE own.part (id int PRIMARY KEY, price numeric(12,2), stock int, version int, edition int) PARTITION BY RANGE (id);
CREATE TABLE own.part_1 PARTITION OF own.part FOR VALUES FROM (1) TO (3);
CREATE TABLE own.part_2 PARTITION OF own.part FOR VALUES FROM (3) TO (9);
INSERT INTO own.part VALUES (1, 2, 5), (2, NULL, 5), (3, 2, -5), (4, -2, 5);
SELECT vend.attach_store('parts', 'own.part', price => 'price', stock_version => 'version', version => 'edition');
SET session_replication_role = replica;
INSERT INTO own.part VALUES (5, 2, NULL);
RESET session_replication_role;
SELECT item, status, detail FROM vend.purchase_many('{1,2,3,4,5}', '{1,1,1,1,1}', store => 'parts');
SELECT stock FROM vend.restock(3, 1, store => 'parts') UNION ALL SELECT stock FROM vend.restock(5, 1, store => 'parts');
UPDATE own.part SET price = 3 WHERE id = 5;
SELECT item, status FROM vend.purchase_many('{5,5}', '{1,1}', store => 'parts');
SELECT tableoid::regclass, * FROM own.part ORDER BY id;
SELECT * FROM vend.audit('parts');
SET vend.write_by_statements = on;
UPDATE own.item SET stock = NULL, stock_version = NULL WHERE id = 6;
SET session_replication_role = replica;
UPDATE own.item SET stock = NULL, stock_version = NULL, edition = NULL WHERE id = 6;
UPDATE own.wallet SET balance = NULL WHERE id = 8;
RESET session_replication_role;
SELECT status, detail FROM vend.try_purchase(6, 1, store => 'shop');
SELECT stock FROM vend.restock(6, 2, store => 'shop');
SELECT status FROM vend.try_purchase(6, 1, store => 'shop');
SELECT stock, stock_version, edition FROM own.item WHERE id = 6;
UPDATE own.item SET price = 5 WHERE id = 6;
SELECT stock, stock_version, edition FROM own.item WHERE id = 6;
UPDATE own.wallet SET balance = -10 WHERE id = 3;
SELECT balance FROM vend.deposit(3, 4, store => 'shop') UNION ALL SELECT balance FROM vend.deposit(8, 4, store => 'shop');
UPDATE own.item SET stock = stock - 8 WHERE id = 6;
SELECT item, status, detail FROM vend.purchase_many('{6,3}', '{1,1}', store => 'shop');
SELECT stock FROM vend.restock(6, 2, store => 'shop');
RESET vend.write_by_statements;
SELECT vend.detach_store('parts');
SELECT repair FROM vend.audit() WHERE repair IS NOT NULL \gexec
SELECT * FROM vend.audit();

-- An engine that takes too much is a finding, which no repair hides.
SET session_replication_role = replica;
UPDATE own.item SET stock = -1 WHERE id = 7;
UPDATE shop.ledger SET qty = -1, kind = 'purchase', unit_price = 0 WHERE item = 7 AND kind = 'restock';
RESET session_replication_role;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA own CASCADE;
DROP SCHEMA shop CASCADE;
DROP SCHEMA parts CASCADE;
