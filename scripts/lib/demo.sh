# shellcheck shell=bash
# The rounds of scripts/demo, which sets these:
: "${clients:?}" "${units:?}" "${buyers:?}" "${attempts:?}" "${keep=}"

rounds=(naive atomic pessimistic optimistic)
each=$(((attempts + clients - 1) / clients)) # attempts of one client
attempts=$((each * clients))
failures=0

demo() {
    mirror_postgres "$PG_VEND_WORK/root"
    say "building pg_vend for $("$PG_CONFIG" --version)"
    build_extension . >"$PG_VEND_WORK/build.log" 2>&1 || fail "the build failed" "$(cat "$PG_VEND_WORK/build.log")"
    start_cluster demo "max_connections = $((clients + 20))"
    export PGDATABASE=demo
    createdb -h "$PGHOST" -U "$PGUSER" demo
    set_up | sql >"$PG_VEND_WORK/setup.log" || fail "the shops could not be set up"
    local round
    for round in "${rounds[@]}"; do run_round "$round"; done
    print_table
    go_on
    [ "$failures" -eq 0 ]
}

sql() { psql -XAtq -F ' ' -v ON_ERROR_STOP=1 "$@"; }

# Each round sells an item of its own, with the same number of units. The naive shop has the least
# that a shop can have: what it gets wrong needs no more.
set_up() {
    cat <<SQL
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock)
    SELECT 'drop-' || mode, 10, $units FROM unnest(array['atomic', 'pessimistic', 'optimistic']) AS mode;
INSERT INTO shop.wallet (id, balance) SELECT buyer, 1000000000 FROM generate_series(1, $buyers) AS buyer;
CREATE TABLE outcome (mode text, status text);
CREATE SCHEMA naive;
CREATE TABLE naive.item (id text PRIMARY KEY, stock bigint);
CREATE TABLE naive.sale (item text, buyer text, at timestamptz DEFAULT clock_timestamp());
INSERT INTO naive.item VALUES ('drop-naive', $units);
VACUUM ANALYZE;
CHECKPOINT;
SQL
}

# One attempt to buy. The naive shop's two requests have a moment between them, as they have in an
# application that reads, decides and writes.
attempt_naive() {
    cat <<SQL
\set buyer random(1, $buyers)
SELECT stock FROM naive.item WHERE id = 'drop-naive' \gset
\if :stock > 0
    \sleep 3 ms
    BEGIN;
    UPDATE naive.item SET stock = :stock - 1 WHERE id = 'drop-naive';
    INSERT INTO naive.sale (item, buyer) VALUES ('drop-naive', :buyer);
    COMMIT;
\endif
SQL
}

# What was answered is kept where it is neither of the two expected answers.
attempt_vend() {
    cat <<SQL
\set buyer random(1, $buyers)
WITH o AS (SELECT status FROM vend.try_purchase('drop-$1', :buyer, lock_mode => '$1'))
INSERT INTO outcome SELECT '$1', status FROM o WHERE status NOT IN ('purchased', 'sold_out');
SQL
}

run_round() {
    local round=$1 dir=$PG_VEND_WORK/demo/$1 pid status=0
    mkdir "$dir"
    case $round in
        naive) attempt_naive ;;
        *) attempt_vend "$round" ;;
    esac >"$dir/attempt.sql"
    pgbench -n -M prepared -c "$clients" -j "$(threads)" -t "$each" -f "$dir/attempt.sql" \
        --log --log-prefix="$dir/log" >"$dir/pgbench" 2>&1 &
    pid=$!
    follow "$round" "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq 0 ] || fail "pgbench failed in the round $round" "$(cat "$dir/pgbench")"
    measure "$round" >"$dir/row"
}

# More threads than clients are an error, more than processors no use.
threads() { echo $(($(nproc) < clients ? $(nproc) : clients)); }

sales() {
    case $1 in
        naive) echo "naive.sale" ;;
        *) echo "shop.ledger WHERE kind = 'purchase' AND item = 'drop-$1'" ;;
    esac
}

# follow ROUND PID: a line redrawn while that pgbench runs, or one every few seconds where lines
# are not redrawn.
follow() {
    local round=$1 pid=$2 pause=2 redraw='' end='\n' tried
    [ ! -t 2 ] || { pause=0.2 redraw='\r\033[K' end=''; }
    while kill -0 "$pid" 2>/dev/null; do
        progress
        sleep "$pause"
    done
    progress
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

progress() {
    # there is no log yet when pgbench has just been started
    tried=$({ cat "$PG_VEND_WORK/demo/$round"/log.* 2>/dev/null || :; } | wc -l)
    # shellcheck disable=SC2059
    printf "$redraw%-12s [%-30s] %6d of %d attempts$end" "$round" \
        "$(printf '%*s' $((tried * 30 / attempts)) '' | tr ' ' '#')" "$tried" "$attempts" >&2
}

# measure ROUND: its row of the table. Rate and latencies are those of the rush: from the first sale
# to the last one. After that every answer is the same cheap one.
measure() {
    local round=$1 sold first last p50 p99 conflicts=- verdict
    read -r sold first last < <(sql -c "SELECT count(*), coalesce(extract(epoch FROM min(at)), 0),
        coalesce(extract(epoch FROM max(at)), 0) FROM $(sales "$round")")
    read -r p50 p99 < <(percentiles "$last" "$PG_VEND_WORK/demo/$round"/log.*)
    case $round in
        naive) verdict=$(naive_verdict "$sold") ;;
        *)
            conflicts=$(sql -c "SELECT count(*) FROM outcome WHERE mode = '$round' AND status = 'conflict'")
            verdict=$(vend_verdict "$round")
            ;;
    esac
    row "$round" "$attempts" "$sold" $((sold > units ? sold - units : 0)) "$conflicts" \
        "$(awk -v n="$sold" -v s="$first" -v e="$last" 'BEGIN { if (e > s) printf "%d", n / (e - s); else print "-" }')" \
        "$p50" "$p99" "$verdict"
}

# percentiles UNTIL LOG...: p50 and p99, in ms, of the attempts that ended by then. The fields of a
# line: client, number, latency in us, script, end in s, and the us of that second.
percentiles() {
    local until=$1
    shift
    cat "$@" | awk -v until="$until" '$5 + $6 / 1e6 <= until { print $3 }' | sort -n |
        awk '{ us[NR] = $1 }
            function at(p) { return us[int((NR - 1) * p) + 1] / 1000 }
            END { if (NR) printf "%.1f %.1f\n", at(0.50), at(0.99); else print "- -" }'
}

naive_verdict() {
    if [ "$1" -gt "$units" ]; then
        echo "$(($1 - units)) units sold that never existed"
    else
        echo "it was lucky this time"
    fi
}

# Besides audit(): what is left and what was sold make what there was, and nobody heard of a fault.
vend_verdict() {
    local findings left other
    findings=$(sql -c "SELECT count(*) FROM vend.audit('shop')")
    left=$(sql -c "SELECT stock FROM shop.item WHERE id = 'drop-$1'")
    other=$(sql -c "SELECT string_agg(DISTINCT status, ', ') FROM outcome WHERE mode = '$1' AND status <> 'conflict'")
    if [ "$findings" -gt 0 ]; then
        echo "audit: $findings findings"
    elif [ $((left + sold)) -ne "$units" ]; then
        echo "$left left and $sold sold of $units"
    elif [ -n "$other" ]; then
        echo "unexpected answers: $other"
    else
        echo "audit: nothing to report"
        return
    fi
    touch "$PG_VEND_WORK/demo/wrong"
}

row() { printf '%-12s %9s %7s %9s %10s %12s %8s %8s  %s\n' "$@"; }

print_table() {
    local round
    echo
    echo "$units units, $buyers buyers, $clients concurrent clients; the same sale ${#rounds[@]} times"
    echo
    row "" attempts sold oversold conflicts purchases/s "p50 ms" "p99 ms" verdict
    for round in "${rounds[@]}"; do cat "$PG_VEND_WORK/demo/$round/row"; done
    echo
    echo "purchases/s, p50 and p99 are those of the rush, from the first sale to the last."
    [ ! -e "$PG_VEND_WORK/demo/wrong" ] || { failures=1; echo "pg_vend did not keep its promise: see the verdicts."; }
}

go_on() {
    if [ -n "$keep" ]; then
        touch "$PG_VEND_WORK/keep"
        echo "To go on: $(type -P psql) -h $PGHOST -U $PGUSER $PGDATABASE" \
            "(when you are done: kill -QUIT $(head -n 1 "$PGHOST/data/postmaster.pid"); rm -r $PG_VEND_WORK)"
    else
        echo "To go on: sudo make -f Makefile.pgxs install, then CREATE EXTENSION pg_vend; README.md makes the first sale."
    fi
}
