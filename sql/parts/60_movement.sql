-- Overloads as in the sale: text for literals and untyped parameters, "any" for typed keys.

CREATE FUNCTION vend.deposit(wallet text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_deposit';
COMMENT ON FUNCTION vend.deposit(text, numeric, uuid, text) IS 'Adds an amount, in the store''s money, to a wallet';

CREATE FUNCTION vend.deposit(wallet "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_deposit';
COMMENT ON FUNCTION vend.deposit("any", numeric, uuid, text) IS 'Adds an amount, in the store''s money, to a wallet';

CREATE FUNCTION vend.restock(item text, qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_restock';
COMMENT ON FUNCTION vend.restock(text, bigint, uuid, text) IS 'Adds qty units to the stock of an item';

CREATE FUNCTION vend.restock(item "any", qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_restock';
COMMENT ON FUNCTION vend.restock("any", bigint, uuid, text) IS 'Adds qty units to the stock of an item';
