CREATE FUNCTION item_key(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN n;
CREATE FUNCTION buyer_key(n bigint) RETURNS integer LANGUAGE sql IMMUTABLE RETURN n;
CREATE VIEW item_left AS SELECT id::text AS item, on_hand AS units FROM product;
CREATE VIEW wallet_left AS SELECT id::text AS wallet, budget AS money FROM member;
