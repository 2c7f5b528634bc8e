-- Aim: what partitions do that one table does not: a row that moves to another partition takes neither its unsettled sales nor a
-- version guard with it, and whose item it is that is in escrow only for this transaction is found out.
-- A partition that a crash would empty neither sells nor pays.
-- Guarantees: G1, G3, G5, G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE TABLE goods (id int PRIMARY KEY, price int NOT NULL, units int NOT NULL, mode text, version int NOT NULL DEFAULT 1) PARTITION BY RANGE (id);
CREATE TABLE goods_1 PARTITION OF goods FOR VALUES FROM (1) TO (100);
CREATE TABLE goods_2 (mode text, gone int, units int NOT NULL, version int NOT NULL DEFAULT 1, id int NOT NULL, price int NOT NULL);
ALTER TABLE goods_2 DROP COLUMN gone;
ALTER TABLE goods ATTACH PARTITION goods_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE people (id int PRIMARY KEY, credits int NOT NULL);
INSERT INTO goods VALUES (1, 1, 10), (2, 1, 10), (3, 1, 10), (102, 1, 10);
INSERT INTO people VALUES (7, 1000);
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'credits');
-- An item in escrow that moves would leave what was sold of it and is not settled: 10 units again.
SELECT vend.set_lock_mode(1, 'escrow'), vend.set_lock_mode(102, 'escrow');
SELECT status FROM vend.try_purchase(1, 7, 5);
SELECT status FROM vend.try_purchase(102, 7, 5);
UPDATE goods SET id = 101 WHERE id = 1;
\echo :SQLSTATE
UPDATE goods SET id = 12 WHERE id = 102;
\echo :SQLSTATE
-- An item that moves within its partition, or is in a row mode, takes its sales along.
UPDATE goods SET id = 11 WHERE id = 1;
SELECT vend.available(11);
SELECT vend.set_lock_mode(102, NULL);
SELECT units FROM goods WHERE id = 102;
UPDATE goods SET id = 12, mode = 'escrow' WHERE id = 102;
SELECT vend.available(12);
SELECT vend.settle() >= 0 AS settled;
SELECT id, units FROM goods ORDER BY id;
SELECT * FROM vend.audit();
-- An item that is in escrow for this transaction only is sold in a row mode.
BEGIN;
SELECT vend.set_lock_mode(2, 'escrow');
SELECT status FROM vend.try_purchase(2, 7);
SELECT status FROM vend.purchase_many('{2,2}'::int[], '{7,7}'::int[]);
SELECT stock FROM vend.restock(2, 1);
COMMIT;
SELECT units, vend.available(2) FROM goods WHERE id = 2;
SELECT status FROM vend.try_purchase(2, 7);
SELECT * FROM vend.audit();
BEGIN;
CREATE TABLE fresh (id int PRIMARY KEY, units int NOT NULL, mode text) PARTITION BY RANGE (id);
CREATE TABLE fresh_1 PARTITION OF fresh DEFAULT;
INSERT INTO fresh VALUES (1, 10, 'escrow');
SELECT vend.attach_store('fresh', 'fresh', stock => 'units', lock_mode => 'mode');
SELECT status FROM vend.try_purchase(1, 'ann'::text, unit_price => 1, store => 'fresh');
ROLLBACK;
-- A guard sees a row that moves, and needs no right on the partition.
SELECT vend.guard_version('goods', 'version', '{price}');
UPDATE goods SET price = 0, id = 103 WHERE id = 3;
\echo :SQLSTATE
CREATE ROLE regress_vend_clerk;
GRANT SELECT, UPDATE ON goods TO regress_vend_clerk;
SET ROLE regress_vend_clerk;
UPDATE goods SET price = 3, version = 1 WHERE id = 3;
SELECT vend.update_if('goods', 3, 2, '{"price": 4}');
RESET ROLE;
UPDATE goods SET price = 5, version = 3, id = 103 WHERE id = 3;
SELECT id, price, units, version FROM goods WHERE id = 103;
DROP OWNED BY regress_vend_clerk;
DROP ROLE regress_vend_clerk;
-- A partition that a crash would empty is refused, when the store is attached and later.
\set VERBOSITY default
CREATE UNLOGGED TABLE goods_3 PARTITION OF goods FOR VALUES FROM (200) TO (300);
INSERT INTO goods VALUES (201, 1, 10);
INSERT INTO goods VALUES (202, 1, 0);
ALTER TABLE goods_3 SET LOGGED;
INSERT INTO goods VALUES (201, 1, 10), (202, 1, 10);
SELECT vend.set_lock_mode(202, 'escrow');
SELECT status FROM unnest(ARRAY[201, 202]) item, vend.try_purchase(item, 7);
ALTER TABLE goods_3 SET UNLOGGED;
SELECT status FROM vend.try_purchase(201, 7);
SELECT status FROM vend.try_purchase(202, 7);
SELECT status FROM vend.purchase_many('{1,201}'::int[], '{7,7}'::int[]);
SELECT status FROM vend.try_purchase(2, 7);
ALTER TABLE goods_3 SET LOGGED;
SELECT status FROM unnest(ARRAY[201, 202]) item, vend.try_purchase(item, 7);
SELECT vend.settle() >= 0 AS settled;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
ALTER TABLE goods_3 SET UNLOGGED;
DROP SCHEMA shop CASCADE;
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', lock_mode => 'mode', wallets => 'people', balance => 'credits');
CREATE TABLE purses (id int PRIMARY KEY, credits int NOT NULL) PARTITION BY LIST (id);
-- A partitioned table, which has no rows itself, may be called unlogged before PostgreSQL 18.
SELECT format('CREATE %s TABLE purses_1 PARTITION OF purses FOR VALUES IN (7) PARTITION BY LIST (id)',
    CASE WHEN current_setting('server_version_num')::int < 180000 THEN 'UNLOGGED' END) AS create_purses_1 \gset
:create_purses_1;
CREATE UNLOGGED TABLE purses_7 PARTITION OF purses_1 DEFAULT;
ALTER TABLE goods_3 SET LOGGED;
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', lock_mode => 'mode', wallets => 'purses', balance => 'credits');
ALTER TABLE purses_7 SET LOGGED;
INSERT INTO purses VALUES (7, 100);
SELECT vend.attach_store('shop', 'goods', stock => 'units', price => 'price', lock_mode => 'mode', wallets => 'purses', balance => 'credits');
ALTER TABLE purses_7 SET UNLOGGED;
SELECT status FROM vend.try_purchase(2, 7);
SELECT balance FROM vend.deposit(7, 100);
SELECT vend.reattach_store('shop');
SELECT vend.detach_store('shop');
DROP TABLE goods, people, purses;
DROP SCHEMA shop CASCADE;
