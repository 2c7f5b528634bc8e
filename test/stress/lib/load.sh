# shellcheck shell=bash
# shellcheck disable=SC2154 # the scenario sets these
# Many clients that buy in one store for some seconds, and exact accounting afterwards.
#
# A scenario sets $database, $clients, $seconds, $ids and pgbench_options, defines the functions below, and calls run_rounds.
#
#   set_up          prints the SQL that makes the store
#   draws           prints what every script draws before it does anything
#   write_scripts   calls script for each of them
#   wrong           prints a row for each fault
#   unheard         prints a row for each answer that nobody has heard, though the load is meant to meet it
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rounds_max=5

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$database" "$@"; }

# script WEIGHT NAME: makes a script of the draws and of stdin; clients choose it with that weight.
script() {
    { draws; cat; } >"$dir/$2.sql"
    scripts+=(-f "$dir/$2.sql@$1")
}

# Makes a new database, puts it under load, and accounts for every unit and coin.
run_round() {
    psql -Xq -v ON_ERROR_STOP=1 -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
    set_up | sql >"$dir/setup"
    scripts=()
    write_scripts
    if ! pgbench -n -c "$clients" -j 2 -T "$seconds" "${pgbench_options[@]}" "${scripts[@]}" "$database" >"$dir/pgbench" 2>&1 ||
        grep -q aborted "$dir/pgbench"; then
        cat "$dir/pgbench"
        return 1
    fi
    sql -F ' ' -c 'SELECT call, status, count(*) FROM heard GROUP BY 1, 2 ORDER BY 1, 2'
    wrong >"$dir/wrong"
    head -n 50 "$dir/wrong"
    [ ! -s "$dir/wrong" ]
}

# A machine may be too slow to meet everything in that time. Then another round takes twice as long, with twice as many ids.
run_rounds() {
    local round
    for ((round = 1; round <= rounds_max; round++)); do
        run_round
        unheard >"$dir/unheard"
        [ -s "$dir/unheard" ] || return 0
        echo "round $round, $seconds s:"
        cat "$dir/unheard"
        seconds=$((2 * seconds)) ids=$((2 * ids))
    done
    return 1
}
