-- One user sends money to another, and at times in the wrong currency.
\set payer random(1, 8)
\set payee 1 + (:payer + random(1, 6)) % 8
WITH t AS (SELECT * FROM vend.try_transfer(buyer_key(:payer), buyer_key(:payee), 4.50))
INSERT INTO heard SELECT 'gift', status, id, NULL, wallet, 0, 0, -amount FROM t
    UNION ALL SELECT 'gift', status, id, NULL, payee, 0, 0, amount FROM t;
