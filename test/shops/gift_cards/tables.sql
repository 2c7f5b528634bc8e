-- A shop that sells to holders of its gift cards. A card keeps the amount that was paid for it; what was used and what a payment has
-- authorised and not captured yet stand beside it.
CREATE TABLE voucher (sku text PRIMARY KEY, price numeric(10, 2) NOT NULL, stock integer NOT NULL CHECK (stock >= 0));
CREATE TABLE gift_card (
    code              text PRIMARY KEY,
    amount            numeric(10, 2) NOT NULL,
    amount_used       numeric(10, 2) NOT NULL DEFAULT 0,
    amount_authorized numeric(10, 2),
    CHECK (amount_used >= 0 AND amount_used + coalesce(amount_authorized, 0) <= amount)
);

INSERT INTO voucher SELECT 'voucher-' || n, 1.99 * n, 60 FROM generate_series(1, 6) AS n;
INSERT INTO gift_card SELECT 'CARD-' || n, 200, n, nullif(n - 1, 0) FROM generate_series(1, 8) AS n;
