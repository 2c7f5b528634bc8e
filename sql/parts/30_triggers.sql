CREATE FUNCTION vend.journal() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_journal';
COMMENT ON FUNCTION vend.journal() IS
    'Trigger on items and wallets: records in the ledger, as adjustments, what plain SQL changes of stock and balance, or refuses it';

CREATE FUNCTION vend.append_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_append_only';
COMMENT ON FUNCTION vend.append_only() IS 'Trigger on the ledger: refuses UPDATE, DELETE and TRUNCATE';

CREATE FUNCTION vend.invalidate_counters() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_invalidate_counters';
COMMENT ON FUNCTION vend.invalidate_counters() IS
    'Trigger on items that always fires: when the journal did not see a write, it has the counters of escrow items loaded again';

CREATE FUNCTION vend.delta() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_delta';
COMMENT ON FUNCTION vend.delta() IS
    'Trigger on the deltas of escrow items that always fires: refuses direct writes; after those of replication it has the counters loaded again';

CREATE FUNCTION vend.key_era() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_key_era';
COMMENT ON FUNCTION vend.key_era() IS
    'Trigger on the eras of keys that always fires: refuses UPDATE, DELETE and TRUNCATE; has all sessions check whether a key has belonged to two rows';

CREATE FUNCTION vend.registry_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_registry_changed';
COMMENT ON FUNCTION vend.registry_changed() IS 'Trigger on vend.store: has all sessions read the registry again';

-- For each row: a replica's apply worker fires no statement triggers. TRUNCATE has no rows.
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON vend.store
    FOR EACH ROW EXECUTE FUNCTION vend.registry_changed();
CREATE TRIGGER registry_truncated AFTER TRUNCATE ON vend.store
    FOR EACH STATEMENT EXECUTE FUNCTION vend.registry_changed();
-- ALWAYS, so that a replica's apply worker invalidates its sessions as well.
ALTER TABLE vend.store ENABLE ALWAYS TRIGGER registry_changed;
ALTER TABLE vend.store ENABLE ALWAYS TRIGGER registry_truncated;
COMMENT ON TRIGGER registry_changed ON vend.store IS 'Has all sessions read the registry again';
COMMENT ON TRIGGER registry_truncated ON vend.store IS 'Has all sessions read the registry again';

CREATE FUNCTION vend.watch_migration() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_watch_migration';
COMMENT ON FUNCTION vend.watch_migration() IS
    'Event trigger: has a transaction that would break the binding of a store fail, unless it binds the tables again or ends the binding';

-- The tags are those of the statements that can change a bound table, drop one, or drop something that
-- one depends on. DROP EXTENSION is not among them: it must work where the library is gone.
CREATE EVENT TRIGGER vend_migration ON ddl_command_start WHEN TAG IN (
    'CREATE TABLE', 'ALTER TABLE', 'DROP TABLE', 'ALTER INDEX', 'DROP INDEX',
    'CREATE TRIGGER', 'ALTER TRIGGER', 'DROP TRIGGER', 'ALTER VIEW', 'DROP VIEW',
    'ALTER SCHEMA', 'DROP SCHEMA', 'DROP OWNED',
    'ALTER TYPE', 'DROP TYPE', 'ALTER DOMAIN', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY',
    'DROP FUNCTION', 'DROP ROUTINE'
) EXECUTE FUNCTION vend.watch_migration();
COMMENT ON EVENT TRIGGER vend_migration IS 'Has a transaction that would break the binding of a store fail';
