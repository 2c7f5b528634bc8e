# shellcheck shell=bash
# The rounds of scripts/demo, which sets these:
: "${clients:?}" "${units:?}" "${buyers:?}" "${attempts:?}" "${picture:?}" "${keep=}"

modes=(atomic pessimistic optimistic escrow)
# A commit takes as long as on this machine, or longer by a delay in each flush of the WAL. The naive shop sells without
# the delay only, as its faults do not depend on that.
own=(naive "${modes[@]}")
slow=("${modes[@]}")
delay_us=1000
declare -A pace_name=([own]="commits as they are" [slow]="commits $((delay_us / 1000)) ms slower")
# The naive shop would take payment for all attempts, one commit after the other: a few are enough to show it.
naive_attempts=$((attempts < 3 * units ? attempts : 3 * units))
figures=$PG_VEND_WORK/figures
failures=0

demo() {
    mirror_postgres "$PG_VEND_WORK/root"
    say "building pg_vend for $("$PG_CONFIG" --version)"
    build >"$PG_VEND_WORK/build.log" 2>&1 || fail "the build failed" "$(cat "$PG_VEND_WORK/build.log")"
    # With this method slow_flush recognizes a flush of the WAL.
    start_cluster demo "max_connections = $((clients + 20))" "fsync = on" "wal_sync_method = fdatasync"
    export PGDATABASE=demo
    createdb -h "$PGHOST" -U "$PGUSER" demo
    set_up | sql >"$PG_VEND_WORK/setup.log" || fail "the shops could not be set up"
    run_rounds own "${own[@]}"
    restart "$delay_us"
    run_rounds slow "${slow[@]}"
    print_tables
    echo "The picture of it: $picture"
    go_on
    [ "$failures" -eq 0 ]
}

build() {
    build_extension . && make -C bench/module -s PG_CONFIG="$PG_CONFIG" slow_flush.so &&
        cmake -S sdk -B build/sdk -DCMAKE_BUILD_TYPE=MinSizeRel && cmake --build build/sdk -j "$(nproc)" --target flash_sale
}

# restart DELAY: restarts the server, whose flushes of the WAL then take as many microseconds longer.
restart() {
    stop_cluster "$PGHOST/data"
    (
        [ "$1" -eq 0 ] || export LD_PRELOAD=$PWD/bench/module/slow_flush.so SLOW_FLUSH_US=$1
        run_cluster demo
    ) || fail "the server did not start again"
}

sql() { psql -XAtq -F ' ' -v ON_ERROR_STOP=1 "$@"; }

# Each round sells an item of its own, with the same number of units. The naive shop has the least that a shop can have, which
# is enough to show its faults.
set_up() {
    cat <<SQL
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode)
    SELECT 'drop-' || pace || '-' || mode, 10, $units, mode
    FROM unnest(array['own', 'slow']) AS pace, unnest(string_to_array('${modes[*]}', ' ')) AS mode;
INSERT INTO shop.wallet (id, balance) SELECT buyer, 1000000000 FROM generate_series(1, $buyers) AS buyer;
CREATE SCHEMA naive;
CREATE TABLE naive.item (id text PRIMARY KEY, stock bigint);
CREATE TABLE naive.sale (item text, buyer text);
INSERT INTO naive.item VALUES ('drop-own-naive', $units);
VACUUM ANALYZE;
CHECKPOINT;
SQL
}

# run_rounds PACE MODE...
run_rounds() {
    local pace=$1 mode
    shift
    for mode; do run_round "$pace" "$mode"; done
}

# The naive shop's two requests have a moment between them, as they have in an application that reads, decides and
# writes. Each round draws the picture again.
run_round() {
    local pace=$1 mode=$2 item=drop-$1-$2 count=$attempts naive=''
    [ "$mode" != naive ] || count=$naive_attempts naive=--naive
    build/sdk/examples/flash_sale --item "$item" --name "$mode" --run "${pace_name[$pace]}" --threads "$clients" --attempts "$count" \
        --buyers "$buyers" ${naive:+"$naive"} --figures "$figures" --picture "$PG_VEND_WORK/result.${picture##*.}" \
        --title "The same sale in each mode: $units units, $clients clients" "dbname=$PGDATABASE" >"$PG_VEND_WORK/demo/$pace-$mode.table" ||
        fail "the clients failed in the round $pace-$mode"
    mv "$PG_VEND_WORK/result.${picture##*.}" "$PG_VEND_WORK/result"
    tail -n 1 "$figures" | measure "$mode" "$item" >"$PG_VEND_WORK/demo/$pace-$mode.row"
}

# sales MODE ITEM
sales() {
    case $1 in
        naive) echo "naive.sale WHERE item = '$2'" ;;
        *) echo "shop.ledger WHERE kind = 'purchase' AND item = '$2'" ;;
    esac
}

# measure MODE ITEM: makes the item's row of the table from its line of the figures. The database says how many units were sold. Rate
# and latencies count until the last unit was sold: after that every answer is the same cheap one.
measure() {
    local mode=$1 item=$2 name tried told rate p50 p99 answers sold again=- verdict
    IFS=$'\t' read -r _ name tried told rate p50 p99 answers
    sold=$(sql -c "SELECT count(*) FROM $(sales "$mode" "$item")")
    case $mode in
        naive) verdict=$(naive_verdict "$sold") ;;
        *)
            again=$(count_of "$may_try_again" "$answers")
            verdict=$(vend_verdict "$item" "$sold" "$told" "$answers")
            ;;
    esac
    row "$name" "$tried" "$sold" $((sold > units ? sold - units : 0)) "$again" \
        "$(printf '%.0f' "$rate")" "$(printf '%.1f' "$p50")" "$(printf '%.1f' "$p99")" "$verdict"
}

# These answers make a client try again; the demo's clients do not.
may_try_again='conflict|all_pending'

# count_of PATTERN ANSWERS: of "purchased 1000, sold_out 19000".
count_of() { tr ',' '\n' <<<"$2" | awk -v answer="^($1)\$" '$1 ~ answer { n += $2 } END { print n + 0 }'; }

naive_verdict() {
    if [ "$1" -gt "$units" ]; then
        echo "$(($1 - units)) units sold that never existed"
    else
        echo "it was lucky this time"
    fi
}

# vend_verdict ITEM SOLD TOLD ANSWERS: checks, besides audit(), that the units left and sold are those that there were, that the clients
# were told of as many sales, and that no client heard of a fault.
vend_verdict() {
    local item=$1 sold=$2 told=$3 answers=$4 findings left other
    findings=$(sql -c "SELECT count(*) FROM vend.audit('shop')")
    left=$(sql -c "SELECT vend.available('$item')")
    other=$(tr ',' '\n' <<<"$answers" | awk -v expected="^(purchased|sold_out|$may_try_again)\$" '$1 !~ expected { printf " %s", $1 }')
    if [ "$findings" -gt 0 ]; then
        echo "audit: $findings findings"
    elif [ $((left + sold)) -ne "$units" ]; then
        echo "$left left and $sold sold of $units"
    elif [ "$told" -ne "$sold" ]; then
        echo "$told sales answered, $sold made"
    elif [ -n "$other" ]; then
        echo "unexpected answers:$other"
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
    for mode; do cat "$PG_VEND_WORK/demo/$pace-$mode.row"; done
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
    echo "purchases/s, p50 and p99 are those of the rush, from the start until the last one was sold."
    echo "try again: answered conflict or all_pending, to which a client does."
    [ ! -e "$PG_VEND_WORK/demo/wrong" ] || { failures=1; echo "pg_vend did not keep its promise: see the verdicts."; }
}

go_on() {
    if [ -n "$keep" ]; then
        restart 0
        touch "$PG_VEND_WORK/keep"
        echo "To go on: $(type -P psql) -h $PGHOST -U $PGUSER $PGDATABASE" \
            "(when you are done: kill -QUIT $(head -n 1 "$PGHOST/data/postmaster.pid"); rm -r $PG_VEND_WORK)"
    else
        echo "To go on: sudo make install, then CREATE EXTENSION pg_vend; README.md makes the first sale."
    fi
}
