\set buyer random(1, 8)
WITH u AS (UPDATE gift_card SET amount = amount + 10 WHERE code = buyer_key(:buyer) RETURNING code)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, code, 0, 0, 10 FROM u;
