-- Goods arrive.
\set item random(1, 4)
\set units random(1, 8)
WITH u AS (UPDATE stock_item SET quantity = quantity + :units WHERE stock_item_id = item_key(:item) RETURNING stock_item_id)
INSERT INTO heard SELECT 'receive', 'recorded', NULL, stock_item_id, NULL, :units, 0, 0 FROM u;
