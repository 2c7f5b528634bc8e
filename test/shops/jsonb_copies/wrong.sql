SELECT format('variant %s: stock %s', id, stock) FROM variant WHERE stock < 0;
SELECT format('variant %s: stock %s, its page says %s', v.id, stock, page -> 'stock' ->> sku)
    FROM variant v JOIN product p ON p.id = product_id WHERE (page -> 'stock' ->> sku)::int IS DISTINCT FROM stock;
SELECT format('variant %s: stock %s, its label says %s', id, stock, label) FROM variant
    WHERE label <> CASE WHEN stock = 0 THEN 'sold out' WHEN stock < 5 THEN 'last ones' ELSE 'in stock' END;
SELECT format('player %s: %s gems in the purse, %s beside it', id, purse ->> 'gems', gems) FROM player
    WHERE (purse ->> 'gems')::bigint IS DISTINCT FROM gems;
