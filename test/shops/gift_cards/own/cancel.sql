-- That payment is cancelled.
\set buyer random(1, 8)
WITH o AS (SELECT code, amount_authorized FROM gift_card WHERE code = buyer_key(:buyer) AND amount_authorized > 0 FOR UPDATE),
     u AS (UPDATE gift_card c SET amount_authorized = 0 FROM o WHERE c.code = o.code RETURNING c.code, o.amount_authorized)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, code, 0, 0, amount_authorized FROM u;
