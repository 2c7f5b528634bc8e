-- A payment elsewhere sets an amount aside.
\set buyer random(1, 8)
\set cents random(1, 900)
WITH u AS (UPDATE gift_card SET amount_authorized = coalesce(amount_authorized, 0) + :cents / 100.0
           WHERE code = buyer_key(:buyer) AND amount - amount_used - coalesce(amount_authorized, 0) >= :cents / 100.0 RETURNING code)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, code, 0, 0, -:cents / 100.0 FROM u;
