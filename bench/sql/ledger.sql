-- A long ledger: past purchases with ids of their time, after which stock and balances were filled up again.
-- Variables: rows, items, wallets.
SET session_replication_role = replica;
INSERT INTO shop.ledger (id, line, kind, item, qty, wallet, amount, unit_price, at)
    SELECT gen_random_uuid(), 0, 'purchase', 1 + n % :items, -1, 1 + n * 7919 % :wallets, -10, 10,
        now() - n * interval '1 s'
    FROM generate_series(1, :rows::bigint) AS n;
INSERT INTO shop.ledger (id, line, kind, item, qty, at)
    SELECT gen_random_uuid(), 0, 'restock', item, -sum(qty), now() FROM shop.ledger WHERE kind = 'purchase' GROUP BY item;
INSERT INTO shop.ledger (id, line, kind, wallet, amount, at)
    SELECT gen_random_uuid(), 0, 'deposit', wallet, -sum(amount), now() FROM shop.ledger WHERE kind = 'purchase' GROUP BY wallet;
