-- That payment takes what it has authorised: what is left stays.
\set buyer random(1, 8)
WITH u AS (UPDATE gift_card SET amount_used = amount_used + amount_authorized, amount_authorized = NULL
           WHERE code = buyer_key(:buyer) AND amount_authorized IS NOT NULL RETURNING code)
INSERT INTO heard SELECT 'capture', 'recorded', NULL, NULL, code, 0, 0, 0 FROM u;
