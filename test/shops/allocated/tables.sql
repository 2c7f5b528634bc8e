-- A warehouse. What is on hand stays in the stock until it is shipped; what is sold and not shipped yet is counted as allocated.
-- Damaged units are on hand, too, and not for sale.
CREATE TABLE stock_item (
    stock_item_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku                varchar(20) NOT NULL,
    location           text NOT NULL,
    unit_price         numeric(10, 2) NOT NULL,
    quantity           integer NOT NULL,
    quantity_allocated integer NOT NULL DEFAULT 0,
    damaged            integer NOT NULL DEFAULT 0,
    shipped            integer NOT NULL DEFAULT 0,
    UNIQUE (sku, location),
    CHECK (quantity_allocated BETWEEN 0 AND quantity)
);
CREATE TABLE customer (email text PRIMARY KEY, store_credit numeric(12, 2) NOT NULL DEFAULT 0 CHECK (store_credit >= 0));

INSERT INTO stock_item (sku, location, unit_price, quantity, quantity_allocated, damaged)
    SELECT 'SKU-' || n, 'Rotterdam', 1.25 * n, 60, 2, n % 3 FROM generate_series(1, 6) AS n;
INSERT INTO customer SELECT format('c%s@example.org', n), 150 FROM generate_series(1, 8) AS n;
