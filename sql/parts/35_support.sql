CREATE FUNCTION vend.call_support(internal) RETURNS internal
    LANGUAGE c STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vend_call_support';
COMMENT ON FUNCTION vend.call_support(internal) IS
    'Planner support for the functions that write: keeps a query from calling one more often, or less often, than it returns answers';
