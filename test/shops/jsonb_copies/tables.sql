-- A shop for a game. Its list pages read copies of the stock that a trigger keeps in a jsonb of the product; a player's purse is a
-- jsonb that the game server writes.
CREATE TABLE product (id integer PRIMARY KEY, page jsonb NOT NULL DEFAULT '{"stock": {}}');

CREATE TABLE variant (
    id         integer PRIMARY KEY,
    product_id integer NOT NULL REFERENCES product,
    sku        text NOT NULL UNIQUE,
    gems       integer NOT NULL,
    stock      integer NOT NULL CHECK (stock >= 0),
    label      text
);

CREATE TABLE player (id uuid PRIMARY KEY, purse jsonb NOT NULL CHECK ((purse ->> 'gems')::bigint >= 0));

CREATE FUNCTION label_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.label := CASE WHEN NEW.stock = 0 THEN 'sold out' WHEN NEW.stock < 5 THEN 'last ones' ELSE 'in stock' END;
    RETURN NEW;
END
$$;
CREATE TRIGGER label BEFORE INSERT OR UPDATE ON variant FOR EACH ROW EXECUTE FUNCTION label_variant();

CREATE FUNCTION copy_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product SET page = jsonb_set(page, ARRAY['stock', NEW.sku], to_jsonb(NEW.stock)) WHERE id = NEW.product_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER copy_stock AFTER INSERT OR UPDATE OF stock ON variant FOR EACH ROW EXECUTE FUNCTION copy_stock();

INSERT INTO product SELECT n FROM generate_series(1, 3) AS n;
INSERT INTO variant SELECT n, (n + 1) / 2, 'SKU-' || n, 2 * n, 60 FROM generate_series(1, 6) AS n;
INSERT INTO player SELECT md5('player ' || n)::uuid, '{"gems": 300, "keys": 0}' FROM generate_series(1, 8) AS n;
