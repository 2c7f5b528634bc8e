-- Units gone from the stock of store.sql, and units that the ledger says were sold.
SELECT (SELECT sum(1000000000000 - stock) FROM shop.item),
    (SELECT coalesce(-sum(qty), 0) FROM shop.ledger WHERE kind = 'purchase');
