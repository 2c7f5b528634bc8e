CREATE FUNCTION vend.guard() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'vend_guard';
COMMENT ON FUNCTION vend.guard() IS
    'Trigger on any table: refuses an UPDATE of a guarded column that does not say the version which the row has';

CREATE FUNCTION vend.guard_version(
    relation       regclass,
    version_column text,
    columns        text[],
    convention     text DEFAULT 'read'
) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_guard_version';
COMMENT ON FUNCTION vend.guard_version(regclass, text, text[], text) IS
    'Guards columns of a table against lost updates: an UPDATE of one must say which version of the row was read';

CREATE FUNCTION vend.unguard_version(relation regclass) RETURNS void
    LANGUAGE c @writes SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vend_unguard_version';
COMMENT ON FUNCTION vend.unguard_version(regclass) IS 'Removes the version guard from a table';

-- The search_path stays the caller's, as in the caller's own UPDATE: triggers of the table run under it.
CREATE FUNCTION vend.update_if(relation regclass, key @key, expected_version bigint, changes jsonb)
    RETURNS bigint
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_update_if';
COMMENT ON FUNCTION vend.update_if(regclass, @key, bigint, jsonb) IS
    'Changes columns of a row of a guarded table if it has the expected version, and returns the new one';
