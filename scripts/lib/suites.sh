# shellcheck shell=bash
# The suites: how each kind of test is run, whole or by name, and what came of each test.
#
# A suite runs in the current directory, a built source tree, against the server that PGHOST names.
# It prints its log and adds a line for each test to the file $results: "ok NAME" or "failed NAME", or
# "broken WHAT" where no test could run.

results=${results:-/dev/null}

record() { echo "$1 $2" >>"$results"; }

# check NAME COMMAND...: one test that is one command.
check() {
    local name=$1
    shift
    echo "--- $name"
    if "$@"; then record ok "$name"; else record failed "$name"; fi
}

pgxs() { make -s PG_CONFIG="$PG_CONFIG" "$@"; }

# UNIT_SANITIZE=OFF   without the sanitizers and unoptimised, for those that compile it again and again
run_unit() {
    local filter=() flags="-O1 -g1"
    [ "${UNIT_SANITIZE:=ON}" = ON ] || flags=-O0
    mkdir -p build
    cmake -S . -B build/unit -DVEND_SANITIZE="$UNIT_SANITIZE" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="$flags" \
        -DCMAKE_UNITY_BUILD=ON -DPG_CONFIG="$PG_CONFIG" >build/unit.log ||
        { cat build/unit.log; record broken configure; return; }
    cmake --build build/unit --target vend_unit -j "$(nproc)" >build/unit.log ||
        { cat build/unit.log; record broken compile; return; }
    # the test's name may be a pattern of GoogleTest's, like Decision.*
    [ $# -eq 0 ] || filter=(-R "^$(sed 's/\./\\./g; s/\*/.*/g' <<<"$1")\$")
    ctest --test-dir build/unit --output-on-failure --timeout 600 "${filter[@]}" |& tee build/unit.log
    sed -En 's/.* Test +#[0-9]+: ([^ ]+) \.+ +Passed .*/ok \1/p; s/.* Test +#[0-9]+: ([^ ]+) \.+\*\*\*.*/failed \1/p' \
        build/unit.log >>"$results"
}

run_regress() { run_pg_regress regress REGRESS ISOLATION "$@"; }
run_isolation() { run_pg_regress isolation ISOLATION REGRESS "$@"; }

# The isolation specs once more, on stores that are not plain.
run_statements() {
    # batch_turn: there, batches take no turns; changed_rows: about plans, whatever the store; meant_store: about who may use
    # which store, and its roles are the whole server's
    run_specs_on owners_triggers statements test/isolation "${1:-$(specs_except 'batch_turn|changed_rows|meant_store')}"
}

# specs_except PATTERN: the names of the other isolation specs, in a line.
specs_except() {
    local names
    names=$(basename -as .spec test/isolation/specs/*.spec | grep -vxE "$1")
    echo "${names//$'\n'/ }"
}

# run_specs_on SQL STAGE INPUT [TEST]: in a database in which test/isolation/SQL.sql sees to the stores.
run_specs_on() {
    local sql=$1 stage=$2 input=$3
    shift 3
    if ! { psql -Xq -d postgres -c "DROP DATABASE IF EXISTS $stage" -c "CREATE DATABASE $stage" &&
        psql -Xq -v ON_ERROR_STOP=1 -d "$stage" -c 'CREATE EXTENSION pg_vend' -f "test/isolation/$sql.sql"; }; then
        record broken database
        return
    fi
    local regress_options=("ISOLATION_OPTS=--inputdir=$PWD/$input --outputdir=build/$stage --use-existing --dbname=$stage")
    run_pg_regress "$stage" ISOLATION REGRESS "$@"
}

# The specs of the row modes on items in escrow, with expected output of its own.
run_escrow() {
    local input=build/escrow_input spec name names=()
    rm -rf "$input"
    mkdir -p "$input/specs"
    ln -s "$PWD/test/isolation/expected_escrow" "$input/expected"
    for spec in test/isolation/specs/*.spec; do
        name=$(basename "$spec" .spec)
        case $name in
            escrow_* | detach_levels) ;; # about escrow as they are
            changed_rows) ;; # about plans, whatever the store
            guard_*) ;;  # about tables of the user's, and edits of an item
            attach_* | attached_*) ;; # of attached tables, as they are
            meant_store) ;; # about who may use which store
            mode_change | batch_as_read | batch_turn) ;; # about the row modes of an item, and arguments against them
            *)
                escrow_spec "$spec" >"$input/specs/$name.spec"
                names+=("$name")
                ;;
        esac
    done
    run_specs_on escrow_items escrow "$input" "${1:-${names[*]}}"
}

# escrow_spec SPEC: the spec as it is run on escrow items. Their own mode rules, so no call names one, and steps
# and permutations that differed by that are run once. What would depend on when the settling worker
# comes by is shown so that it does not: stock is the row and its deltas; the row's stock alone, stock_version and
# the item's triggers are left out; who wants the row waits for the worker; what is written as stock never happens to
# be there already. What is sold out is answered without a lock once its counter is loaded.
escrow_spec() {
    sed -E "s/,? *lock_mode => '(atomic|pessimistic|optimistic)'//g; s/(\w)_(pessimistic|optimistic)\b/\1_atomic/g
        s/(string_agg\(id \|\| ' ' \|\| )stock(.* FROM (\w+)[.]item\))/\1stock + coalesce((SELECT sum(qty) FROM \3.stock_delta WHERE item = id), 0)\2/
        s/(SELECT sum\(stock\) FROM (\w+)[.]item\))/\1 + coalesce((SELECT sum(qty) FROM \2.stock_delta), 0)/
        s/SELECT stock FROM (\w+[.]item)/SELECT id FROM \1/; s/, stock_version,/,/
        s/(FROM shop.item WHERE .* FOR UPDATE) NOWAIT/\1/; s/SET stock = 5 /SET stock = 9 /
        s/FROM shop.seen GROUP/FROM shop.seen WHERE what <> 'item' GROUP/
        s/^(step hold \{) (.* FROM shop.item ORDER BY .*)/\1 SELECT status FROM vend.try_purchase('none', 'alpha'); \2/
        s/^(step \w+) +/\1 /" "$1" | awk '!/^(step|permutation) / || !seen[$0]++'
}

# run_pg_regress DIRECTORY LIST OTHER_LIST [TEST]
run_pg_regress() {
    local dir=build/$1 list=("$3=" "${regress_options[@]}")
    [ $# -lt 4 ] || list+=("$2=$4")
    mkdir -p build
    local is_complete=yes
    if ! pgxs installcheck "${list[@]}" |& tee "$dir.log"; then
        is_complete=
        [ ! -f "$dir/regression.diffs" ] || cat "$dir/regression.diffs"
    fi
    # as PostgreSQL 15 and as 16 and later report
    sed -En 's/^test ([^ ]+) +\.\.\. ok .*/ok \1/p; s/^test ([^ ]+) +\.\.\. FAILED.*/failed \1/p
        s/^ok [0-9]+ +[-+] ([^ ]+) .*/ok \1/p; s/^not ok [0-9]+ +[-+] ([^ ]+) .*/failed \1/p' "$dir.log" >>"$results"
    [ -s "$results" ] || record broken "no test ran"
    # It gives up where an expected file is missing.
    [ -n "$is_complete" ] || grep -qE '^(failed|broken) ' "$results" || record broken "$1 ended early"
}

# The client library. The whole of it asks a server of its own: some of its tests end all sessions that they find.
run_sdk() (
    mkdir -p build
    if ! build_sdk ${1:+vend_sdk_tests} >build/sdk.log 2>&1; then
        cat build/sdk.log
        record broken compile
        exit
    fi
    [ $# -gt 0 ] || touch build/sdk/built
    [ $# -gt 0 ] || start_cluster sdk || { record broken server; exit; }
    psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS sdk' -c 'CREATE DATABASE sdk'
    psql -Xq -v ON_ERROR_STOP=1 -d sdk -c 'CREATE EXTENSION pg_vend' -c "SELECT vend.create_store('shop')"
    PGDATABASE=sdk timeout 3600 build/sdk/vend_sdk_tests --gtest_filter="${1:-*}" |& tee build/sdk.log || :
    sed -En 's/^\[       OK \] ([^ ]+) \(.*/ok \1/p; s/^\[  FAILED  \] ([^ ,]+)(,.*)? \([0-9]+ ms\)$/failed \1/p' build/sdk.log >>"$results"
    grep -q '^\[==========\] .* ran' build/sdk.log || record broken "the tests ended early"
    [ $# -eq 0 ] || exit 0
    [ -z "${SDK_COVERAGE:-}" ] || record covered "$(sdk_coverage)"
    check installed test/sdk/installed
    stop_cluster "$PGHOST/data"
)

# Of the lines of the library, those that the tests have run.
sdk_coverage() {
    find build/sdk/sdk -name '*.gcda' -path '*/src/*' -exec gcov -n {} + 2>/dev/null | awk -F'[:% ]+' '
        /^File / { is_ours = /\/sdk\/src\/[a-z]+\.cpp/ }
        /^Lines executed/ && is_ours { lines += $5; run += $3 * $5 / 100; is_ours = 0 }
        END { if (lines) printf "%.1f %% of %d lines in sdk/src/*.cpp\n", 100 * run / lines, lines }'
}

# build_sdk [TARGET...]
build_sdk() {
    cmake -S test/sdk -B build/sdk -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="${SDK_SANITIZE:+-g1}" -DVEND_WERROR="${SDK_WERROR:-ON}" -DVEND_SANITIZE="${SDK_SANITIZE:-}" \
        -DCMAKE_CXX_FLAGS="${SDK_COVERAGE:+--coverage -fprofile-update=atomic}" &&
        cmake --build build/sdk -j "$(nproc)" ${1:+--target "$@"}
}

# These make what servers they need; 009, 010 and 013 run programs of the SDK's.
run_tap() {
    local script
    export VEND_SDK_LOAD=$PWD/build/sdk/vend_sdk_load VEND_SDK_TOLD=$PWD/build/sdk/vend_sdk_told
    if [[ ${1:-009_} == @(009|010|013)_* && ! -f build/sdk/built ]]; then
        build_sdk vend_sdk_load vend_sdk_told hello || { record broken compile; return; }
    fi
    for script in test/tap/${1:-*}.pl; do
        check "$(basename "$script" .pl)" pgxs tapcheck PROVE_TESTS="$script"
    done
}

# The pages with a transcript of psql; and what all pages name is there.
run_readme() {
    local page
    [ "${1:-pages}" != pages ] || check pages test/readme/pages
    [ "${1:-}" != pages ] || return 0
    for page in ${1:-README.md docs/batches.md docs/existing-tables.md docs/sql-reference.md}; do
        check "$page" test/readme/run "$page"
    done
}

# Those that do not make stores of both kinds themselves run once more on attached ones, not as long.
run_stress() {
    local scenario name
    for scenario in test/stress/*.sh; do
        name=$(basename "$scenario" .sh)
        [ "${1:-$name}" != "$name" ] || check "$name" bash "$scenario"
        if [[ $name != @(random|torture) ]] && [ "${1:-${name}_attached}" = "${name}_attached" ]; then
            check "${name}_attached" env STORE=attached REPETITIONS="${ATTACHED_REPETITIONS:-40}" \
                MIXED_SECONDS="${ATTACHED_SECONDS:-8}" BATCH_SECONDS="${ATTACHED_SECONDS:-8}" bash "$scenario"
        fi
    done
}
