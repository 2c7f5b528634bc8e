-- Aim: an item whose stock says so is never sold out. The ledger has its sales, its stock stays as it is, and the books balance when it gets a stock.
-- Guarantees: G1, G3, G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE SCHEMA own;
CREATE TABLE own.item (id int PRIMARY KEY, price int NOT NULL, stock int, edition int NOT NULL DEFAULT 1, mode text);
CREATE TABLE own.wallet (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO own.item (id, price, stock) VALUES (1, 2, NULL), (2, 2, 5), (3, 2, NULL), (4, 2, 0);
INSERT INTO own.wallet VALUES (1, 1000), (2, 5);

-- The option names what stands for no limit.
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance');
DO $$
DECLARE o text;
BEGIN
    FOREACH o IN ARRAY '{none,0,12,-1.5,-,-1x,-99999999999999999999}'::text[] LOOP
        BEGIN
            PERFORM vend.attach_store('shop', 'own.item', unlimited => o);
            RAISE WARNING '%: allowed', o;
        EXCEPTION WHEN invalid_parameter_value THEN RAISE WARNING '%', SQLERRM;
        END;
    END LOOP;
END $$;
SELECT vend.attach_store('shop', 'own.item', price => 'price', wallets => 'own.wallet', balance => 'balance', version => 'edition', lock_mode => 'mode', unlimited => 'NULL');
SELECT unlimited FROM vend.store WHERE name = 'shop';
SELECT item, qty, stock_change FROM shop.ledger WHERE item IS NOT NULL;

-- It is sold in each mode, alone, in a batch and in a cart. Its row is not written.
SELECT xmin AS row_before FROM own.item WHERE id = 1 \gset
SELECT m.mode, p.status, p.qty, p.amount FROM unnest('{atomic,pessimistic,optimistic}'::text[]) m (mode), vend.try_purchase(1, 1, 3, lock_mode => m.mode) p;
SELECT status FROM vend.try_purchase(1, 1, 1000000000, unit_price => 0, nowait => true);
SELECT status, amount FROM vend.try_purchase(1, 1, 2, id => vend.id_from('once'));
SELECT status, amount FROM vend.try_purchase(1, 1, 2, id => vend.id_from('once'));
SELECT status, detail FROM vend.try_purchase(1, 2, 3);
SELECT status, detail FROM vend.try_purchase(1, 1, expected_version => 7);
SELECT item, buyer, status, detail FROM vend.purchase_many('{1,2,1,4,3,1}', '{1,1,2,1,1,1}', '{4,4,2,1,9,1}');
SELECT item, status FROM vend.purchase_many('{1,2,3}', '{1,1,1}', ids => ARRAY[vend.id_from('a'), vend.id_from('b'), vend.id_from('c')]);
SELECT status, amount FROM vend.try_checkout(1, '{1,3}', '{5,6}', id => vend.id_from('cart'));
SELECT status, line, detail FROM vend.try_checkout(1, '{1,2,3}', '{5,6,1}');
SELECT xmin = :'row_before' AS is_unwritten, stock FROM own.item WHERE id = 1;
SELECT vend.available(1), vend.available(2);
SELECT kind, item, qty, amount, stock_change FROM shop.ledger WHERE item IN (1, 3) ORDER BY item, qty, amount;
SELECT item, sum(qty) FROM shop.holding WHERE buyer = 1 GROUP BY item ORDER BY item;
SELECT * FROM vend.audit();

-- What comes back or is added or lost is recorded, and the stock stays as it is.
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('once'), 1);
SELECT status, qty, stock FROM vend.try_refund(vend.id_from('once'), restock => false);
SELECT status, qty FROM vend.try_refund(vend.id_from('cart'));
SELECT qty, stock FROM vend.restock(1, 7, id => vend.id_from('restock'));
SELECT qty, stock, replayed FROM vend.restock(1, 7, id => vend.id_from('restock'));
SELECT status, qty, stock FROM vend.try_write_off(1, 100, id => vend.id_from('lost'));
SELECT status, qty, stock FROM vend.try_write_off(1, 100, id => vend.id_from('lost'));
SELECT stock FROM own.item WHERE id = 1;
SELECT * FROM vend.audit();

-- It gets a stock, and loses it. Purchases from before are refunded to what there is.
SELECT status FROM vend.try_purchase(1, 1, 5, id => vend.id_from('before'));
UPDATE own.item SET stock = 10 WHERE id = 1;
SELECT * FROM vend.audit();
SELECT status, stock FROM vend.try_refund(vend.id_from('before'), 2);
SELECT status, detail FROM vend.try_purchase(1, 1, 13);
SELECT status FROM vend.try_purchase(1, 1, 12, id => vend.id_from('limited'));
SELECT vend.available(1);
UPDATE own.item SET stock = NULL WHERE id = 1;
SELECT status, stock FROM vend.try_refund(vend.id_from('limited'), 2);
SELECT status FROM vend.try_purchase(1, 1, 3);
SELECT * FROM vend.audit();
UPDATE own.item SET id = 11 WHERE id = 1;
SELECT status FROM vend.try_purchase(11, 1, 3);
SELECT status, item, stock FROM vend.try_refund(vend.id_from('limited'), 1);
DELETE FROM own.item WHERE id = 11;
SELECT status FROM vend.try_purchase(11, 1, 3);
INSERT INTO own.item (id, price, stock) VALUES (1, 2, NULL);
SELECT status FROM vend.try_purchase(1, 1, 3);
SELECT * FROM vend.audit();

-- In escrow it has no counter. It leaves escrow before it gets a stock, as any item does before its stock is written.
SELECT vend.set_lock_mode(1, 'escrow'), vend.set_lock_mode(2, 'escrow');
SELECT status FROM vend.try_purchase(1, 1, 3);
SELECT item, status FROM vend.purchase_many('{1,2,1}', '{1,1,1}');
SELECT status, line FROM vend.try_checkout(1, '{1,2}', '{3,3}');
SELECT stock FROM vend.restock(1, 3);
SELECT item FROM vend.stat_item ORDER BY item;
UPDATE own.item SET stock = 0 WHERE id = 1;
UPDATE own.item SET stock = NULL WHERE id = 2;
SELECT vend.set_lock_mode(1, NULL), vend.set_lock_mode(2, NULL);
UPDATE own.item SET stock = 3 WHERE id = 1;
UPDATE own.item SET stock = NULL WHERE id = 2;
SELECT item, status FROM vend.purchase_many('{1,2,1}', '{1,1,1}', '{2,50,2}');
SELECT * FROM vend.audit();
SELECT id, stock FROM own.item ORDER BY id;

-- By statements, and with a trigger of the owner's that sees no write.
CREATE FUNCTION own.notice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'stock % to %', OLD.stock, NEW.stock; RETURN NEW; END $$;
CREATE TRIGGER notice BEFORE UPDATE ON own.item FOR EACH ROW EXECUTE FUNCTION own.notice();
SELECT status FROM vend.try_purchase(2, 1, 3);
SELECT item, status FROM vend.purchase_many('{1,2}', '{1,1}');
SELECT stock FROM vend.restock(2, 3);
SELECT * FROM vend.audit();
DROP TRIGGER notice ON own.item;

-- Another transaction sells the item while this one looks at an old snapshot of it.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM own.item;
SELECT status FROM vend.try_purchase(2, 1);
COMMIT;
-- All rows go at once.
TRUNCATE own.item;
SELECT * FROM vend.audit();
INSERT INTO own.item (id, price, stock) VALUES (1, 2, NULL), (2, 2, 5), (3, 2, -1);
SELECT * FROM vend.audit();

-- A number stands for no limit, and null no longer does.
SELECT vend.reattach_store('shop', unlimited => '-1');
UPDATE own.item SET stock = 0 WHERE id = 1;
SELECT vend.reattach_store('shop', unlimited => '-1');
SELECT * FROM vend.audit();
SELECT item, status, detail FROM vend.purchase_many('{1,2,3}', '{1,1,1}', '{1,1,70}');
UPDATE own.item SET stock = -2 WHERE id = 2;
SELECT vend.available(1), vend.available(2), vend.available(3);
SELECT vend.restock(2, 1);
SELECT stock FROM vend.restock(2, 2);
UPDATE own.item SET stock = -1 WHERE id = 2;
SELECT item, status FROM vend.purchase_many('{2,3}', '{1,1}', '{70,70}');
UPDATE own.item SET stock = 4 WHERE id = 3;
SELECT item, status FROM vend.purchase_many('{2,3}', '{1,1}', '{70,5}');
SELECT id, stock FROM own.item ORDER BY id;
SELECT * FROM vend.audit();
-- Without the option a number is a number.
SELECT vend.reattach_store('shop', unlimited => '');
SELECT item, status, detail FROM vend.purchase_many('{2,3}', '{1,1}');
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA own CASCADE;
DROP SCHEMA shop CASCADE;

-- Partitions.
CREATE SCHEMA own;
CREATE TABLE own.part (id int PRIMARY KEY, price int NOT NULL, stock int) PARTITION BY RANGE (id);
CREATE TABLE own.part_1 PARTITION OF own.part FOR VALUES FROM (1) TO (3);
CREATE TABLE own.part_2 PARTITION OF own.part FOR VALUES FROM (3) TO (9);
INSERT INTO own.part VALUES (1, 2, NULL), (2, 2, 5), (3, 2, NULL);
SELECT vend.attach_store('shop', 'own.part', price => 'price', unlimited => 'null');
SELECT status FROM vend.try_purchase(1, 1, 30);
SELECT item, status FROM vend.purchase_many('{1,2,3}', '{1,1,1}', '{70,5,70}');
UPDATE own.part SET id = 4 WHERE id = 1;
SELECT item, status FROM vend.purchase_many('{1,4,3}', '{1,1,1}', '{70,5,70}');
UPDATE own.part SET stock = 2 WHERE id = 4;
SELECT status FROM vend.try_purchase(4, 1, 3);
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA own CASCADE;
DROP SCHEMA shop CASCADE;
