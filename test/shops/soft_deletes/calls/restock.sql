\set item random(1, 6)
WITH m AS (SELECT * FROM vend.restock(item_key(:item), 4))
INSERT INTO heard SELECT 'restock', 'recorded', id, item, NULL, qty, 0, 0 FROM m;
