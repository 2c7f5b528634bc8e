\set item random(1, 6)
\set buyer random(1, 8)
\set size random(2, 4)
WITH cart AS (SELECT array_agg(item_key(1 + (:item + i) % 6)) AS items, array_agg(1 + i % 2) AS qtys FROM generate_series(1, :size) AS i),
     o AS (SELECT o.* FROM cart, vend.try_checkout(buyer_key(:buyer), items, qtys) AS o)
INSERT INTO heard SELECT 'cart', o.status, o.id, l.item, o.buyer, -l.qty, l.qty, -l.amount FROM o, unnest(o.lines) AS l;
