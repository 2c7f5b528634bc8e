SELECT format('product %s: %s on hand', id, on_hand) FROM product WHERE on_hand < 0 AND id > 2;
SELECT format('member %s: budget %s', id, budget) FROM member WHERE budget < 0;
SELECT format('sold %s after its deletion', l.at - deleted_at) FROM shop.ledger l JOIN product p ON p.id = l.item
    WHERE p.id = 4 AND l.kind = 'purchase' AND l.at > deleted_at;
SELECT 'product 4 was not deleted' FROM product WHERE id = 4 AND deleted_at IS NULL;
SELECT 'no stock was below zero' WHERE NOT EXISTS (
    SELECT FROM (SELECT sum(qty) OVER (PARTITION BY item ORDER BY at, id) AS stock FROM shop.ledger WHERE item IS NOT NULL) AS s
    WHERE stock < 0);
SELECT format('%s: nobody heard not_on_sale', way) FROM unnest(array['escrow', 'batch', 'cart']) AS way
    WHERE NOT EXISTS (SELECT FROM heard WHERE call = way AND status = 'not_on_sale');
SELECT format('product %s was sold and not touched', id) FROM product p
    WHERE updated_at = '2020-01-01' AND EXISTS (SELECT FROM shop.ledger l WHERE l.item = p.id AND l.kind = 'purchase');
