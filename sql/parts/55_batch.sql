-- Batches: arrays of one length, one element for each request. Keys as for a single purchase: an untyped
-- literal or parameter, such as '{a,b}', resolves to text and is read as an array of text, anything
-- else is an array of any type.

CREATE FUNCTION vend.purchase_many(
    items       text,
    buyers      text,
    qtys        bigint[]  DEFAULT NULL,
    ids         uuid[]    DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    remember    boolean   DEFAULT false,
    store       text      DEFAULT NULL
) RETURNS SETOF vend.outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'vend_purchase_many';
COMMENT ON FUNCTION vend.purchase_many(text, text, bigint[], uuid[], numeric[], numeric[], boolean, text) IS
    'Sells to many buyers in one transaction, first come first served: one outcome for each request, in their order';

CREATE FUNCTION vend.purchase_many(
    items       text,
    buyers      "any",
    qtys        bigint[]  DEFAULT NULL,
    ids         uuid[]    DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    remember    boolean   DEFAULT false,
    store       text      DEFAULT NULL
) RETURNS SETOF vend.outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'vend_purchase_many';
COMMENT ON FUNCTION vend.purchase_many(text, "any", bigint[], uuid[], numeric[], numeric[], boolean, text) IS
    'Sells to many buyers in one transaction, first come first served: one outcome for each request, in their order';

CREATE FUNCTION vend.purchase_many(
    items       "any",
    buyers      text,
    qtys        bigint[]  DEFAULT NULL,
    ids         uuid[]    DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    remember    boolean   DEFAULT false,
    store       text      DEFAULT NULL
) RETURNS SETOF vend.outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'vend_purchase_many';
COMMENT ON FUNCTION vend.purchase_many("any", text, bigint[], uuid[], numeric[], numeric[], boolean, text) IS
    'Sells to many buyers in one transaction, first come first served: one outcome for each request, in their order';

CREATE FUNCTION vend.purchase_many(
    items       "any",
    buyers      "any",
    qtys        bigint[]  DEFAULT NULL,
    ids         uuid[]    DEFAULT NULL,
    max_prices  numeric[] DEFAULT NULL,
    unit_prices numeric[] DEFAULT NULL,
    remember    boolean   DEFAULT false,
    store       text      DEFAULT NULL
) RETURNS SETOF vend.outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'vend_purchase_many';
COMMENT ON FUNCTION vend.purchase_many("any", "any", bigint[], uuid[], numeric[], numeric[], boolean, text) IS
    'Sells to many buyers in one transaction, first come first served: one outcome for each request, in their order';
