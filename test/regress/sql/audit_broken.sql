-- Aim: vend.audit() reports, whatever the state of the store. What cannot be looked at is a row of its own, with a warning that says
-- why; what else there is to find is found.
-- Guarantees: G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
-- vend_migration would refuse the changes; here they are made, as in a session of the replica role.
ALTER EVENT TRIGGER vend_migration DISABLE;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 10), ('vase', 1, 10);
INSERT INTO shop.wallet VALUES ('a', 1000), ('b', 5);
SELECT vend.set_lock_mode('lamp', 'escrow');
BEGIN;
ALTER TABLE shop.wallet DISABLE TRIGGER vend_journal;
UPDATE shop.wallet SET balance = 6 WHERE id = 'b';
ALTER TABLE shop.wallet ENABLE TRIGGER vend_journal;
COMMIT;
SELECT finding, key, expected, found FROM vend.audit();

-- A counter in memory belongs to an item whose row and deltas sum up to less than 0. Nothing but a superuser who replaces our trigger functions
-- gets that far.
SELECT status FROM vend.try_purchase('lamp', 'a', 1000);
CREATE OR REPLACE FUNCTION vend.invalidate_counters() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE OR REPLACE FUNCTION vend.delta() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'a', 9);
SET LOCAL session_replication_role = replica;
UPDATE shop.item SET stock = 3 WHERE id = 'lamp';
COMMIT;
SELECT status FROM vend.try_purchase('lamp', 'a', 2);
SELECT finding, key, expected, found FROM vend.audit();
-- The sum of the deltas is out of range.
SET session_replication_role = replica;
INSERT INTO shop.stock_delta VALUES ('lamp', 9223372036854775807), ('lamp', 9223372036854775807);
RESET session_replication_role;
SELECT finding, key, expected, found FROM vend.audit();
SET session_replication_role = replica;
DELETE FROM shop.stock_delta WHERE qty > 1000;
RESET session_replication_role;
-- Each finding has its repair in its turn.
SELECT finding, key, repair IS NOT NULL AS repairable FROM vend.audit();
SELECT repair FROM vend.audit() WHERE repair LIKE '%stock_delta%' \gexec
SELECT repair FROM vend.audit() \gexec
SELECT repair FROM vend.audit() \gexec
SELECT * FROM vend.audit();
CREATE OR REPLACE FUNCTION vend.invalidate_counters() RETURNS trigger LANGUAGE c AS '$libdir/pg_vend', 'vend_invalidate_counters';
CREATE OR REPLACE FUNCTION vend.delta() RETURNS trigger LANGUAGE c AS '$libdir/pg_vend', 'vend_delta';

-- An owner may lack rights on his own tables: each look that needs one says so, and the others find what there is.
CREATE ROLE regress_broken_owner;
CREATE ROLE regress_broken_auditor;
CREATE ROLE regress_broken_nobody;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_broken_owner', current_database()) \gexec
SET ROLE regress_broken_owner;
SELECT vend.create_store('poor');
INSERT INTO poor.item (id, price, stock) VALUES ('lamp', 1, 10);
INSERT INTO poor.wallet VALUES ('a', 1000);
SELECT vend.grant_role('auditor', 'regress_broken_auditor', 'poor');
SELECT status FROM vend.try_purchase('lamp', 'a', store => 'poor');
RESET ROLE;
SET session_replication_role = replica;
UPDATE poor.ledger SET unit_price = 2 WHERE kind = 'purchase';
RESET session_replication_role;
SET ROLE regress_broken_owner;
REVOKE SELECT ON poor.wallet FROM regress_broken_owner;
SET ROLE regress_broken_auditor;
SELECT finding, CASE WHEN finding <> 'purchase' THEN key END AS key, expected, found, repair FROM vend.audit('poor');
SET ROLE regress_broken_owner;
REVOKE ALL ON poor.item, poor.ledger, poor.stock_delta FROM regress_broken_owner;
SELECT finding, key, expected, found FROM vend.audit('poor');
GRANT ALL ON poor.item, poor.wallet, poor.ledger, poor.stock_delta TO regress_broken_owner;

-- A role that may audit is told of a broken binding, and nobody else is.
ALTER TABLE poor.item RENAME stock TO units;
SELECT * FROM vend.audit('poor');
SET ROLE regress_broken_auditor;
SELECT * FROM vend.audit('poor');
SET ROLE regress_broken_nobody;
SELECT * FROM vend.audit('poor');
RESET ROLE;
ALTER TABLE poor.item RENAME units TO stock;
DROP TABLE poor.stock_delta;
SELECT * FROM vend.audit('poor');
DROP VIEW poor.role;
SELECT * FROM vend.audit('poor');
SET ROLE regress_broken_auditor;
SELECT * FROM vend.audit('poor');
RESET ROLE;
DROP SCHEMA poor CASCADE;
SELECT * FROM vend.audit('poor');
SET ROLE regress_broken_nobody;
SELECT * FROM vend.audit('poor');
RESET ROLE;
SELECT * FROM vend.audit('no such store');
SELECT vend.detach_store('poor');
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- A figure is not a number.
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 10);
INSERT INTO shop.wallet VALUES ('a', 1000);
ALTER TABLE shop.wallet DROP CONSTRAINT wallet_balance_check;
SET session_replication_role = replica;
UPDATE shop.wallet SET balance = 'NaN';
RESET session_replication_role;
SELECT finding, key, expected, found FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- The triggers of a partition are off, or fire at another time.
CREATE TABLE public.goods (id text PRIMARY KEY, stock bigint NOT NULL, lock_mode text) PARTITION BY LIST (id);
CREATE TABLE public.goods_1 PARTITION OF public.goods FOR VALUES IN ('lamp');
CREATE TABLE public.goods_2 PARTITION OF public.goods DEFAULT;
INSERT INTO public.goods VALUES ('lamp', 10, 'escrow'), ('vase', 10, 'escrow');
SELECT vend.attach_store('goods', 'public.goods') IS NOT NULL AS attached;
SELECT * FROM vend.audit();
ALTER TABLE public.goods_1 DISABLE TRIGGER vend_journal;
UPDATE public.goods SET stock = 7 WHERE id = 'lamp';
SELECT finding, key, expected, found FROM vend.audit();
ALTER TABLE public.goods_1 ENABLE TRIGGER vend_journal;
ALTER TABLE public.goods_2 ENABLE TRIGGER vend_unjournalled;
SELECT finding, key, expected, found FROM vend.audit();
ALTER TABLE public.goods_2 ENABLE ALWAYS TRIGGER vend_unjournalled;
SELECT repair FROM vend.audit() \gexec
SELECT * FROM vend.audit();
SELECT vend.detach_store('goods');
DROP SCHEMA goods CASCADE;
DROP TABLE public.goods;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_broken_owner', current_database()) \gexec
DROP ROLE regress_broken_owner, regress_broken_auditor, regress_broken_nobody;
ALTER EVENT TRIGGER vend_migration ENABLE;
