CREATE FUNCTION item_key(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'product-' || n;
CREATE FUNCTION buyer_key(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN n;
-- Nothing can be said of product 4, which has an inventory at times, and of product 6, which never has one.
CREATE VIEW item_left AS SELECT handle AS item, inventory AS units FROM product WHERE handle NOT IN ('product-4', 'product-6');
CREATE VIEW wallet_left AS SELECT id::text AS wallet, points AS money FROM account;
