\set n random(1, 1000000)
\set broken random(0, 3)
WITH sale AS MATERIALIZED (SELECT id, item FROM heard WHERE status = 'purchased' ORDER BY md5(id::text || :n) LIMIT 1),
     r AS (SELECT r.* FROM sale, vend.try_refund(sale.id, item => sale.item, restock => :broken > 0) AS r)
INSERT INTO heard SELECT 'refund', status, id, item, wallet, CASE WHEN :broken > 0 THEN qty ELSE 0 END, -qty, amount FROM r;
