-- Goods arrive: they may not be enough for what was promised.
\set item random(1, 4)
\set units random(1, 9)
WITH u AS (UPDATE product SET on_hand = on_hand + :units WHERE id = :item RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, id, NULL, :units, 0, 0 FROM u;
