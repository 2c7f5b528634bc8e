-- Aim: audit() is empty for what is sound and has one row for each thing that was doctored behind the triggers' back.
-- Guarantee: G6 (conservation).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
SELECT * FROM vend.audit();
INSERT INTO shop.item (id, price, stock) VALUES ('bowl', 30, 7), ('cup', 1, 0), ('lamp', 100, 5), ('vase', 30, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 500), ('gamma', 0);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('one'));
SELECT status FROM vend.try_purchase('vase', 'beta', 1, vend.id_from('two'));
SELECT balance FROM vend.deposit('alpha', 5, vend.id_from('three'));
SELECT status FROM vend.try_purchase('lamp', 'beta', 50, vend.id_from('four'), remember => true);
SELECT * FROM vend.audit();

-- The audit finds each fault alone; the rollback undoes it.
SET session_replication_role = replica;
BEGIN; UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; UPDATE shop.item SET stock = 0 WHERE id = 'bowl'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; UPDATE shop.wallet SET balance = balance - 1 WHERE id = 'alpha'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; UPDATE shop.wallet SET balance = 7 WHERE id = 'gamma'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; DELETE FROM shop.item WHERE id = 'bowl'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; DELETE FROM shop.wallet WHERE id = 'beta'; SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; INSERT INTO shop.item (id, price, stock) VALUES ('new', 1, 4); SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; INSERT INTO shop.wallet (id, balance) VALUES ('new', 4); SELECT * FROM vend.audit(); ROLLBACK;
BEGIN; UPDATE shop.item SET id = 'pot' WHERE id = 'bowl'; SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; DELETE FROM shop.ledger WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; UPDATE shop.ledger SET qty = -1 WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; UPDATE shop.ledger SET amount = -1 WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; UPDATE shop.ledger SET item = 'vase' WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; UPDATE shop.ledger SET wallet = 'gamma' WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; UPDATE shop.ledger SET qty = -3, amount = -90 WHERE id = vend.id_from('two'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; DELETE FROM shop.ledger WHERE id = vend.id_from('three'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
BEGIN; INSERT INTO shop.ledger (id, line, kind, item, qty, wallet, amount, unit_price, at) SELECT vend.id_from('five'), line, kind, item, qty, wallet, amount, unit_price, at FROM shop.ledger WHERE id = vend.id_from('one'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
-- A purchase of one unit doctored together with stock and balance still adds up in sums; not so its unit price.
BEGIN; UPDATE shop.ledger SET unit_price = 1 WHERE id = vend.id_from('two'); SELECT * FROM vend.audit() ORDER BY key; ROLLBACK;
RESET session_replication_role;
SELECT * FROM vend.audit();

-- The audit has a row for each fault when all come at once.
SET session_replication_role = replica;
UPDATE shop.item SET stock = stock + 1;
UPDATE shop.wallet SET balance = balance + 1;
RESET session_replication_role;
SELECT * FROM vend.audit() ORDER BY finding, key;
SELECT count(*) FROM vend.audit(store => 'shop');
-- The audit changes nothing: sales go on, and the finding stays as it is.
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit() ORDER BY finding, key;
SET session_replication_role = replica;
UPDATE shop.item SET stock = stock - 1;
UPDATE shop.wallet SET balance = balance - 1;
RESET session_replication_role;
SELECT * FROM vend.audit();

-- A trigger that guards the books is switched off or gone.
ALTER TABLE shop.item DISABLE TRIGGER USER;
SELECT * FROM vend.audit();
\echo :SQLSTATE
UPDATE shop.item SET stock = stock + 2 WHERE id = 'cup';
ALTER TABLE shop.item ENABLE TRIGGER USER;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Keys may have other types, money a scale, and a store no wallets.
SELECT vend.create_store('shop', 'bigint', 'uuid', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES (1, 1.50, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000007', 10.25);
SELECT status, balance FROM vend.try_purchase(1, '00000000-0000-0000-0000-000000000007');
SET session_replication_role = replica;
UPDATE shop.item SET stock = 9;
UPDATE shop.wallet SET balance = 8.76;
RESET session_replication_role;
SELECT * FROM vend.audit() ORDER BY finding;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 5);
SELECT status FROM vend.try_purchase('lamp', 'anybody');
SELECT * FROM vend.audit();
SET session_replication_role = replica;
UPDATE shop.item SET stock = 9;
RESET session_replication_role;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
