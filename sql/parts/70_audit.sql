CREATE FUNCTION vend.audit(store text DEFAULT NULL)
    RETURNS TABLE (finding text, key text, expected numeric, found numeric, repair text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_audit';
COMMENT ON FUNCTION vend.audit(text) IS
    'Returns one row for each thing in a store that does not add up, and none if all stocks and balances equal their ledger. repair is the SQL that would mend it';
