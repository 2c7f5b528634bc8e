CREATE FUNCTION item_key(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'voucher-' || n;
CREATE FUNCTION buyer_key(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'CARD-' || n;
CREATE VIEW item_left AS SELECT sku AS item, stock AS units FROM voucher;
CREATE VIEW wallet_left AS SELECT code AS wallet, amount - amount_used - coalesce(amount_authorized, 0) AS money FROM gift_card;
