-- Keys: a string literal or an untyped parameter resolves to text and is read by the input
-- function of the store's key type; anything else (integer, bigint, uuid, ...) resolves to "any".
-- Each function has the same four declarations, so that item and buyer can be of different types.
-- Not STRICT: a NULL in a required argument is an error, never a silent NULL.

CREATE FUNCTION vend.purchase(
    item             @key,
    buyer            @key,
    qty              bigint  DEFAULT 1,
    id               uuid    DEFAULT NULL,
    lock_mode        text    DEFAULT NULL,
    nowait           boolean DEFAULT false,
    expected_version bigint  DEFAULT NULL,
    max_price        numeric DEFAULT NULL,
    unit_price       numeric DEFAULT NULL,
    amount           numeric DEFAULT NULL,
    remember         boolean DEFAULT false,
    currency         text    DEFAULT NULL,
    store            text    DEFAULT NULL
) RETURNS vend.receipt
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_purchase';
COMMENT ON FUNCTION vend.purchase(@key, @key, bigint, uuid, text, boolean, bigint, numeric, numeric, numeric, boolean, text, text) IS
    'Sells qty units of an item to a buyer, or raises the refusal (SQLSTATE class VN)';

CREATE FUNCTION vend.try_purchase(
    item             @key,
    buyer            @key,
    qty              bigint  DEFAULT 1,
    id               uuid    DEFAULT NULL,
    lock_mode        text    DEFAULT NULL,
    nowait           boolean DEFAULT false,
    expected_version bigint  DEFAULT NULL,
    max_price        numeric DEFAULT NULL,
    unit_price       numeric DEFAULT NULL,
    amount           numeric DEFAULT NULL,
    remember         boolean DEFAULT false,
    currency         text    DEFAULT NULL,
    store            text    DEFAULT NULL
) RETURNS vend.outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_purchase';
COMMENT ON FUNCTION vend.try_purchase(@key, @key, bigint, uuid, text, boolean, bigint, numeric, numeric, numeric, boolean, text, text) IS
    'Sells qty units of an item to a buyer, or returns the refusal as a status and leaves the transaction usable';
