#!/usr/bin/env bash
# Sales, batches and carts under everything that may happen to a database: DDL, cancels, kills and crashes, with the heap and
# the indexes checked; every function with edge values; and refusals, each compared with what was left at the time. G1 to G7.
#
# TORTURE_MINUTES=N  how long, also a fraction (default 0.5); a round of each of the three parts takes ten seconds
# TORTURE_SEED=N     the first round's seed (default 0), from which its part is drawn; each round prints its own
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/workdir.sh"
. "$vend_root/scripts/lib/cluster.sh"

name=torture.$$
start_cluster "$name" "statement_timeout = '3min'" "vend.settle_interval = '10ms'" "max_worker_processes = 16" \
    "log_line_prefix = '%m [%p] %b %e '" "log_min_messages = warning" "autovacuum_naptime = '2s'"
status=0
# Debian's python3-psycopg2 belongs to /usr/bin/python3.
STRESS_DATA=$PG_VEND_WORK/$name/data STRESS_LOG=$PG_VEND_WORK/$name/server.log \
    STRESS_BYTES_MAX=$((backend_kib_max * 1024)) PYTHONPATH=$vend_root/test/stress/lib \
    /usr/bin/python3 -B "$vend_root/test/stress/torture/main.py" || status=$?
exit "$status"
