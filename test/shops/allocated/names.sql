CREATE FUNCTION item_key(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN n;
CREATE FUNCTION buyer_key(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN format('c%s@example.org', n);
CREATE VIEW item_left AS SELECT stock_item_id::text AS item, quantity - quantity_allocated - damaged AS units FROM stock_item;
CREATE VIEW wallet_left AS SELECT email AS wallet, store_credit AS money FROM customer;
