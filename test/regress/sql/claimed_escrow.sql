-- Aim: claims in escrow: the counter has what is left, the deltas say what is claimed, and settling raises the claims. Claims of a
-- partitioned table.
-- Guarantees: G1, G6. Section "On hand and allocated" of docs/existing-tables.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE variant (sku text PRIMARY KEY, price bigint NOT NULL, quantity int NOT NULL CHECK (quantity >= 0), quantity_allocated int NOT NULL DEFAULT 0 CHECK (quantity_allocated >= 0), damaged int NOT NULL DEFAULT 0, lock_mode text);
CREATE TABLE card (code text PRIMARY KEY, amount bigint NOT NULL, amount_used bigint NOT NULL DEFAULT 0);
INSERT INTO variant VALUES ('lamp', 10, 100, 20, 5, 'escrow'), ('vase', 7, 3, 0, 0, NULL);
INSERT INTO card VALUES ('ann', 5000, 100), ('bob', 1000, 0);
SELECT vend.attach_store('shop', 'variant', stock => 'quantity', claimed => 'quantity_allocated', reserved => 'damaged', price => 'price', lock_mode => 'lock_mode', wallets => 'card', balance => 'amount', balance_claimed => 'amount_used');
SELECT vend.available('lamp');
-- Each call writes a delta. Nobody settles those of a transaction that has not ended.
BEGIN;
SELECT amount, balance FROM vend.purchase('lamp', 'ann', 3, id => vend.id_from('hot'));
SELECT stock FROM vend.restock('lamp', 5);
SELECT stock FROM vend.write_off('lamp', 4);
SELECT qty, stock FROM vend.refund(vend.id_from('hot'), 1);
SELECT status FROM vend.purchase_many('{lamp,lamp,vase}', '{ann,bob,bob}');
SELECT status FROM vend.try_checkout('bob', '{lamp,vase}');
SELECT status, detail FROM vend.try_purchase('lamp', 'ann', 68);
TABLE shop.stock_delta;
TABLE variant ORDER BY sku;
COMMIT;
SELECT vend.settle() IS NOT NULL AS settled;
TABLE variant ORDER BY sku;
TABLE shop.stock_delta;
SELECT * FROM vend.audit();
-- The last units.
SELECT status FROM vend.try_purchase('lamp', 'ann', 72);
SELECT status FROM vend.try_purchase('lamp', 'ann', vend.available('lamp'));
SELECT status, detail FROM vend.try_purchase('lamp', 'ann');
SELECT vend.settle() IS NOT NULL AS settled;
TABLE variant ORDER BY sku;
-- The shop ships what is settled: the counter stays. It does not write what is left.
UPDATE variant SET quantity = quantity - 30, quantity_allocated = quantity_allocated - 30 WHERE sku = 'lamp';
UPDATE variant SET quantity_allocated = quantity_allocated - 1 WHERE sku = 'lamp';
UPDATE variant SET damaged = 0 WHERE sku = 'lamp';
SELECT stock FROM vend.restock('lamp', 10);
-- Who leaves escrow has all of it in the row.
BEGIN;
SELECT amount FROM vend.purchase('lamp', 'ann', 2);
COMMIT;
SELECT vend.set_lock_mode('lamp', 'atomic');
TABLE variant ORDER BY sku;
SELECT amount FROM vend.purchase('lamp', 'ann', 2);
SELECT * FROM vend.audit();
-- An item that this transaction takes into escrow is sold by its row, with the deltas that it finds.
BEGIN;
ALTER TABLE shop.stock_delta DISABLE TRIGGER vend_delta;
INSERT INTO shop.stock_delta VALUES ('lamp', -2, 2), ('lamp', 3, NULL), ('lamp', -1, NULL), ('lamp', 1, -1);
ALTER TABLE shop.stock_delta ENABLE ALWAYS TRIGGER vend_delta;
SELECT vend.set_lock_mode('lamp', 'escrow');
SELECT vend.settle() AS settled;
TABLE variant ORDER BY sku;
ROLLBACK;
-- The deltas that are left when a store ends; a refund of more than is claimed adds to the stock.
BEGIN;
ALTER TABLE shop.stock_delta DISABLE TRIGGER vend_delta;
INSERT INTO shop.stock_delta VALUES ('lamp', -2, 2), ('lamp', 3, NULL), ('vase', 2, -2), ('vase', 4, -4);
SELECT vend.detach_store('shop');
TABLE variant ORDER BY sku;
ROLLBACK;
BEGIN;
ALTER TABLE shop.stock_delta DISABLE TRIGGER vend_delta;
INSERT INTO shop.stock_delta VALUES ('lamp', -2, 2), ('lamp', 3, NULL);
ALTER TABLE variant DROP quantity_allocated;
SELECT vend.detach_store('shop');
TABLE variant ORDER BY sku;
ROLLBACK;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Partitions.
CREATE TABLE goods (mode text, taken int NOT NULL DEFAULT 0, units int NOT NULL, id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE goods_1 (id int NOT NULL, units int NOT NULL, mode text, taken int NOT NULL DEFAULT 0);
ALTER TABLE goods ATTACH PARTITION goods_1 FOR VALUES FROM (1) TO (100);
INSERT INTO goods (id, units, taken, mode) VALUES (1, 10, 3, 'escrow'), (2, 10, 3, NULL);
SELECT vend.attach_store('parts', 'goods', stock => 'units', claimed => 'taken', lock_mode => 'mode');
SELECT amount FROM vend.purchase(1, 'ann', 2, amount => 5, id => vend.id_from('one'));
SELECT amount FROM vend.purchase(2, 'ann', 2, amount => 5, id => vend.id_from('two'));
SELECT r.qty FROM unnest('{one,two}'::text[]) t, vend.refund(vend.id_from(t), 1) r;
SELECT vend.settle() IS NOT NULL AS settled;
SELECT id, units, taken, vend.available(id) FROM goods ORDER BY id;
UPDATE goods SET taken = taken + 1 WHERE id = 2;
UPDATE goods SET taken = taken - 1, units = units - 1;
SELECT id, units, taken, vend.available(id) FROM goods ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('parts');
DROP SCHEMA parts CASCADE;
DROP TABLE goods, variant, card;
