-- A default store; every item and every wallet has more than can be used up.
-- Variables: items, wallets, keys (their type), role (who owns it, and makes all calls).
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', item_key_type => :'keys', wallet_key_type => :'keys');
INSERT INTO shop.item (id, price, stock) SELECT n, 10, 1000000000000 FROM generate_series(1, :items) AS n;
INSERT INTO shop.wallet (id, balance) SELECT n, 1000000000000 FROM generate_series(1, :wallets) AS n;
