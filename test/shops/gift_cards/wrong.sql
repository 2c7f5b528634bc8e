SELECT format('%s: more is spent than was paid for it: %s', code, g) FROM gift_card g
    WHERE amount < amount_used + coalesce(amount_authorized, 0);
SELECT format('%s: stock %s', sku, stock) FROM voucher WHERE stock < 0;
SELECT 'nothing was captured' WHERE NOT EXISTS (SELECT FROM made WHERE call = 'capture');
