-- The overloads are those of a sale: text for literals and untyped parameters, "any" for typed keys.

CREATE FUNCTION vend.available(item @key, store text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_available';
COMMENT ON FUNCTION vend.available(@key, text) IS
    'Returns the units of an item that a sale would find now. The row of an escrow item alone does not say';

CREATE FUNCTION vend.set_lock_mode(item @key, mode text, store text DEFAULT NULL) RETURNS void
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_set_lock_mode';
COMMENT ON FUNCTION vend.set_lock_mode(@key, text, text) IS
    'Sets the lock mode of an item: atomic, pessimistic, optimistic or escrow. With NULL the call or the setting decides';

CREATE FUNCTION vend.settle(store text DEFAULT NULL) RETURNS bigint
    LANGUAGE c @writes AS 'MODULE_PATHNAME', 'vend_settle';
COMMENT ON FUNCTION vend.settle(text) IS
    'Adds what escrow items have sold to their rows, and returns the number of deltas that were folded in';

CREATE FUNCTION vend.stat_items(
    OUT store text, OUT item text, OUT available bigint, OUT pending bigint, OUT waiting bigint,
    OUT reserved bigint, OUT refused bigint, OUT settled bigint, OUT unsettled bigint,
    OUT settle_lag interval, OUT worker_missing interval
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'vend_stat_items';
COMMENT ON FUNCTION vend.stat_items() IS 'The rows of vend.stat_item';
REVOKE EXECUTE ON FUNCTION vend.stat_items() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vend.stat_items() TO pg_monitor;

CREATE VIEW vend.stat_item AS SELECT * FROM vend.stat_items();
GRANT SELECT ON vend.stat_item TO pg_monitor;
COMMENT ON VIEW vend.stat_item IS 'One row for each escrow item of this database that has a counter in shared memory';
COMMENT ON COLUMN vend.stat_item.available IS 'Units that a sale would find now; null while the counter is not loaded';
COMMENT ON COLUMN vend.stat_item.pending IS 'Units taken by transactions that have not ended';
COMMENT ON COLUMN vend.stat_item.waiting IS 'Sessions that wait for pending units';
COMMENT ON COLUMN vend.stat_item.reserved IS 'Units taken since the counter came into memory, whether they were given back or not';
COMMENT ON COLUMN vend.stat_item.refused IS 'Sales refused as sold_out or all_pending since then';
COMMENT ON COLUMN vend.stat_item.settled IS 'Deltas folded into the row since then';
COMMENT ON COLUMN vend.stat_item.unsettled IS 'Committed deltas that are not in the row yet';
COMMENT ON COLUMN vend.stat_item.settle_lag IS 'How long there have been unsettled deltas; null if there are none';
COMMENT ON COLUMN vend.stat_item.worker_missing IS
    'How long a settling worker has been needed and none has come; null if there is one, or none is needed';
