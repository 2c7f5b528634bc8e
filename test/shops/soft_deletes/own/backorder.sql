-- The warehouse promises more than there is.
\set item random(1, 2)
WITH u AS (UPDATE product SET on_hand = on_hand - 8 WHERE id = :item RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, id, NULL, -8, 0, 0 FROM u;
