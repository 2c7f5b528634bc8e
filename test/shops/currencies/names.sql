CREATE FUNCTION item_key(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN n;
CREATE FUNCTION buyer_key(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN n;
CREATE VIEW item_left AS SELECT id::text AS item, stock AS units FROM listing;
CREATE VIEW wallet_left AS SELECT id::text AS wallet, balance AS money FROM account;
