-- Books arrive, and some are lost.
\set item random(1, 3)
\set units random(-2, 5)
WITH u AS (UPDATE product SET inventory = inventory + :units WHERE handle = item_key(:item) AND inventory + :units >= 0 RETURNING handle)
INSERT INTO heard SELECT 'own', 'recorded', NULL, handle, NULL, :units, 0, 0 FROM u;
