# shellcheck shell=bash
# The suites: each runs one kind of test, whole or by name, and writes down the result of each test.
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

# UNIT_SANITIZE=OFF   without the sanitizers and the numbers of lines, for those that compile it again and again
run_unit() {
    local filter=() flags="-O0 -g1"
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
# The isolation specs; and those that say so, once more on stores of another kind.
run_isolation() { run_specs_on plain isolation "$@"; }
run_pessimistic() { run_specs_on pessimistic pessimistic "$@"; }
run_optimistic() { run_specs_on optimistic optimistic "$@"; }
run_statements() { run_specs_on statements statements "$@"; }
run_escrow() { run_specs_on escrow escrow "$@"; }

# run_specs_on KIND DIRECTORY [TEST]
run_specs_on() {
    local regress_options=("STORES=$1")
    run_pg_regress "$2" ISOLATION REGRESS "${@:3}"
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

# Says how many lines of the library the tests have run.
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

# These make what servers they need; 009, 010 and 013 run programs of the SDK's. Most of their time they wait for a server to
# start, stop or catch up, so two run side by side.
run_tap() {
    local script scripts=(test/tap/*.pl)
    [ $# -eq 0 ] || scripts=("test/tap/$1.pl")
    export VEND_SDK_LOAD=$PWD/build/sdk/vend_sdk_load VEND_SDK_TOLD=$PWD/build/sdk/vend_sdk_told
    if [[ ${1:-009_} == @(009|010|013)_* && ! -f build/sdk/built ]]; then
        build_sdk vend_sdk_load vend_sdk_told hello || { record broken compile; return; }
    fi
    pgxs tapcheck PROVE_TESTS="${scripts[*]}" PROVE_FLAGS="-j2 --timer" |& tee build/tap.log || :
    for script in "${scripts[@]}"; do
        if grep -qE "(^|] )$script \.+ (ok|skipped)" build/tap.log; then
            record ok "$(basename "$script" .pl)"
        else
            record failed "$(basename "$script" .pl)"
        fi
    done
}

# Checks that the transcripts of the pages are true, and that all that the pages name exists.
run_readme() {
    local page
    [ "${1:-pages}" != pages ] || check pages test/readme/pages
    [ "${1:-}" != pages ] || return 0
    for page in ${1:-README.md docs/batches.md docs/existing-tables.md docs/sql-reference.md}; do
        check "$page" test/readme/run "$page"
    done
}

# Shops with tables of their own, each attached, sold from under load, accounted for and detached.
run_shops() {
    local shop name
    for shop in test/shops/*/tables.sql; do
        name=$(basename "${shop%/*}")
        [ "${1:-$name}" != "$name" ] || check "$name" test/shops/run "$name"
    done
}

# Stresses that do not make stores of both kinds themselves run once more on attached stores, for a shorter time.
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
