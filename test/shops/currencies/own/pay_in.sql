-- Money comes in, and leaves.
\set account random(1, 8)
\set cents random(-2000, 3000)
WITH u AS (UPDATE account SET balance = balance + :cents / 100.0 WHERE id = :account AND balance + :cents / 100.0 >= 0 RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, id, 0, 0, :cents / 100.0 FROM u;
