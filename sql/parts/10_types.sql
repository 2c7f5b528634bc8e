-- What the functions return. No table of a store has a column of these types: such a column
-- would be dropped with the extension.
CREATE TYPE vend.receipt AS (
    id         uuid,
    item       text,
    buyer      text,
    qty        bigint,
    unit_price numeric,
    amount     numeric,
    balance    numeric,
    at         timestamptz,
    replayed   boolean
);
COMMENT ON TYPE vend.receipt IS
    'A sale that took place. amount is qty * unit_price in the store''s money, or the amount that was stated. balance is what the buyer has left';

CREATE TYPE vend.outcome AS (
    status     text,
    detail     text,
    id         uuid,
    item       text,
    buyer      text,
    qty        bigint,
    unit_price numeric,
    amount     numeric,
    balance    numeric,
    at         timestamptz
);
COMMENT ON TYPE vend.outcome IS
    'The answer to an attempt to buy. status is purchased, replayed or the refusal, detail says why; then the fields of the receipt follow';

CREATE TYPE vend.cart_line AS (
    item       text,
    qty        bigint,
    unit_price numeric,
    amount     numeric
);

COMMENT ON TYPE vend.cart_line IS
    'A line of a cart. amount is qty * unit_price in the store''s money, or the amount that was stated';

CREATE TYPE vend.cart_receipt AS (
    id       uuid,
    buyer    text,
    amount   numeric,
    balance  numeric,
    at       timestamptz,
    replayed boolean,
    lines    vend.cart_line[]
);
COMMENT ON TYPE vend.cart_receipt IS
    'A cart that was sold. lines are in the order of the call, amount is their sum, and balance is what the buyer has left';

CREATE TYPE vend.cart_outcome AS (
    status  text,
    detail  text,
    line    integer,
    id      uuid,
    buyer   text,
    amount  numeric,
    balance numeric,
    at      timestamptz,
    lines   vend.cart_line[]
);
COMMENT ON TYPE vend.cart_outcome IS
    'The answer to an attempt to buy a cart. status is purchased, replayed or the refusal, detail says why, line is the line that was refused, counted from 1; then the fields of the receipt follow';

CREATE TYPE vend.movement AS (
    id       uuid,
    kind     text,
    item     text,
    wallet   text,
    payee    text,
    qty      bigint,
    amount   numeric,
    stock    bigint,
    balance  numeric,
    at       timestamptz,
    replayed boolean
);
COMMENT ON TYPE vend.movement IS
    'A movement that took place. qty and amount are positive, stock and balance are the present ones. For a transfer, wallet and balance are the payer''s';

CREATE TYPE vend.movement_outcome AS (
    status  text,
    detail  text,
    id      uuid,
    kind    text,
    item    text,
    wallet  text,
    payee   text,
    qty     bigint,
    amount  numeric,
    stock   bigint,
    balance numeric,
    at      timestamptz
);
COMMENT ON TYPE vend.movement_outcome IS
    'The answer to an attempted movement. status is recorded, replayed or the refusal, detail says why; then the fields of the movement follow';
