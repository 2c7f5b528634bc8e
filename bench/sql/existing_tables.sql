-- Tables as a shop has them, none of them a store's. :items things for sale, a tenth as many users.
CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, stock_qty integer NOT NULL, price numeric(8,2) NOT NULL) WITH (fillfactor = 90);
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, credits numeric(12,2) NOT NULL) WITH (fillfactor = 90);
INSERT INTO products SELECT n, 'product ' || n, 1000000, 9.90 FROM generate_series(1, :items) n;
INSERT INTO users SELECT n, n || '@example.org', 1000000 FROM generate_series(1, :items / 10) n;
