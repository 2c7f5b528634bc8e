\set buyer random(1, 8)
\set points random(-5, 5)
WITH u AS (UPDATE account SET points = points + :points WHERE id = buyer_key(:buyer) AND points + :points >= 0 RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, id, 0, 0, :points FROM u;
