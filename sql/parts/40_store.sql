CREATE FUNCTION vend.create_store(
    name            text,
    item_key_type   regtype DEFAULT 'pg_catalog.text',
    wallet_key_type regtype DEFAULT 'pg_catalog.text',
    direct_writes   text    DEFAULT 'journal',
    wallets         boolean DEFAULT true,
    prices          boolean DEFAULT true,
    money_type      text    DEFAULT 'bigint'
) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_create_store';
COMMENT ON FUNCTION vend.create_store(text, regtype, regtype, text, boolean, boolean, text) IS
    'Creates schema and tables of a store, owned by the caller, and binds them';

CREATE FUNCTION vend.detach_store(name text) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_detach_store';
COMMENT ON FUNCTION vend.detach_store(text) IS
    'Ends the binding of a store: its triggers go, its tables and their rows stay';

CREATE FUNCTION vend.grant_role("right" text, role regrole, store text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_grant_role';
COMMENT ON FUNCTION vend.grant_role(text, regrole, text) IS
    'Gives a role the right of a buyer, cashier, operator or auditor on a store';

CREATE FUNCTION vend.revoke_role("right" text, role regrole, store text DEFAULT NULL) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_revoke_role';
COMMENT ON FUNCTION vend.revoke_role(text, regrole, text) IS
    'Takes a right on a store from a role';
