SELECT format('listing %s: stock %s', id, stock) FROM listing WHERE stock < 0;
SELECT format('account %s: balance %s', id, balance) FROM account WHERE balance < 0;
SELECT format('account %s in %s has paid for listing %s in %s', a.id, a.currency, l.id, l.currency)
    FROM made h JOIN account a ON a.id::text = h.wallet JOIN listing l ON l.id::text = h.item WHERE a.currency <> l.currency::text;
SELECT format('%s: nobody heard currency_mismatch', way)
    FROM unnest(array['atomic', 'pessimistic', 'optimistic', 'escrow', 'batch', 'cart', 'gift']) AS way
    WHERE NOT EXISTS (SELECT FROM heard WHERE call = way AND status = 'currency_mismatch');
SELECT format('gifts in %s: heard of %s more', currency, sum(money)) FROM made h JOIN account a ON a.id::text = h.wallet
    WHERE call = 'gift' GROUP BY currency HAVING sum(money) <> 0;
