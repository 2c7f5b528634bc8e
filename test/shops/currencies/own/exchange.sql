-- A user changes euros into dollars, one to one. The shop locks accounts in the order in which the store does.
\set user random(1, 4)
BEGIN;
SELECT FROM account WHERE user_id = :user ORDER BY id FOR UPDATE;
WITH u AS (UPDATE account SET balance = balance + CASE currency WHEN 'USD' THEN 3 ELSE -3 END
           WHERE user_id = :user AND (SELECT balance FROM account WHERE user_id = :user AND currency = 'EUR') >= 3 RETURNING id, currency)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, id, 0, 0, CASE currency WHEN 'USD' THEN 3 ELSE -3 END FROM u;
COMMIT;
