-- Aim: escrow items under DDL: rewrites of the tables, dropped and made again under the same name, the extension dropped with sales
-- that are not settled, tables that are not fit for escrow, an item that cannot be settled, a store with triggers of the owner's.
-- Guarantees: G1 (no counter of tables that are gone), G3, G6 (no delta is lost), G8 (the tables outlive the extension).
-- (A transaction keeps its own deltas from the settler. All else that is shown does not depend on the settler.)
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 20, 'escrow'), ('vase', 1, 20, NULL);
CREATE VIEW public.book AS
    SELECT id, lock_mode, vend.available(id, 'shop') AS available, stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = i.id), 0) AS stock FROM shop.item i ORDER BY id;

-- The table is rewritten: no sale is made from the counter of the old files, and a sale finds the current stock.
SELECT status FROM vend.try_purchase('lamp', 'alpha');
VACUUM FULL shop.item;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
VACUUM FULL shop.stock_delta;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
CLUSTER shop.item USING item_pkey;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
REINDEX TABLE shop.item;
REINDEX TABLE shop.stock_delta;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item SET (fillfactor = 60);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item ADD COLUMN colour text DEFAULT random()::text;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item DROP COLUMN colour;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
TABLE public.book;
SELECT vend.settle() >= 0 AS settled;
SELECT stock, (SELECT count(*) FROM shop.stock_delta) AS deltas FROM shop.item WHERE id = 'lamp';
-- A transaction with pending sales rewrites the table, and may undo that.
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SAVEPOINT a;
CLUSTER shop.item USING item_pkey;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
ROLLBACK TO a;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 11);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
ROLLBACK;
TABLE public.book;
SELECT * FROM vend.audit();

-- The extension is dropped while a delta is not settled. The delta stays in its table and counts once the store is bound again.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
BEGIN;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT stock - vend.available('lamp') AS added FROM vend.restock('lamp', 4);
DROP VIEW public.book;
DROP EXTENSION pg_vend;
SELECT count(*) >= 2 AS unsettled FROM shop.stock_delta;
SELECT stock + (SELECT sum(qty) FROM shop.stock_delta) AS stock FROM shop.item WHERE id = 'lamp';
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('shop.item'::regclass, 'shop.stock_delta'::regclass) AND NOT tgisinternal;
COMMIT;
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', wallets => false);
CREATE VIEW public.book AS
    SELECT id, lock_mode, vend.available(id, 'shop') AS available, stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = i.id), 0) AS stock FROM shop.item i ORDER BY id;
TABLE public.book;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 12);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 11);
SELECT * FROM vend.audit();

-- detach_store folds the deltas: the row then has the whole stock, and plain SQL may count on it.
SELECT stock FROM vend.restock('lamp', 9);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT vend.detach_store('shop');
SELECT id, stock, lock_mode, (SELECT count(*) FROM shop.stock_delta) AS deltas FROM shop.item ORDER BY id;
UPDATE shop.item SET stock = 3 WHERE id = 'lamp';
SELECT vend.create_store('shop', wallets => false);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT kind, qty FROM shop.ledger WHERE item = 'lamp' ORDER BY at DESC, id DESC LIMIT 2;
SELECT * FROM vend.audit();

-- The store is dropped and made again: no sale is made from the old counter. (It is settled first, as DROP SCHEMA locks the tables in its own order.)
SELECT stock FROM vend.restock('lamp', 50);
SELECT vend.settle() >= 0 AS settled;
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 2, 'escrow');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1);
SELECT vend.settle() >= 0 AS settled;
BEGIN;
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 7, 'escrow');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 7);
ROLLBACK;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1);
SELECT vend.settle() >= 0 AS settled;
BEGIN;
DROP SCHEMA shop CASCADE;
SELECT vend.create_store('shop', wallets => false);
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 7, 'escrow');
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3);
COMMIT;
SELECT status FROM vend.try_purchase('lamp', 'alpha', 5);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4);
SELECT * FROM vend.audit();
-- Only the table of the deltas is dropped: no sale is made until there is one again.
SELECT vend.settle() >= 0 AS settled;
ALTER EVENT TRIGGER vend_migration DISABLE; -- it would refuse the next statement
DROP TABLE shop.stock_delta;
ALTER EVENT TRIGGER vend_migration ENABLE;
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
SELECT vend.detach_store('shop');
SELECT vend.create_store('shop', wallets => false);
SELECT stock FROM vend.restock('lamp', 5);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 5);
SELECT * FROM vend.audit();

-- A store that is not fit for escrow says so, and the row modes go on. Once it is fit again, it sells.
INSERT INTO shop.item (id, price, stock) VALUES ('sofa', 1, 10);
SELECT stock FROM vend.restock('lamp', 5);
CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION shop.hears(preparation text, statement text, OUT code text, OUT message text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE preparation;
    EXECUTE statement;
    code := '00000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code := RETURNED_SQLSTATE, message := MESSAGE_TEXT, detail := PG_EXCEPTION_DETAIL;
END
$$;
CREATE TABLE shop.unfit (n serial, preparation text);
INSERT INTO shop.unfit (preparation) VALUES
    ('ALTER TABLE shop.stock_delta ADD COLUMN colour text'),
    ('ALTER TABLE shop.stock_delta ADD COLUMN colour text; ALTER TABLE shop.stock_delta DROP COLUMN colour'),
    ('CREATE TRIGGER own AFTER INSERT ON shop.stock_delta FOR EACH ROW EXECUTE FUNCTION shop.nothing()'),
    ('CREATE RULE own AS ON INSERT TO shop.stock_delta DO ALSO SELECT 1'),
    ('ALTER TABLE shop.item DISABLE TRIGGER vend_unjournalled; ALTER TABLE shop.item ENABLE TRIGGER vend_unjournalled'),
    ('ALTER TABLE shop.stock_delta ENABLE TRIGGER vend_delta'),
    ('ALTER TABLE shop.stock_delta DISABLE TRIGGER vend_delta'),
    ('ALTER TABLE shop.item DISABLE TRIGGER vend_unjournalled'),
    ('DROP TRIGGER vend_delta ON shop.stock_delta'),
    ('DROP INDEX shop.stock_delta_item'),
    ('ALTER TABLE shop.stock_delta RENAME qty TO quantity'),
    ('ALTER TABLE shop.stock_delta ALTER qty TYPE numeric'),
    ('ALTER TABLE shop.stock_delta SET UNLOGGED');
\x on
SELECT n, preparation, escrow.code, escrow.message, escrow.detail, row_mode.code AS row_mode
FROM shop.unfit, shop.hears(preparation, $$ SELECT vend.purchase('lamp', 'alpha'); SELECT 1 / 0 $$) escrow,
     shop.hears(preparation, $$ SELECT vend.purchase('sofa', 'alpha'); SELECT 1 / 0 $$) row_mode ORDER BY n;
\x off
SELECT status FROM vend.try_purchase('lamp', 'alpha', 6);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 5);
SELECT * FROM vend.audit();

-- An item that cannot be settled stops no other; it is sold all the same, and settled when it can be.
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('bad', 1, 10, 'escrow'), ('good', 1, 10, 'escrow');
ALTER TABLE shop.item ADD CONSTRAINT all_or_nothing CHECK (id <> 'bad' OR stock IN (0, 10));
BEGIN;
SELECT status FROM vend.try_purchase('bad', 'alpha', 4);
SELECT status FROM vend.try_purchase('good', 'alpha', 4);
SELECT vend.settle() >= 1 AS settled;
SELECT id, stock FROM shop.item WHERE id IN ('bad', 'good') ORDER BY id;
SELECT item, qty FROM shop.stock_delta WHERE item = 'bad';
COMMIT;
SELECT vend.settle();
SELECT status FROM vend.try_purchase('bad', 'alpha', 7);
SELECT vend.available('bad'), stock FROM shop.item WHERE id = 'bad';
SELECT * FROM vend.audit();
SELECT vend.set_lock_mode('bad', NULL);
\echo :SQLSTATE
DELETE FROM shop.item WHERE id = 'good';
SELECT status FROM vend.try_purchase('bad', 'alpha', 6);
SELECT vend.settle() >= 0 AS settled;
SELECT stock FROM shop.item WHERE id = 'bad';
SELECT count(*) FROM shop.stock_delta WHERE item = 'bad';
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- The owner has triggers on the items, which see the settling and may refuse it.
SELECT vend.create_store('fair');
INSERT INTO fair.item (id, price, stock, lock_mode) VALUES ('lamp', 10, 20, 'escrow'), ('vase', 10, 20, 'escrow');
INSERT INTO fair.wallet (id, balance) VALUES ('alpha', 1000);
CREATE TABLE fair.seen (id text, was bigint, is_now bigint, who text);
CREATE FUNCTION fair.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fair.seen VALUES (NEW.id, OLD.stock, NEW.stock, current_user);
    RETURN NULL;
END
$$;
CREATE TRIGGER see AFTER UPDATE ON fair.item FOR EACH ROW WHEN (OLD.stock <> NEW.stock) EXECUTE FUNCTION fair.see();
BEGIN;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 2);
SELECT stock FROM vend.restock('lamp', 5);
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 1);
SELECT count(*) FROM fair.seen;
SELECT vend.settle();
COMMIT;
SELECT id, was, is_now, who = current_user AS is_owner FROM fair.seen;
SELECT vend.set_lock_mode('lamp', 'optimistic');
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 1);
UPDATE fair.item SET lock_mode = 'escrow' WHERE id = 'lamp';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', 1);
UPDATE fair.item SET lock_mode = NULL WHERE id = 'lamp';
SELECT id, stock, lock_mode, version FROM fair.item ORDER BY id;
-- A trigger that keeps the row as it is causes an error, and nothing is lost.
CREATE FUNCTION fair.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id = 'vase' THEN NULL ELSE NEW END; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON fair.item FOR EACH ROW EXECUTE FUNCTION fair.keep();
BEGIN;
SELECT status FROM vend.try_purchase('vase', 'alpha', 3);
SELECT vend.settle();
COMMIT;
SELECT vend.set_lock_mode('vase', NULL);
\echo :SQLSTATE
SELECT vend.available('vase'), stock FROM fair.item WHERE id = 'vase';
DROP TRIGGER keep ON fair.item;
SELECT vend.set_lock_mode('vase', NULL);
SELECT id, stock, lock_mode, (SELECT count(*) FROM fair.stock_delta) AS deltas FROM fair.item ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('fair');
DROP SCHEMA fair CASCADE;
