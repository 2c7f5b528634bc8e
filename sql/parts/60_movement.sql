-- Overloads as in the sale: text for literals and untyped parameters, "any" for typed keys.

CREATE FUNCTION vend.deposit(wallet text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_deposit';
COMMENT ON FUNCTION vend.deposit(text, numeric, uuid, text) IS
    'Adds an amount, in the store''s money, to a wallet';

CREATE FUNCTION vend.deposit(wallet "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_deposit';
COMMENT ON FUNCTION vend.deposit("any", numeric, uuid, text) IS
    'Adds an amount, in the store''s money, to a wallet';

CREATE FUNCTION vend.withdraw(wallet text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_withdraw';
COMMENT ON FUNCTION vend.withdraw(text, numeric, uuid, text) IS
    'Takes an amount, in the store''s money, from a wallet, or raises the refusal';

CREATE FUNCTION vend.withdraw(wallet "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_withdraw';
COMMENT ON FUNCTION vend.withdraw("any", numeric, uuid, text) IS
    'Takes an amount, in the store''s money, from a wallet, or raises the refusal';

CREATE FUNCTION vend.try_withdraw(wallet text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_withdraw';
COMMENT ON FUNCTION vend.try_withdraw(text, numeric, uuid, text) IS
    'Takes an amount from a wallet, or returns the refusal as a status';

CREATE FUNCTION vend.try_withdraw(wallet "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_withdraw';
COMMENT ON FUNCTION vend.try_withdraw("any", numeric, uuid, text) IS
    'Takes an amount from a wallet, or returns the refusal as a status';

CREATE FUNCTION vend.restock(item text, qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_restock';
COMMENT ON FUNCTION vend.restock(text, bigint, uuid, text) IS
    'Adds qty units to the stock of an item';

CREATE FUNCTION vend.restock(item "any", qty bigint, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_restock';
COMMENT ON FUNCTION vend.restock("any", bigint, uuid, text) IS
    'Adds qty units to the stock of an item';

CREATE FUNCTION vend.transfer(payer text, payee text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_transfer';
COMMENT ON FUNCTION vend.transfer(text, text, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or raises the refusal';

CREATE FUNCTION vend.transfer(payer text, payee "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_transfer';
COMMENT ON FUNCTION vend.transfer(text, "any", numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or raises the refusal';

CREATE FUNCTION vend.transfer(payer "any", payee text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_transfer';
COMMENT ON FUNCTION vend.transfer("any", text, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or raises the refusal';

CREATE FUNCTION vend.transfer(payer "any", payee "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_transfer';
COMMENT ON FUNCTION vend.transfer("any", "any", numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or raises the refusal';

CREATE FUNCTION vend.try_transfer(payer text, payee text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_transfer';
COMMENT ON FUNCTION vend.try_transfer(text, text, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or returns the refusal as a status';

CREATE FUNCTION vend.try_transfer(payer text, payee "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_transfer';
COMMENT ON FUNCTION vend.try_transfer(text, "any", numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or returns the refusal as a status';

CREATE FUNCTION vend.try_transfer(payer "any", payee text, amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_transfer';
COMMENT ON FUNCTION vend.try_transfer("any", text, numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or returns the refusal as a status';

CREATE FUNCTION vend.try_transfer(payer "any", payee "any", amount numeric, id uuid DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_transfer';
COMMENT ON FUNCTION vend.try_transfer("any", "any", numeric, uuid, text) IS
    'Moves an amount from one wallet to another, or returns the refusal as a status';

CREATE FUNCTION vend.refund(purchase_id uuid, qty bigint DEFAULT NULL, id uuid DEFAULT NULL, item text DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_refund';
COMMENT ON FUNCTION vend.refund(uuid, bigint, uuid, text, text) IS
    'Gives back a purchase, whole or in part: stock, money and holding; raises the refusal';

CREATE FUNCTION vend.try_refund(purchase_id uuid, qty bigint DEFAULT NULL, id uuid DEFAULT NULL, item text DEFAULT NULL, store text DEFAULT NULL)
    RETURNS vend.movement_outcome
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_try_refund';
COMMENT ON FUNCTION vend.try_refund(uuid, bigint, uuid, text, text) IS
    'Gives back a purchase, whole or in part, or returns the refusal as a status';

CREATE FUNCTION vend.void_id(id uuid, store text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_void_id';
COMMENT ON FUNCTION vend.void_id(uuid, text) IS
    'Makes sure that nothing ever takes place under an id, such as an attempt that is still under way; raises VN008 if something has';
