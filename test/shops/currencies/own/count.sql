-- Somebody counts the shelf and corrects the stock.
\set item random(1, 4)
\set units random(-3, 6)
WITH u AS (UPDATE listing SET stock = stock + :units WHERE id = :item AND stock + :units >= 0 RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, id, NULL, :units, 0, 0 FROM u;
