#!/usr/bin/env bash
# 64 clients want one unit at the same moment, again and again, in each lock mode: G1, G5.
#
# The moment is forced. A referee locks the item's row until all clients have read that there is one unit and wait for the row;
# then it releases the lock. A gate before each item keeps the clients that are done from starting with the next item before the
# referee has locked its row.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib/store.sh"

clients=64
repetitions=${REPETITIONS:-200}
wait_seconds_max=180
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d stress_one_unit "$@"; }

psql -Xq -v ON_ERROR_STOP=1 -d postgres -c 'DROP DATABASE IF EXISTS stress_one_unit' -c 'CREATE DATABASE stress_one_unit'
sql <<SQL >"$dir/setup"
CREATE EXTENSION pg_vend;
$(store_sql text bigint)
INSERT INTO shop.item (id, price, stock)
    SELECT item_key(mode || ' ' || n), 5, 1
    FROM unnest(array['atomic', 'pessimistic', 'optimistic']) AS mode, generate_series(1, $repetitions) AS n;
INSERT INTO shop.wallet (id, balance) SELECT wallet_key(n), 5 * $repetitions FROM generate_series(0, $clients - 1) AS n;
CREATE TABLE heard (mode text, n bigint, client bigint, status text);

-- Runs as one session; its gates are its advisory locks.
CREATE PROCEDURE referee(mode text) LANGUAGE plpgsql AS \$\$
DECLARE
    deadline timestamptz;
BEGIN
    FOR n IN 1..$repetitions LOOP
        PERFORM FROM shop.item WHERE id = item_key(mode || ' ' || n) FOR UPDATE;
        PERFORM pg_advisory_unlock(n);
        deadline := clock_timestamp() + interval '$wait_seconds_max s';
        WHILE (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory') < $clients LOOP
            IF clock_timestamp() > deadline THEN
                RAISE EXCEPTION '% %: not all clients came', mode, n;
            END IF;
            PERFORM pg_sleep(0.002);
        END LOOP;
        COMMIT;
    END LOOP;
END
\$\$;
SQL

client_script() {
    cat <<SQL
\set n :n + 1
SELECT pg_advisory_xact_lock_shared(:n::bigint);
WITH o AS (SELECT status FROM vend.try_purchase(item_key('$1 ' || :n), wallet_key(:client_id), lock_mode => '$1'))
INSERT INTO heard SELECT '$1', :n, :client_id, status FROM o;
SQL
}

# Gate 0 is shut last and never opened: it says that all gates are shut. If the referee fails, its session ends and all gates open,
# so that the clients end in any case.
round() {
    local mode=$1 referee client status=0
    sql -v "mode=$mode" <<SQL >"$dir/referee" 2>&1 &
SET statement_timeout = 0;
DO 'BEGIN PERFORM pg_advisory_lock(n) FROM generate_series($repetitions, 0, -1) AS n; END';
CALL referee(:'mode');
SQL
    referee=$!
    until [ "$(sql -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 0")" = 1 ]; do
        kill -0 "$referee" || break
        sleep 0.05
    done
    client_script "$mode" >"$dir/client.sql"
    pgbench -n -M prepared -c "$clients" -j 2 -t "$repetitions" -D n=0 -f "$dir/client.sql" \
        stress_one_unit >"$dir/clients" 2>&1 &
    client=$!
    wait "$referee" || status=1
    wait "$client" || status=1
    [ "$status" -eq 0 ] || cat "$dir/referee" "$dir/clients"
    return "$status"
}

# Prints a row for each fault.
wrong() {
    sql <<SQL
SELECT 'item ' || id || ' has stock ' || stock FROM shop.item WHERE stock <> 0;
SELECT 'item ' || i.id || ' has ' || count(l.id) || ' ledger rows of a sale' FROM shop.item i
    LEFT JOIN shop.ledger l ON l.item = i.id AND l.kind = 'purchase' AND l.qty = -1 AND l.amount = -5
    GROUP BY i.id HAVING count(l.id) <> 1;
SELECT 'clients heard of ' || count(*) FILTER (WHERE status = 'purchased') || ' sales and '
    || count(*) FILTER (WHERE status = 'sold_out') || ' times sold_out of ' || mode || ' ' || n FROM heard
    GROUP BY mode, n
    HAVING count(*) FILTER (WHERE status = 'purchased') <> 1 OR count(*) FILTER (WHERE status = 'sold_out') <> $clients - 1;
SELECT 'clients heard of ' || count(DISTINCT (mode, n)) || ' items' FROM heard HAVING count(DISTINCT (mode, n)) <> 3 * $repetitions;
SELECT 'client ' || h.client || ' heard of a sale of ' || h.mode || ' ' || h.n || ' that another has' FROM heard h
    JOIN shop.ledger l ON l.kind = 'purchase' AND l.item = item_key(h.mode || ' ' || h.n)
    WHERE h.status = 'purchased' AND l.wallet <> wallet_key(h.client);
SELECT 'wallets have ' || sum(balance) FROM shop.wallet HAVING sum(balance) <> 5 * $repetitions * ($clients - 3);
SELECT 'audit: ' || a FROM vend.audit('shop') AS a;
SQL
}

for mode in atomic pessimistic optimistic; do
    started=$SECONDS
    round "$mode"
    echo "$mode: $repetitions times $clients clients and one unit, $((SECONDS - started)) s"
done
wrong >"$dir/wrong"
head -n 50 "$dir/wrong"
[ ! -s "$dir/wrong" ]
