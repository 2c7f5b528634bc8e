CREATE FUNCTION vend.journal() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_journal';
COMMENT ON FUNCTION vend.journal() IS
    'On items and wallets: writes plain SQL changes of stock and balance to the ledger as adjustments, or refuses them';

CREATE FUNCTION vend.append_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_append_only';
COMMENT ON FUNCTION vend.append_only() IS 'On the ledger: refuses UPDATE, DELETE and TRUNCATE';

CREATE FUNCTION vend.invalidate_counters() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_invalidate_counters';
COMMENT ON FUNCTION vend.invalidate_counters() IS
    'On items, always: what is written without the journal makes the counters of escrow items be read again';

CREATE FUNCTION vend.delta() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_delta';
COMMENT ON FUNCTION vend.delta() IS
    'On the deltas of escrow items, always: refuses direct writes; those of replication make the counters be read again';

CREATE FUNCTION vend.key_era() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_key_era';
COMMENT ON FUNCTION vend.key_era() IS
    'On the eras of keys, always: refuses UPDATE, DELETE and TRUNCATE; makes all sessions look whether a key has belonged to two rows';

CREATE FUNCTION vend.registry_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_registry_changed';
COMMENT ON FUNCTION vend.registry_changed() IS 'On vend.store: makes all sessions read the registry again';

-- For each row: a replica's apply worker fires no statement triggers. TRUNCATE has no rows.
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON vend.store
    FOR EACH ROW EXECUTE FUNCTION vend.registry_changed();
CREATE TRIGGER registry_truncated AFTER TRUNCATE ON vend.store
    FOR EACH STATEMENT EXECUTE FUNCTION vend.registry_changed();
-- ALWAYS, so that a replica's apply worker invalidates its sessions as well.
ALTER TABLE vend.store ENABLE ALWAYS TRIGGER registry_changed;
ALTER TABLE vend.store ENABLE ALWAYS TRIGGER registry_truncated;
COMMENT ON TRIGGER registry_changed ON vend.store IS 'Makes all sessions read the registry again';
COMMENT ON TRIGGER registry_truncated ON vend.store IS 'Makes all sessions read the registry again';
