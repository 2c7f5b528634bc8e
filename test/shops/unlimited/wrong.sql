SELECT format('%s: inventory %s', handle, inventory) FROM product WHERE inventory < 0;
SELECT format('account %s: %s points', id, points) FROM account WHERE points < 0;
SELECT format('a download is sold out: %s', h) FROM heard h WHERE item = 'product-6' AND status = 'sold_out' AND call <> 'cart';
SELECT format('a download has an inventory: %s', p) FROM product p WHERE handle = 'product-6' AND inventory IS NOT NULL;
SELECT format('%s: nobody bought the download', way) FROM unnest(array['escrow', 'batch', 'cart', 'refund']) AS way
    WHERE NOT EXISTS (SELECT FROM made WHERE call = way AND item = 'product-6');
SELECT 'nobody bought the product that is limited at times' WHERE NOT EXISTS (SELECT FROM made WHERE item = 'product-4');
