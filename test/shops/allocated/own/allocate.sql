-- Another channel sells: it allocates what is left, if enough is.
\set item random(1, 4)
WITH u AS (UPDATE stock_item SET quantity_allocated = quantity_allocated + 2
           WHERE stock_item_id = item_key(:item) AND quantity - quantity_allocated - damaged >= 2 RETURNING stock_item_id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, stock_item_id, NULL, -2, 0, 0 FROM u;
