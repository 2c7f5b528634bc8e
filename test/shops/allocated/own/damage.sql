-- Somebody drops a box.
\set item random(1, 4)
WITH u AS (UPDATE stock_item SET damaged = damaged + 1
           WHERE stock_item_id = item_key(:item) AND quantity - quantity_allocated - damaged >= 1 RETURNING stock_item_id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, stock_item_id, NULL, -1, 0, 0 FROM u;
