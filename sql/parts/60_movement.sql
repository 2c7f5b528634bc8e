-- The overloads are those of a sale: text for literals and untyped parameters, "any" for typed keys.

CREATE FUNCTION vend.deposit(wallet @key, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_deposit';
COMMENT ON FUNCTION vend.deposit(@key, numeric, uuid, text) IS
    'Adds an amount, in the store''s money, to a wallet';

CREATE FUNCTION vend.withdraw(wallet @key, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_withdraw';
COMMENT ON FUNCTION vend.withdraw(@key, numeric, uuid, text) IS
    'Takes an amount, in the store''s money, from a wallet, or raises the refusal';

CREATE FUNCTION vend.try_withdraw(wallet @key, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_withdraw';
COMMENT ON FUNCTION vend.try_withdraw(@key, numeric, uuid, text) IS
    'Takes an amount from a wallet, or returns the refusal as a status';

CREATE FUNCTION vend.restock(item @key, qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_restock';
COMMENT ON FUNCTION vend.restock(@key, bigint, uuid, text) IS
    'Adds qty units to the stock of an item';

CREATE FUNCTION vend.write_off(item @key, qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_write_off';
COMMENT ON FUNCTION vend.write_off(@key, bigint, uuid, text) IS
    'Takes qty units that were not sold from the stock of an item, or raises the refusal';

CREATE FUNCTION vend.try_write_off(item @key, qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_write_off';
COMMENT ON FUNCTION vend.try_write_off(@key, bigint, uuid, text) IS
    'Takes qty units that were not sold from the stock of an item, or returns the refusal as a status';

CREATE FUNCTION vend.transfer(payer @key, payee @key, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_transfer';
COMMENT ON FUNCTION vend.transfer(@key, @key, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or raises the refusal';

CREATE FUNCTION vend.try_transfer(payer @key, payee @key, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_transfer';
COMMENT ON FUNCTION vend.try_transfer(@key, @key, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or returns the refusal as a status';

CREATE FUNCTION vend.refund(purchase_id uuid, qty bigint DEFAULT NULL, id uuid DEFAULT NULL, item text DEFAULT NULL, amount numeric DEFAULT NULL, restock boolean DEFAULT true, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_refund';
COMMENT ON FUNCTION vend.refund(uuid, bigint, uuid, text, numeric, boolean, text) IS
    'Gives back a purchase or a cart, whole or in part, or money alone, or raises the refusal';

CREATE FUNCTION vend.try_refund(purchase_id uuid, qty bigint DEFAULT NULL, id uuid DEFAULT NULL, item text DEFAULT NULL, amount numeric DEFAULT NULL, restock boolean DEFAULT true, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_try_refund';
COMMENT ON FUNCTION vend.try_refund(uuid, bigint, uuid, text, numeric, boolean, text) IS
    'Gives back a purchase or a cart, whole or in part, or returns the refusal as a status';

CREATE FUNCTION vend.void_id(id uuid, store text DEFAULT NULL) RETURNS void
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_void_id';
COMMENT ON FUNCTION vend.void_id(uuid, text) IS
    'Makes sure that nothing ever takes place under an id, not even an attempt that is still under way. Raises VN008 if something has taken place';
