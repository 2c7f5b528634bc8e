-- Aim: a version guard on the tables of a store: fired after, so that a sale pays nothing; the version is counted up once, by the journal or by
-- the guard; sales, batches, settling and changes of mode meet no conflict and cause none; detached, it guards on.
-- Section "The version guard"; G3, G5 (no false conflict), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
ALTER TABLE shop.item ADD description text, ADD views int DEFAULT 0, ADD revision smallint NOT NULL DEFAULT 1;
ALTER TABLE shop.wallet ADD nickname text, ADD version bigint NOT NULL DEFAULT 1;
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 100, 10, NULL), ('hot', 100, 10, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 5000);

-- Columns that the engine counts in, and columns that only the engine writes, are not guarded.
CREATE FUNCTION pg_temp.hears(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    EXECUTE statement;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'allowed';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail := PG_EXCEPTION_DETAIL;
        RETURN concat_ws(' / ', SQLSTATE, coalesce(nullif(detail, ''), SQLERRM));
END
$$;
SELECT s AS call, pg_temp.hears('SELECT vend.guard_version(' || s || ')') FROM unnest(ARRAY[
    '''shop.item'', ''version'', ''{description,price}''', '''shop.item'', ''version'', ''{stock}''', '''shop.item'', ''version'', ''{lock_mode}''', '''shop.item'', ''version'', ''{stock_version}''', '''shop.item'', ''stock_version'', ''{description}''', '''shop.item'', ''stock'', ''{description}''',
    '''shop.wallet'', ''version'', ''{balance}''', '''shop.wallet'', ''balance'', ''{nickname}''', '''shop.ledger'', ''line'', ''{qty}''', '''shop.stock_delta'', ''qty'', ''{item}''']) WITH ORDINALITY u (s, n) ORDER BY n;

SELECT vend.guard_version('shop.item', 'version', '{description,price}'), vend.guard_version('shop.wallet', 'version', '{nickname}');
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'zz_vend_guard' ORDER BY tgrelid::regclass::text COLLATE "C";
-- The journal counts up once. RETURNING shows the row from before that.
UPDATE shop.item SET description = 'round', version = 1 WHERE id = 'lamp' RETURNING version;
UPDATE shop.item SET description = 'square', version = 1 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET description = 'square' WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET description = 'square', version = version + 1 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET price = 120, version = 2 WHERE id IN ('lamp');
SELECT id, description, price, version FROM shop.item ORDER BY id;
-- An item in escrow counts in the same way, and so do several rows at once.
UPDATE shop.item SET description = 'new', version = version;
SELECT id, description, stock, version FROM shop.item ORDER BY id;
-- The store's version counts each edit, guarded or not.
UPDATE shop.item SET views = views + 1 WHERE id = 'lamp';
SELECT id, views, version FROM shop.item WHERE id = 'lamp';
-- Only the guard counts versions of wallets.
UPDATE shop.wallet SET nickname = 'al', version = 1 WHERE id = 'alpha' RETURNING version;
UPDATE shop.wallet SET nickname = 'all', version = 1 WHERE id = 'alpha';
\echo :SQLSTATE
UPDATE shop.wallet SET nickname = 'all', version = 2 WHERE id = 'alpha';
TABLE shop.wallet ORDER BY id;
SELECT vend.update_if('shop.wallet', 'beta', 1, '{"nickname": "be"}'), vend.update_if('shop.item', 'lamp', 5, '{"description": "red", "views": 7}'), vend.update_if('shop.item', 'hot', 2, '{"description": "hotter"}');
SELECT vend.update_if('shop.item', 'lamp', 5, '{"description": "blue"}');
\echo :SQLSTATE
-- Sales, in each way, change no version and meet no guard.
SELECT status FROM vend.try_purchase('lamp', 'alpha'), set_config('vend.lock_mode', 'pessimistic', false);
SELECT status FROM vend.try_purchase('lamp', 'alpha');
RESET vend.lock_mode;
SELECT status FROM vend.try_purchase('hot', 'alpha', 2);
SELECT status FROM vend.purchase_many('{lamp,hot}', '{alpha,beta}');
SELECT r.kind, d.kind FROM vend.restock('lamp', 5) r, vend.deposit('beta', 5) d;
SELECT count(*) FROM vend.settle();
-- Sales do not even call the guard: the store is as plain as without it.
BEGIN;
SET LOCAL track_functions = 'all';
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT pg_stat_get_xact_function_calls('vend.guard'::regproc) AS calls;
UPDATE shop.item SET stock = stock WHERE id = 'lamp';
SELECT pg_stat_get_xact_function_calls('vend.guard'::regproc) AS calls;
ROLLBACK;
SELECT vend.set_lock_mode('hot', 'optimistic'), vend.set_lock_mode('lamp', 'escrow');
SELECT count(*) FROM vend.settle();
UPDATE shop.item SET stock = stock + 1 WHERE id = 'hot';
SELECT id, description, stock, version FROM shop.item ORDER BY id;
SELECT id, balance, nickname, version FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
-- A price that a customer was shown is still asked for by the version.
SELECT status FROM vend.try_purchase('hot', 'alpha', expected_version => 2);
SELECT status FROM vend.try_purchase('hot', 'alpha', expected_version => 3);
-- The same is true where the engine writes by statements, because the owner has triggers of his own.
CREATE FUNCTION shop.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noop AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.noop();
SELECT a.status, b.status FROM vend.try_purchase('hot', 'alpha') a, vend.try_purchase('lamp', 'alpha') b;
UPDATE shop.item SET description = 'cold', version = 3 WHERE id = 'hot';
UPDATE shop.item SET description = 'cool', version = 3 WHERE id = 'hot';
\echo :SQLSTATE
SELECT id, description, version FROM shop.item WHERE id = 'hot';
-- If a trigger before the guard updates the row again, the version still counts once. If it deletes the row, there is nothing to count.
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.nickname IS DISTINCT FROM NEW.nickname THEN UPDATE shop.wallet SET balance = balance + 1 WHERE id = NEW.id; END IF;
    IF NEW.nickname = 'gone' THEN DELETE FROM shop.wallet WHERE id = NEW.id; END IF;
    RETURN NULL; END $$;
CREATE TRIGGER touch AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.touch();
UPDATE shop.wallet SET nickname = 'touched', version = 3 WHERE id = 'alpha';
SELECT id, nickname, version FROM shop.wallet WHERE id = 'alpha';
UPDATE shop.wallet SET nickname = 'gone', version = 4 WHERE id = 'alpha';
SELECT count(*) FROM shop.wallet WHERE id = 'alpha';
SELECT * FROM vend.audit();
-- A trigger keeps the version as it was.
CREATE FUNCTION shop.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.version <> OLD.version THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.keep();
UPDATE shop.wallet SET nickname = 'kept', version = 2 WHERE id = 'beta';
\echo :SQLSTATE
DROP TRIGGER keep ON shop.wallet;
DROP TRIGGER touch ON shop.wallet;

-- A version of its own keeps other edits from conflicting; it counts as an edit itself.
SELECT vend.unguard_version('shop.item');
SELECT vend.guard_version('shop.item', 'revision', '{description}');
UPDATE shop.item SET views = views + 1 WHERE id = 'lamp';
UPDATE shop.item SET description = 'green', revision = 1 WHERE id = 'lamp';
SELECT id, description, views, version, revision FROM shop.item WHERE id = 'lamp';
SELECT vend.update_if('shop.item', 'lamp', 2, '{"description": "gold"}');
-- Under the convention "next" the statement counts the version up, and nobody else does.
SELECT vend.unguard_version('shop.item');
SELECT vend.guard_version('shop.item', 'version', '{description,price}', 'next');
SELECT version AS v FROM shop.item WHERE id = 'lamp' \gset
UPDATE shop.item SET description = 'next', version = :v + 1 WHERE id = 'lamp' AND version = :v;
SELECT version - :v AS counted FROM shop.item WHERE id = 'lamp';
UPDATE shop.item SET description = 'late', version = :v + 1 WHERE id = 'lamp';
\echo :SQLSTATE
UPDATE shop.item SET description = 'late' WHERE id = 'lamp';
\echo :SQLSTATE
SELECT vend.update_if('shop.item', 'lamp', :v + 1, '{"description": "then"}') - :v AS counted;

-- An editor needs the privileges of his columns, and finds nothing through his search_path.
CREATE ROLE regress_vend_editor;
GRANT USAGE ON SCHEMA shop TO regress_vend_editor;
GRANT SELECT, UPDATE (nickname, version) ON shop.wallet TO regress_vend_editor;
SET ROLE regress_vend_editor;
SET search_path = pg_catalog;
UPDATE shop.wallet SET nickname = 'edited', version = 2 WHERE id = 'beta';
SELECT id, nickname, version FROM shop.wallet WHERE id = 'beta';
RESET search_path;
-- The guard writes with the editor's rights: a trigger of the editor's does not run as the owner.
RESET ROLE;
GRANT TRIGGER ON shop.wallet TO regress_vend_editor;
CREATE FUNCTION shop.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'version % to %, by %', OLD.version, NEW.version, current_user; RETURN NULL; END $$;
SET ROLE regress_vend_editor;
CREATE TRIGGER who AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.who();
UPDATE shop.wallet SET nickname = 'mine', version = 3 WHERE id = 'beta';
RESET ROLE;
DROP TRIGGER who ON shop.wallet;
DROP OWNED BY regress_vend_editor;
DROP ROLE regress_vend_editor;

-- Detached, and with no store at all, it guards on and counts by itself.
SELECT vend.unguard_version('shop.item');
SELECT vend.guard_version('shop.item', 'version', '{description,price}');
SELECT vend.detach_store('shop');
SELECT version AS v FROM shop.item WHERE id = 'lamp' \gset
UPDATE shop.item SET description = 'alone', version = :v WHERE id = 'lamp';
SELECT version - :v AS counted FROM shop.item WHERE id = 'lamp';
UPDATE shop.item SET description = 'late', version = :v WHERE id = 'lamp';
\echo :SQLSTATE
-- Bound again, it is still there.
SELECT vend.create_store('shop');
UPDATE shop.item SET description = 'again', version = :v + 1 WHERE id = 'lamp';
SELECT version - :v AS counted FROM shop.item WHERE id = 'lamp';
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
