\set item random(1, 6)
\set buyer random(1, 8)
\set size random(2, 8)
WITH request AS (SELECT array_agg(item_key(1 + (:item + 5 * i) % 6)) AS items, array_agg(buyer_key(1 + (:buyer + 3 * i) % 8)) AS buyers
                 FROM generate_series(1, :size) AS i),
     o AS (SELECT o.* FROM request, vend.purchase_many(items, buyers) AS o)
INSERT INTO heard SELECT 'batch', status, id, item, buyer, -qty, qty, -amount FROM o;
