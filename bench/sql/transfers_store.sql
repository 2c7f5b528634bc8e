-- The same accounts are wallets of a store. The ledger gets the index on the time that it lacks.
-- Variables: accounts, balance.
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', 'bigint', 'bigint');
CREATE INDEX ledger_at ON shop.ledger (at);
INSERT INTO shop.wallet (id, balance) SELECT n, :balance FROM generate_series(1, :accounts) AS n;
