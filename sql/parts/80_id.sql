CREATE FUNCTION vend.uuid_v7() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'vend_uuid_v7';
COMMENT ON FUNCTION vend.uuid_v7() IS 'Makes a new time-ordered id (RFC 9562, version 7)';

CREATE FUNCTION vend.id_from(name text) RETURNS uuid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vend_id_from';
COMMENT ON FUNCTION vend.id_from(text) IS
    'Returns the id that belongs to a name of the caller''s, such as an order number (RFC 9562, version 5)';
