-- The ORM reads a member and writes all of it back, unless its lock column has changed.
\set buyer random(1, 8)
SELECT budget, lock_version AS seen FROM member WHERE id = :buyer \gset
WITH u AS (UPDATE member SET budget = :budget + 3, lock_version = :seen + 1 WHERE id = :buyer AND lock_version = :seen RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, id, 0, 0, 3 FROM u;
