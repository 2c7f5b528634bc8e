-- The same sums for a store; its ledger has the first balances as adjustments.
-- Variable: balance.
SELECT (SELECT count(*) FROM shop.ledger WHERE kind = 'transfer' AND line = 0),
    (SELECT sum(balance) FROM shop.wallet),
    (SELECT count(*)
     FROM shop.wallet AS w
     LEFT JOIN (SELECT wallet, sum(amount) AS amount FROM shop.ledger WHERE kind = 'transfer'
                GROUP BY wallet) AS t ON t.wallet = w.id
     WHERE w.balance <> :balance + coalesce(t.amount, 0));
