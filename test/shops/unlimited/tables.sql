-- A shop that sells books and downloads. A product without an inventory is never sold out.
CREATE TABLE product (
    handle    text PRIMARY KEY,
    price     integer NOT NULL,
    inventory integer CHECK (inventory >= 0)
);
CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, points integer NOT NULL DEFAULT 0 CHECK (points >= 0));

INSERT INTO product SELECT 'product-' || n, 2 * n, CASE WHEN n NOT IN (4, 6) THEN 40 END FROM generate_series(1, 6) AS n;
INSERT INTO account (points) SELECT 500 FROM generate_series(1, 8) AS n;
