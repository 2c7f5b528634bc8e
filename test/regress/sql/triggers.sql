-- Aim: triggers and rules of the owner. Whatever one does to an engine write, suppress it or alter it, is a fault and
-- nothing has changed; calling vend from one works, and a plain write from one is journalled.
-- Guarantees: G3 (row count and returned values equal the decision, else a fault), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 200), ('vase', 30, 50), ('gift', 5, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 20000), ('beta', 10000);

CREATE FUNCTION shop.suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION shop.alter_item() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stock := NEW.stock + TG_ARGV[0]::int; RETURN NEW; END $$;
CREATE FUNCTION shop.alter_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id || '!'; RETURN NEW; END $$;
CREATE FUNCTION shop.alter_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stock_version := OLD.stock_version; RETURN NEW; END $$;
CREATE FUNCTION shop.alter_wallet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.balance := OLD.balance; RETURN NEW; END $$;
CREATE FUNCTION shop.alter_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_ARGV[0]
        WHEN 'qty' THEN NEW.qty := NEW.qty + 1;
        WHEN 'amount' THEN NEW.amount := 0;
        WHEN 'item' THEN NEW.item := 'vase';
        WHEN 'wallet' THEN NEW.wallet := 'beta';
        WHEN 'id' THEN NEW.id := '00000000-0000-4000-8000-0000000000ff';
        WHEN 'kind' THEN NEW.kind := 'adjustment';
        WHEN 'unit_price' THEN NEW.unit_price := 1;
        WHEN 'line' THEN NEW.line := NEW.line + 1;
    END CASE;
    RETURN NEW;
END
$$;
CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(id || ' ' || stock, ', ' ORDER BY id) FROM shop.item), (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id) FROM shop.wallet),
                     (SELECT count(*) || ' rows' FROM shop.ledger), (SELECT count(*) || ' findings' FROM vend.audit()))
$$;
-- The function shows one line for each mode: the code and what the store looks like afterwards.
CREATE FUNCTION shop.try_all(OUT lock_mode text, OUT answer text, OUT state text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    m text;
BEGIN
    FOREACH m IN ARRAY ARRAY['atomic', 'pessimistic', 'optimistic'] LOOP
        lock_mode := m;
        BEGIN
            SELECT p.status INTO answer FROM vend.try_purchase('lamp', 'alpha', 2, lock_mode => m) p;
        EXCEPTION WHEN OTHERS THEN
            answer := SQLSTATE || ' ' || SQLERRM;
        END;
        state := shop.state();
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT shop.state();

-- Triggers suppress the item's write, alter it, send it to another key, or strip it of its version.
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.suppress();
SELECT * FROM shop.try_all();
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_item('1');
SELECT * FROM shop.try_all();
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_item('-1');
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_key();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
BEGIN;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.alter_version();
SELECT * FROM shop.try_all();
ROLLBACK;

-- Triggers suppress and alter the wallet's write.
CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.suppress();
SELECT * FROM shop.try_all();
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
DROP TRIGGER t ON shop.wallet;
CREATE TRIGGER t BEFORE UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.alter_wallet();
SELECT * FROM shop.try_all();
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
DROP TRIGGER t ON shop.wallet;

-- Triggers suppress the ledger's write, and alter each column of it.
CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.suppress();
SELECT * FROM shop.try_all();
SELECT stock FROM vend.restock('lamp', 1);
\echo :SQLSTATE
SELECT balance FROM vend.deposit('alpha', 1);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 500, vend.id_from('r'), remember => true);
\echo :SQLSTATE
UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp';
\echo :SQLSTATE
SELECT shop.state();
DROP TRIGGER t ON shop.ledger;
DO $$
DECLARE
    c text;
    r record;
BEGIN
    FOREACH c IN ARRAY ARRAY['qty', 'amount', 'item', 'wallet', 'id', 'kind', 'unit_price', 'line'] LOOP
        EXECUTE format('CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = ''purchase'') EXECUTE FUNCTION shop.alter_ledger(%L)', c);
        FOR r IN SELECT * FROM shop.try_all() LOOP
            RAISE WARNING '% altered, %: % / %', c, r.lock_mode, r.answer, r.state;
        END LOOP;
        DROP TRIGGER t ON shop.ledger;
    END LOOP;
END
$$;

-- Rules send the write nowhere, elsewhere, or there as well.
CREATE RULE r AS ON UPDATE TO shop.item DO INSTEAD NOTHING;
SELECT * FROM shop.try_all();
DROP RULE r ON shop.item;
CREATE RULE r AS ON UPDATE TO shop.wallet DO INSTEAD NOTHING;
SELECT * FROM shop.try_all();
DROP RULE r ON shop.wallet;
CREATE RULE r AS ON INSERT TO shop.ledger DO INSTEAD NOTHING;
SELECT * FROM shop.try_all();
DROP RULE r ON shop.ledger;
CREATE TABLE shop.elsewhere (stock bigint);
CREATE RULE r AS ON UPDATE TO shop.item DO INSTEAD INSERT INTO shop.elsewhere VALUES (NEW.stock);
SELECT * FROM shop.try_all();
DROP RULE r ON shop.item;
CREATE RULE r AS ON UPDATE TO shop.item DO ALSO INSERT INTO shop.elsewhere VALUES (NEW.stock);
SELECT * FROM shop.try_all();
DROP RULE r ON shop.item;
SELECT shop.state();

-- A trigger that raises is heard as it is.
CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed on mondays' USING ERRCODE = 'P0042'; END $$;
CREATE TRIGGER t BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.refuse();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER t ON shop.ledger;
-- A plain write after such an error is a person's write again.
UPDATE shop.item SET stock = stock + 1 WHERE id = 'vase';
SELECT shop.state();

-- The owner's triggers may write the owner's own columns and tables.
ALTER TABLE shop.item ADD COLUMN touched int DEFAULT 0;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE TRIGGER t BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.touch();
SELECT * FROM shop.try_all();
SELECT touched > 0 AS touched, version FROM shop.item WHERE id = 'lamp';
DROP TRIGGER t ON shop.item;

-- Each lamp comes with a gift: a trigger of the owner calls vend inside the sale.
CREATE FUNCTION shop.add_gift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vend.purchase('gift', NEW.wallet);
    RETURN NULL;
END
$$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = 'purchase' AND NEW.item = 'lamp') EXECUTE FUNCTION shop.add_gift();
SELECT * FROM shop.try_all();
-- If no gift is left, no lamp is sold either, and nothing is recorded.
UPDATE shop.item SET stock = 0 WHERE id = 'gift';
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.ledger;

-- A trigger of the item sells before the wallet is written, from another wallet and from the sale's own; a trigger of the
-- wallet sells after that.
UPDATE shop.item SET stock = 50 WHERE id = 'gift';
CREATE FUNCTION shop.gift_to() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.purchase('gift', TG_ARGV[0]); RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW WHEN (NEW.id = 'lamp' AND NEW.stock < OLD.stock) EXECUTE FUNCTION shop.gift_to('beta');
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW WHEN (NEW.id = 'lamp' AND NEW.stock < OLD.stock) EXECUTE FUNCTION shop.gift_to('alpha');
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t AFTER UPDATE OF balance ON shop.wallet FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shop.gift_to('alpha');
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.wallet;
-- A trigger sells the same item again, from within its own sale.
CREATE FUNCTION shop.one_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.purchase('lamp', 'beta'); RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shop.one_more();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;

-- A refusal that a trigger swallows is undone alone; what the trigger writes instead is journalled.
CREATE FUNCTION shop.gift_or_else() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM vend.purchase('gift', NEW.wallet, 500);
    EXCEPTION WHEN SQLSTATE 'VN001' THEN
        UPDATE shop.item SET stock = stock - 1 WHERE id = 'vase';
    END;
    RETURN NULL;
END
$$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = 'purchase') EXECUTE FUNCTION shop.gift_or_else();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.ledger;
-- A trigger of a person's write sells the very row that he wrote: each is accounted for, the edit is counted.
SELECT version AS version_before FROM shop.item WHERE id = 'lamp' \gset
CREATE TRIGGER a_first AFTER UPDATE OF price ON shop.item FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shop.one_more();
UPDATE shop.item SET price = 101, stock = stock + 10 WHERE id = 'lamp';
SELECT version - :version_before AS edits, shop.state() FROM shop.item WHERE id = 'lamp';
DROP TRIGGER a_first ON shop.item;
CREATE TRIGGER z_last AFTER UPDATE OF price ON shop.item FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shop.one_more();
UPDATE shop.item SET price = 100, stock = stock - 10 WHERE id = 'lamp';
SELECT version - :version_before AS edits, shop.state() FROM shop.item WHERE id = 'lamp';
DROP TRIGGER z_last ON shop.item;

-- A plain write by a trigger of an engine write is a person's write: journalled, once.
CREATE FUNCTION shop.breakage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop.item SET stock = stock - 1 WHERE id = 'vase'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.kind = 'purchase') EXECUTE FUNCTION shop.breakage();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.ledger;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW WHEN (NEW.id = 'lamp') EXECUTE FUNCTION shop.breakage();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
CREATE TRIGGER t BEFORE UPDATE OF stock ON shop.item FOR EACH ROW WHEN (NEW.id = 'lamp') EXECUTE FUNCTION shop.breakage();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP TRIGGER t ON shop.item;
SELECT kind, item, qty, count(*) FROM shop.ledger WHERE kind = 'adjustment' AND qty < 0 GROUP BY kind, item, qty ORDER BY item, qty;

-- A trigger takes away what the sale in progress counts on.
CREATE FUNCTION shop.drain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop.wallet SET balance = balance - 1 WHERE id = 'alpha'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.drain();
SELECT answer, split_part(state, ' | ', 4) AS findings FROM shop.try_all();
DROP TRIGGER t ON shop.item;
-- The trigger takes the whole balance: money that is gone is not spent, with the table's own check and without.
CREATE FUNCTION shop.drain_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop.wallet SET balance = 1 WHERE id = 'alpha'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.drain_all();
SELECT * FROM shop.try_all();
BEGIN;
ALTER TABLE shop.wallet DROP CONSTRAINT wallet_balance_check;
SELECT * FROM shop.try_all();
ROLLBACK;
DROP TRIGGER t ON shop.item;
CREATE FUNCTION shop.rename() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop.wallet SET id = 'omega' WHERE id = 'alpha'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.rename();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
CREATE FUNCTION shop.close() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.wallet WHERE id = 'alpha'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.close();
SELECT * FROM shop.try_all();
DROP TRIGGER t ON shop.item;
-- The item's row goes while its sale is recorded: it was sold before it went.
CREATE FUNCTION shop.clear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.item WHERE id = 'gift'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF balance ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.clear();
BEGIN;
SELECT status, item, balance FROM vend.try_purchase('gift', 'alpha');
SELECT * FROM vend.audit();
ROLLBACK;
DROP TRIGGER t ON shop.wallet;
-- The id is recorded by a trigger of the sale that it belongs to.
CREATE FUNCTION shop.same_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM vend.purchase('lamp', 'alpha', 2, vend.id_from('nested')); RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF stock ON shop.item FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shop.same_id();
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('nested'));
\echo :SQLSTATE
SELECT shop.state();
DROP TRIGGER t ON shop.item;
CREATE FUNCTION shop.steal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop.item SET stock = 0 WHERE id = 'lamp'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE OF balance ON shop.wallet FOR EACH ROW EXECUTE FUNCTION shop.steal();
SELECT status FROM vend.try_purchase('lamp', 'alpha');
SELECT * FROM vend.audit();
DROP TRIGGER t ON shop.wallet;

SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
