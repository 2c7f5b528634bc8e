-- A marketplace that sells in the currency of each listing. A user has an account for each currency, all of them in one table.
CREATE TYPE money_unit AS ENUM ('EUR', 'USD');

CREATE TABLE listing (
    id       bigint PRIMARY KEY,
    title    varchar(80) NOT NULL,
    price    numeric(10,2) NOT NULL CHECK (price > 0),
    currency money_unit NOT NULL,
    stock    integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE account (
    id       bigint PRIMARY KEY,
    user_id  bigint NOT NULL,
    currency char(3) NOT NULL,
    balance  numeric(14,2) NOT NULL DEFAULT 0 CHECK (balance >= 0),
    UNIQUE (user_id, currency)
);

INSERT INTO listing SELECT n, 'Listing ' || n, 3.50 + 0.50 * n,
    CASE WHEN n <= 3 THEN 'EUR' ELSE 'USD' END::money_unit, CASE WHEN n <= 4 THEN 40 ELSE 50 END FROM generate_series(1, 6) AS n;
INSERT INTO account SELECT n, (n + 1) / 2, (array['USD', 'EUR'])[1 + n % 2], CASE WHEN n <= 4 THEN 60 ELSE 600 END
    FROM generate_series(1, 8) AS n;
