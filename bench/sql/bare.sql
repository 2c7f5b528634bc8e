-- The least that a durable record of a sale takes: one table with the columns of a purchase in the ledger
-- and a key that grows, as the engine's ids do, and neither checks nor a second index.
CREATE TABLE public.sale (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    item       text NOT NULL,
    qty        bigint NOT NULL,
    wallet     text NOT NULL,
    amount     bigint NOT NULL,
    unit_price bigint NOT NULL,
    at         timestamptz NOT NULL
);
