-- Aim: rules of the owner on the tables of a store. A rule that sends an engine write elsewhere, or lets nothing of it
-- through, is a fault; one that does something as well is no hindrance, and what it writes is journalled.
-- Guarantees: G3 (whatever a rule does to an engine write, it has the effect that was decided, or is a fault), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('gift', 5, 50), ('lamp', 100, 50), ('vase', 30, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000), ('bank', 0), ('beta', 10000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', 4, id => vend.id_from('sale'));
CREATE TABLE shop.other_item (LIKE shop.item INCLUDING ALL);
INSERT INTO shop.other_item TABLE shop.item;
CREATE TABLE shop.other_wallet (LIKE shop.wallet INCLUDING ALL);
INSERT INTO shop.other_wallet TABLE shop.wallet;
CREATE TABLE shop.other_ledger (LIKE shop.ledger INCLUDING ALL);

CREATE FUNCTION shop.state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(id || ' ' || stock, ', ' ORDER BY id COLLATE "C") FROM shop.item), (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet),
                     (SELECT count(*) || ' rows' FROM shop.ledger), (SELECT count(*) || ' findings' FROM vend.audit('shop')),
                     (SELECT 'elsewhere ' || sum(stock) FROM shop.other_item), (SELECT sum(balance) FROM shop.other_wallet), (SELECT count(*) FROM shop.other_ledger))
$$;
CREATE TABLE shop.move (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO shop.move (name, statement) VALUES
    ('atomic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'atomic')$$),
    ('pessimistic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'pessimistic')$$),
    ('optimistic', $$SELECT * FROM vend.purchase('lamp', 'alpha', lock_mode => 'optimistic')$$),
    ('remember', $$SELECT * FROM vend.try_purchase('lamp', 'alpha', 500, id => vend.id_from('late'), remember => true)$$),
    ('restock', $$SELECT * FROM vend.restock('lamp', 2)$$),
    ('withdraw', $$SELECT * FROM vend.withdraw('alpha', 10)$$),
    ('transfer', $$SELECT * FROM vend.transfer('alpha', 'beta', 10)$$),
    ('refund', $$SELECT * FROM vend.refund(vend.id_from('sale'), 1)$$),
    ('UPDATE', $$UPDATE shop.item SET stock = stock + 1 WHERE id = 'lamp'$$);
CREATE TABLE shop.rule (n int GENERATED ALWAYS AS IDENTITY, name text, sql text);
INSERT INTO shop.rule (name, sql) VALUES
    ('item: nothing', 'CREATE RULE r AS ON UPDATE TO shop.item DO INSTEAD NOTHING'),
    ('item: nothing, sometimes', 'CREATE RULE r AS ON UPDATE TO shop.item WHERE NEW.stock < 0 DO INSTEAD NOTHING'),
    ('item: elsewhere', 'CREATE RULE r AS ON UPDATE TO shop.item DO INSTEAD UPDATE shop.other_item SET stock = NEW.stock WHERE id = OLD.id RETURNING other_item.*'),
    ('item: as well', $$CREATE RULE r AS ON UPDATE TO shop.item DO ALSO UPDATE shop.other_item SET stock = NEW.stock WHERE id = OLD.id$$),
    ('item: a fee as well', $$CREATE RULE r AS ON UPDATE TO shop.item WHERE NEW.id = 'lamp' DO ALSO UPDATE shop.wallet SET balance = balance + 1 WHERE id = 'bank'$$),
    ('wallet: nothing', 'CREATE RULE r AS ON UPDATE TO shop.wallet DO INSTEAD NOTHING'),
    ('wallet: elsewhere', 'CREATE RULE r AS ON UPDATE TO shop.wallet DO INSTEAD UPDATE shop.other_wallet SET balance = NEW.balance WHERE id = OLD.id RETURNING other_wallet.*'),
    ('wallet: breakage as well', $$CREATE RULE r AS ON UPDATE TO shop.wallet DO ALSO UPDATE shop.item SET stock = stock - 1 WHERE id = 'vase'$$),
    ('ledger: nothing', 'CREATE RULE r AS ON INSERT TO shop.ledger DO INSTEAD NOTHING'),
    ('ledger: elsewhere', 'CREATE RULE r AS ON INSERT TO shop.ledger DO INSTEAD INSERT INTO shop.other_ledger SELECT NEW.* RETURNING *'),
    ('ledger: as well', 'CREATE RULE r AS ON INSERT TO shop.ledger DO ALSO INSERT INTO shop.other_ledger SELECT NEW.*'),
    ('ledger: breakage as well', $$CREATE RULE r AS ON INSERT TO shop.ledger WHERE NEW.kind = 'purchase' DO ALSO UPDATE shop.item SET stock = stock - 1 WHERE id = 'vase'$$);
-- The function shows the SQLSTATE or what was moved, then undoes it.
CREATE FUNCTION shop.hears(sql text, statement text, OUT answer text, OUT state text) LANGUAGE plpgsql AS $$
DECLARE
    before text := shop.state();
BEGIN
    EXECUTE sql;
    BEGIN
        EXECUTE statement;
        answer := 'moved';
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
        IF shop.state() <> before THEN answer := answer || ', not undone'; END IF;
    END;
    state := shop.state();
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    NULL;
END
$$;
SELECT r.name AS rule, m.name AS move, h.answer FROM shop.rule r, shop.move m, shop.hears(r.sql, m.statement) h ORDER BY r.n, m.n \crosstabview
-- If a write passes, the audit is empty, with what the rule wrote as well.
SELECT r.name AS rule, h.state FROM shop.rule r, shop.move m, shop.hears(r.sql, m.statement) h WHERE m.name = 'atomic' AND h.answer = 'moved' ORDER BY r.n;
SELECT shop.state();

-- The messages say this.
CREATE RULE r AS ON UPDATE TO shop.item DO INSTEAD UPDATE shop.other_item SET stock = NEW.stock WHERE id = OLD.id RETURNING other_item.*;
SELECT * FROM vend.purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP RULE r ON shop.item;
CREATE RULE r AS ON INSERT TO shop.ledger DO INSTEAD INSERT INTO shop.other_ledger SELECT NEW.* RETURNING *;
SELECT item, balance FROM vend.purchase('lamp', 'alpha');
\echo :SQLSTATE
DROP RULE r ON shop.ledger;

-- A row that is not deleted but emptied is journalled as such.
CREATE RULE r AS ON DELETE TO shop.item DO INSTEAD UPDATE shop.item SET stock = 0 WHERE id = OLD.id;
DELETE FROM shop.item WHERE id = 'gift';
SELECT kind, item, qty FROM shop.ledger WHERE item = 'gift' ORDER BY qty;
DROP RULE r ON shop.item;
-- A view with rules stands in front of the table: a role that writes through it is journalled, a buyer is not.
CREATE VIEW shop.shelf AS SELECT id, stock FROM shop.item;
CREATE RULE r AS ON UPDATE TO shop.shelf DO INSTEAD UPDATE shop.item SET stock = NEW.stock WHERE id = OLD.id;
UPDATE shop.shelf SET stock = stock + 3 WHERE id = 'gift';
SELECT status, balance FROM vend.try_purchase('gift', 'beta', 3);
SELECT kind, item, qty FROM shop.ledger WHERE item = 'gift' ORDER BY qty;
SELECT shop.state();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
