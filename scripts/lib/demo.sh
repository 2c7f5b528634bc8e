# shellcheck shell=bash
# The rounds of scripts/demo, which sets these:
: "${clients:?}" "${units:?}" "${buyers:?}" "${attempts:?}" "${keep=}"

modes=(atomic pessimistic optimistic escrow)
# How long a commit takes: as long as on this machine, or with a delay in each flush of the WAL. The naive
# shop sells at the first only: what it gets wrong does not depend on that.
own=(naive "${modes[@]}")
slow=("${modes[@]}")
delay_us=1000
# Each client makes the same number of attempts. The naive shop would take payment for all of them, one commit
# after the other: a few are enough to show it.
each=$(((attempts + clients - 1) / clients))
naive_each=$(((3 * units + clients - 1) / clients))
failures=0

demo() {
    mirror_postgres "$PG_VEND_WORK/root"
    say "building pg_vend for $("$PG_CONFIG" --version)"
    build >"$PG_VEND_WORK/build.log" 2>&1 || fail "the build failed" "$(cat "$PG_VEND_WORK/build.log")"
    # slow_flush knows a flush of the WAL by the way it is made
    start_cluster demo "max_connections = $((clients + 20))" "fsync = on" "wal_sync_method = fdatasync"
    export PGDATABASE=demo
    createdb -h "$PGHOST" -U "$PGUSER" demo
    set_up | sql >"$PG_VEND_WORK/setup.log" || fail "the shops could not be set up"
    run_rounds own "${own[@]}"
    restart "$delay_us"
    run_rounds slow "${slow[@]}"
    print_tables
    go_on
    [ "$failures" -eq 0 ]
}

build() {
    build_extension . && make -C bench/module -s PG_CONFIG="$PG_CONFIG" slow_flush.so
}

# restart DELAY: the server, which from then on takes as many microseconds longer for each flush of the WAL.
restart() {
    stop_cluster "$PGHOST/data"
    (
        [ "$1" -eq 0 ] || export LD_PRELOAD=$PWD/bench/module/slow_flush.so SLOW_FLUSH_US=$1
        run_cluster demo
    ) || fail "the server did not start again"
}

sql() { psql -XAtq -F ' ' -v ON_ERROR_STOP=1 "$@"; }

# Each round sells an item of its own, with the same number of units. The naive shop has the least
# that a shop can have: what it gets wrong needs no more.
set_up() {
    cat <<SQL
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode)
    SELECT 'drop-' || pace || '-' || mode, 10, $units, mode
    FROM unnest(array['own', 'slow']) AS pace, unnest(string_to_array('${modes[*]}', ' ')) AS mode;
INSERT INTO shop.wallet (id, balance) SELECT buyer, 1000000000 FROM generate_series(1, $buyers) AS buyer;
CREATE TABLE outcome (item text, status text);
CREATE SCHEMA naive;
CREATE TABLE naive.item (id text PRIMARY KEY, stock bigint);
CREATE TABLE naive.sale (item text, buyer text, at timestamptz DEFAULT clock_timestamp());
INSERT INTO naive.item VALUES ('drop-own-naive', $units);
VACUUM ANALYZE;
CHECKPOINT;
SQL
}

# One attempt to buy. The naive shop's two requests have a moment between them, as they have in an
# application that reads, decides and writes.
attempt_naive() {
    cat <<SQL
\set buyer random(1, $buyers)
SELECT stock FROM naive.item WHERE id = '$1' \gset
\if :stock > 0
    \sleep 3 ms
    BEGIN;
    UPDATE naive.item SET stock = :stock - 1 WHERE id = '$1';
    INSERT INTO naive.sale (item, buyer) VALUES ('$1', :buyer);
    COMMIT;
\endif
SQL
}

# What was answered is kept where it is neither of the two expected answers.
attempt_vend() {
    cat <<SQL
\set buyer random(1, $buyers)
WITH o AS (SELECT status FROM vend.try_purchase('$1', :buyer))
INSERT INTO outcome SELECT '$1', status FROM o WHERE status NOT IN ('purchased', 'sold_out');
SQL
}

# run_rounds PACE MODE...
run_rounds() {
    local pace=$1 mode
    shift
    for mode; do run_round "$pace" "$mode"; done
}

run_round() {
    local pace=$1 mode=$2 item=drop-$1-$2 dir=$PG_VEND_WORK/demo/$1-$2 each=$each attempts pid status=0
    mkdir "$dir"
    case $mode in
        naive)
            [ "$naive_each" -gt "$each" ] || each=$naive_each
            attempt_naive "$item"
            ;;
        *) attempt_vend "$item" ;;
    esac >"$dir/attempt.sql"
    attempts=$((each * clients))
    pgbench -n -M prepared -c "$clients" -j "$(threads)" -t "$each" -f "$dir/attempt.sql" \
        --log --log-prefix="$dir/log" >"$dir/pgbench" 2>&1 &
    pid=$!
    follow "$mode$([ "$pace" = own ] || echo ", slow")" "$dir" "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq 0 ] || fail "pgbench failed in the round $pace-$mode" "$(cat "$dir/pgbench")"
    measure "$mode" "$item" "$dir" >"$dir/row"
}

# More threads than clients are an error, more than processors no use.
threads() { echo $(($(nproc) < clients ? $(nproc) : clients)); }

# sales MODE ITEM
sales() {
    case $1 in
        naive) echo "naive.sale WHERE item = '$2'" ;;
        *) echo "shop.ledger WHERE kind = 'purchase' AND item = '$2'" ;;
    esac
}

# follow LABEL DIR PID: a line redrawn while that pgbench runs, or one every few seconds where lines
# are not redrawn.
follow() {
    local label=$1 dir=$2 pid=$3 pause=2 redraw='' end='\n' tried
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
    tried=$({ cat "$dir"/log.* 2>/dev/null || :; } | wc -l)
    # shellcheck disable=SC2059
    printf "$redraw%-17s [%-30s] %6d of %d attempts$end" "$label" \
        "$(printf '%*s' $((tried * 30 / attempts)) '' | tr ' ' '#')" "$tried" "$attempts" >&2
}

# measure MODE ITEM DIR: its row of the table. Rate and latencies are those of the rush: from the first
# sale to the last one. After that every answer is the same cheap one.
measure() {
    local mode=$1 item=$2 dir=$3 sold first last p50 p99 again=- verdict
    read -r sold first last < <(sql -c "SELECT count(*), coalesce(extract(epoch FROM min(at)), 0),
        coalesce(extract(epoch FROM max(at)), 0) FROM $(sales "$mode" "$item")")
    read -r p50 p99 < <(percentiles "$last" "$dir"/log.*)
    case $mode in
        naive) verdict=$(naive_verdict "$sold") ;;
        *)
            again=$(sql -c "SELECT count(*) FROM outcome WHERE item = '$item' AND status IN ($may_try_again)")
            verdict=$(vend_verdict "$item" "$sold")
            ;;
    esac
    row "$mode" "$attempts" "$sold" $((sold > units ? sold - units : 0)) "$again" \
        "$(awk -v n="$sold" -v s="$first" -v e="$last" 'BEGIN { if (e > s) printf "%d", n / (e - s); else print "-" }')" \
        "$p50" "$p99" "$verdict"
}

# Answers to which a client does so; the demo's clients do not.
may_try_again="'conflict', 'all_held'"

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

# vend_verdict ITEM SOLD. Besides audit(): what is left and what was sold make what there was, and nobody
# heard of a fault.
vend_verdict() {
    local item=$1 sold=$2 findings left other
    findings=$(sql -c "SELECT count(*) FROM vend.audit('shop')")
    left=$(sql -c "SELECT vend.available('$item')")
    other=$(sql -c "SELECT string_agg(DISTINCT status, ', ') FROM outcome
        WHERE item = '$item' AND status NOT IN ($may_try_again)")
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

# print_table PACE MODE...
print_table() {
    local pace=$1 mode
    shift
    row "" attempts sold oversold "try again" purchases/s "p50 ms" "p99 ms" verdict
    for mode; do cat "$PG_VEND_WORK/demo/$pace-$mode/row"; done
    echo
}

print_tables() {
    echo
    echo "$units units, $buyers buyers, $clients concurrent clients; the same sale $((${#own[@]} + ${#slow[@]})) times"
    echo
    echo "Commits as this machine makes them:"
    print_table own "${own[@]}"
    echo "$((delay_us / 1000)) ms added to each flush of the WAL, as by a slower disk or a synchronous replica:"
    print_table slow "${slow[@]}"
    echo "purchases/s, p50 and p99 are those of the rush, from the first sale to the last."
    echo "try again: answered conflict or all_held, to which a client does."
    [ ! -e "$PG_VEND_WORK/demo/wrong" ] || { failures=1; echo "pg_vend did not keep its promise: see the verdicts."; }
}

go_on() {
    if [ -n "$keep" ]; then
        restart 0
        touch "$PG_VEND_WORK/keep"
        echo "To go on: $(type -P psql) -h $PGHOST -U $PGUSER $PGDATABASE" \
            "(when you are done: kill -QUIT $(head -n 1 "$PGHOST/data/postmaster.pid"); rm -r $PG_VEND_WORK)"
    else
        echo "To go on: sudo make -f Makefile.pgxs install, then CREATE EXTENSION pg_vend; README.md makes the first sale."
    fi
}
