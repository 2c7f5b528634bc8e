-- Many wallets: each gets its balance and the adjustment that the journal would have written, in bulk.
-- Variable: rows.
SET session_replication_role = replica;
INSERT INTO shop.wallet (id, balance)
    SELECT n, 1000000000 FROM generate_series((SELECT count(*) FROM shop.wallet) + 1, :rows) AS n;
INSERT INTO shop.ledger (id, line, kind, wallet, amount, at)
    SELECT gen_random_uuid(), 0, 'adjustment', w.id, w.balance, now() FROM shop.wallet AS w
    WHERE NOT EXISTS (SELECT FROM shop.ledger AS l WHERE l.wallet = w.id);
