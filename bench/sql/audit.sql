-- How many items and wallets do not equal the sum of their ledger rows: 0, or the figures are void.
SELECT
    (SELECT count(*)
     FROM (SELECT item, sum(qty) AS qty FROM shop.ledger WHERE item IS NOT NULL GROUP BY item) AS l
     FULL JOIN shop.item AS i ON i.id = l.item WHERE coalesce(l.qty, 0) <> coalesce(i.stock, 0))
    +
    (SELECT count(*)
     FROM (SELECT wallet, sum(amount) AS amount FROM shop.ledger WHERE wallet IS NOT NULL GROUP BY wallet) AS l
     FULL JOIN shop.wallet AS w ON w.id = l.wallet WHERE coalesce(l.amount, 0) <> coalesce(w.balance, 0));
