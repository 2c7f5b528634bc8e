SELECT format('%s: more is promised than there is: %s', sku, s) FROM stock_item s
    WHERE quantity < quantity_allocated + damaged OR quantity_allocated < 0;
SELECT format('%s: credit %s', email, store_credit) FROM customer WHERE store_credit < 0;
-- A sale allocates; only a parcel takes units off the shelf. A refund puts back what has been shipped.
SELECT format('%s: %s on hand and %s shipped, of %s', sku, quantity, shipped, 60 + received)
    FROM stock_item
    JOIN (SELECT item, sum(units) AS received FROM made WHERE call = 'receive' GROUP BY item) AS r ON item = stock_item_id::text
    WHERE quantity + shipped < 60 + received;
SELECT 'nothing was shipped' WHERE NOT EXISTS (SELECT FROM stock_item WHERE shipped > 0);
