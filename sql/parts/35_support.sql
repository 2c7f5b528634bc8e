CREATE FUNCTION vend.call_support(internal) RETURNS internal
    LANGUAGE c STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vend_call_support';
COMMENT ON FUNCTION vend.call_support(internal) IS
    'What the planner asks about a function that writes: keeps queries from calling it more often, or less often, than they tell';
