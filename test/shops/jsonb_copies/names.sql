CREATE FUNCTION item_key(n bigint) RETURNS integer LANGUAGE sql IMMUTABLE RETURN n;
CREATE FUNCTION buyer_key(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5('player ' || n)::uuid;
CREATE VIEW item_left AS SELECT id::text AS item, stock AS units FROM variant;
CREATE VIEW wallet_left AS SELECT id::text AS wallet, (purse ->> 'gems')::numeric AS money FROM player;
