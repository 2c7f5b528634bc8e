CREATE FUNCTION vend.create_store(
    name            text,
    item_key_type   regtype DEFAULT 'pg_catalog.text',
    wallet_key_type regtype DEFAULT 'pg_catalog.text',
    direct_writes   text    DEFAULT 'journal',
    wallets         boolean DEFAULT true,
    prices          boolean DEFAULT true,
    money_type      text    DEFAULT 'bigint',
    buyers          text    DEFAULT 'any'
) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_create_store';
COMMENT ON FUNCTION vend.create_store(text, regtype, regtype, text, boolean, boolean, text, text) IS
    'Creates the schema and the tables of a store, which the caller owns, and binds them';

CREATE FUNCTION vend.attach_store(
    name            text,
    items           regclass DEFAULT NULL,
    item_key        text     DEFAULT NULL,
    stock           text     DEFAULT 'stock',
    price           text     DEFAULT NULL,
    wallets         regclass DEFAULT NULL,
    wallet_key      text     DEFAULT NULL,
    balance         text     DEFAULT NULL,
    stock_version   text     DEFAULT NULL,
    version         text     DEFAULT NULL,
    lock_mode       text     DEFAULT NULL,
    add_columns     boolean  DEFAULT false,
    wallet_key_type regtype  DEFAULT NULL,
    money_type      text     DEFAULT NULL,
    direct_writes   text     DEFAULT 'journal',
    buyers          text     DEFAULT 'any',
    journal_opening boolean  DEFAULT true,
    balance_version text     DEFAULT NULL,
    item_currency   text     DEFAULT NULL,
    wallet_currency text     DEFAULT NULL,
    rls             text     DEFAULT 'owner',
    claimed         text     DEFAULT NULL,
    reserved        text     DEFAULT NULL,
    balance_claimed text     DEFAULT NULL,
    balance_reserved text    DEFAULT NULL,
    touch           text     DEFAULT NULL,
    balance_touch   text     DEFAULT NULL,
    unlimited       text     DEFAULT NULL
) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_attach_store';
COMMENT ON FUNCTION vend.attach_store(text, regclass, text, text, text, regclass, text, text, text, text, text, boolean, regtype, text, text, text, boolean, text, text, text, text, text, text, text, text, text, text, text) IS
    'Makes a store of tables that are there already: binds their columns and creates the ledger and the other tables of a store';

CREATE FUNCTION vend.reattach_store(
    name            text,
    items           regclass DEFAULT NULL,
    item_key        text     DEFAULT NULL,
    stock           text     DEFAULT NULL,
    price           text     DEFAULT NULL,
    wallets         regclass DEFAULT NULL,
    wallet_key      text     DEFAULT NULL,
    balance         text     DEFAULT NULL,
    stock_version   text     DEFAULT NULL,
    version         text     DEFAULT NULL,
    lock_mode       text     DEFAULT NULL,
    add_columns     boolean  DEFAULT false,
    direct_writes   text     DEFAULT NULL,
    buyers          text     DEFAULT NULL,
    journal_opening boolean  DEFAULT true,
    balance_version text     DEFAULT NULL,
    item_currency   text     DEFAULT NULL,
    wallet_currency text     DEFAULT NULL,
    rls             text     DEFAULT NULL,
    claimed         text     DEFAULT NULL,
    reserved        text     DEFAULT NULL,
    balance_claimed text     DEFAULT NULL,
    balance_reserved text    DEFAULT NULL,
    touch           text     DEFAULT NULL,
    balance_touch   text     DEFAULT NULL,
    unlimited       text     DEFAULT NULL
) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_reattach_store';
COMMENT ON FUNCTION vend.reattach_store(text, regclass, text, text, text, regclass, text, text, text, text, text, boolean, text, text, boolean, text, text, text, text, text, text, text, text, text, text, text) IS
    'Binds a store to its tables and columns after they have changed. An argument that is left out keeps its part of the binding, an empty name unbinds a column';

CREATE FUNCTION vend.journal_opening(store text DEFAULT NULL) RETURNS bigint
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_journal_opening';
COMMENT ON FUNCTION vend.journal_opening(text) IS
    'Records as adjustments the stocks and balances that the ledger does not explain, while others sell, and returns the number of entries';

CREATE FUNCTION vend.detach_store(name text) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_detach_store';
COMMENT ON FUNCTION vend.detach_store(text) IS
    'Ends the binding of a store: drops its triggers; its tables and their rows stay';

CREATE FUNCTION vend.grant_role("right" text, role regrole, store text DEFAULT NULL) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_grant_role';
COMMENT ON FUNCTION vend.grant_role(text, regrole, text) IS
    'Gives a role the right of a buyer, cashier, operator or auditor on a store';

CREATE FUNCTION vend.revoke_role("right" text, role regrole, store text DEFAULT NULL) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'vend_revoke_role';
COMMENT ON FUNCTION vend.revoke_role(text, regrole, text) IS
    'Takes a right on a store from a role';
