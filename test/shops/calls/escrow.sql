\set item random(5, 6)
\set buyer random(1, 8)
\set qty random(1, 3)
WITH o AS (SELECT * FROM vend.try_purchase(item_key(:item), buyer_key(:buyer), :qty))
INSERT INTO heard SELECT 'escrow', status, id, item, buyer, -qty, qty, -amount FROM o;
