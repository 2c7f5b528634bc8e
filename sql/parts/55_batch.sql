-- Batches take arrays of one length, with one element for each request. Keys resolve as for a single
-- purchase: an untyped literal or parameter, such as '{a,b}', resolves to text and is read as an array of
-- text; anything else is an array of any type.

CREATE FUNCTION vend.purchase_many(
    items       @keys,
    buyers      @keys,
    qtys        bigint[]  DEFAULT NULL,
    ids         uuid[]    DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    amounts     numeric[] DEFAULT NULL,
    remember    boolean   DEFAULT false,
    currencies  text[]    DEFAULT NULL,
    store       text      DEFAULT NULL
) RETURNS SETOF vend.outcome
    LANGUAGE c @writes ROWS 1000 AS 'MODULE_PATHNAME', 'vend_purchase_many';
COMMENT ON FUNCTION vend.purchase_many(@keys, @keys, bigint[], uuid[], numeric[], numeric[], numeric[], boolean, text[], text) IS
    'Sells to many buyers in one transaction, first come first served, and returns one outcome for each request, in their order';

CREATE FUNCTION vend.transfer_many(
    payers  @keys,
    payees  @keys,
    amounts numeric[],
    ids     uuid[] DEFAULT NULL,
    store   text   DEFAULT NULL
) RETURNS SETOF vend.movement_outcome
    LANGUAGE c @writes ROWS 1000 AS 'MODULE_PATHNAME', 'vend_transfer_many';
COMMENT ON FUNCTION vend.transfer_many(@keys, @keys, numeric[], uuid[], text) IS
    'Makes many transfers in one transaction, in order, so that a wallet can pay out what it has just got, and returns one outcome for each';

CREATE FUNCTION vend.checkout(
    buyer       @key,
    items       @keys,
    qtys        bigint[]  DEFAULT NULL,
    id          uuid      DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    amounts     numeric[] DEFAULT NULL,
    currency    text      DEFAULT NULL,
    store       text      DEFAULT NULL
) RETURNS vend.cart_receipt
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_checkout';
COMMENT ON FUNCTION vend.checkout(@key, @keys, bigint[], uuid, numeric[], numeric[], numeric[], text, text) IS
    'Sells a cart, all lines or none, or raises the refusal of the first line that is refused';

CREATE FUNCTION vend.try_checkout(
    buyer       @key,
    items       @keys,
    qtys        bigint[]  DEFAULT NULL,
    id          uuid      DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    amounts     numeric[] DEFAULT NULL,
    currency    text      DEFAULT NULL,
    store       text      DEFAULT NULL
) RETURNS vend.cart_outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_checkout';
COMMENT ON FUNCTION vend.try_checkout(@key, @keys, bigint[], uuid, numeric[], numeric[], numeric[], text, text) IS
    'Sells a cart, all lines or none, or returns the refusal as a status and leaves the transaction usable';
