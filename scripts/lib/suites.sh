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

pgxs() { make -s -f Makefile.pgxs PG_CONFIG="$PG_CONFIG" "$@"; }

run_unit() {
    local filter=()
    mkdir -p build
    cmake -S . -B build/unit -DVEND_SANITIZE=ON -DPG_CONFIG="$PG_CONFIG" >build/unit.log ||
        { cat build/unit.log; record broken configure; return; }
    cmake --build build/unit --target vend_unit -j "$(nproc)" >build/unit.log ||
        { cat build/unit.log; record broken compile; return; }
    # the test's name may be a pattern of GoogleTest's, like Decision.*
    [ $# -eq 0 ] || filter=(-R "^$(sed 's/\./\\./g; s/\*/.*/g' <<<"$1")\$")
    ctest --test-dir build/unit --output-on-failure --timeout 60 "${filter[@]}" |& tee build/unit.log
    sed -En 's/.* Test +#[0-9]+: ([^ ]+) \.+ +Passed .*/ok \1/p; s/.* Test +#[0-9]+: ([^ ]+) \.+\*\*\*.*/failed \1/p' \
        build/unit.log >>"$results"
}

run_regress() { run_pg_regress regress REGRESS ISOLATION "$@"; }
run_isolation() { run_pg_regress isolation ISOLATION REGRESS "$@"; }

# The isolation specs once more, on stores that are not plain.
run_statements() {
    if ! { psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS statements' -c 'CREATE DATABASE statements' &&
        psql -Xq -v ON_ERROR_STOP=1 -d statements -c 'CREATE EXTENSION pg_vend' -f test/isolation/owners_triggers.sql; }; then
        record broken database
        return
    fi
    local regress_options=("ISOLATION_OPTS=--inputdir=$PWD/test/isolation --outputdir=build/statements --use-existing --dbname=statements")
    run_pg_regress statements ISOLATION REGRESS "$@"
}

# run_pg_regress DIRECTORY LIST OTHER_LIST [TEST]
run_pg_regress() {
    local dir=build/$1 list=("$3=" "${regress_options[@]}")
    [ $# -lt 4 ] || list+=("$2=$4")
    mkdir -p build
    if ! pgxs installcheck "${list[@]}" |& tee "$dir.log"; then
        [ ! -f "$dir/regression.diffs" ] || cat "$dir/regression.diffs"
    fi
    # as PostgreSQL 15 and as 16 and later report
    sed -En 's/^test ([^ ]+) +\.\.\. ok .*/ok \1/p; s/^test ([^ ]+) +\.\.\. FAILED.*/failed \1/p
        s/^ok [0-9]+ +[-+] ([^ ]+) .*/ok \1/p; s/^not ok [0-9]+ +[-+] ([^ ]+) .*/failed \1/p' "$dir.log" >>"$results"
    [ -s "$results" ] || record broken "no test ran"
}

# These make their servers themselves.
run_tap() {
    local script
        for script in test/tap/${1:-*}.pl; do
        check "$(basename "$script" .pl)" pgxs tapcheck PROVE_TESTS="$script"
    done
}

run_readme() { check transcript test/readme/run; }

run_stress() {
    local scenario
    for scenario in test/stress/${1:-*}.sh; do
        check "$(basename "$scenario" .sh)" bash "$scenario"
    done
}
