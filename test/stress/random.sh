#!/usr/bin/env bash
# Everything that can happen to items in escrow and in the row modes, by chance, and exact accounting after each
# round of ten seconds: G1 to G7. On a server of its own, which it crashes.
#
# STRESS_SECONDS=N  how long (default 30)
# STRESS_SEED=N     the first round's seed; each round prints its own, which reproduces what its workers do
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/workdir.sh"
. "$vend_root/scripts/lib/cluster.sh"

name=random.$$
# There is room for fewer counters than there are items, so that counters are evicted and loaded again. Settling has no pause, so that
# loads meet it. Checkpoints come often, so that some crashes hit one.
start_cluster "$name" "statement_timeout = '3min'" "deadlock_timeout = '100ms'" "vend.escrow_items = 11" \
    "vend.settle_interval = '10ms'" "max_prepared_transactions = 20" "max_wal_size = '64MB'" \
    "log_line_prefix = '%m [%p] %b %e '" "log_min_messages = warning" "autovacuum_naptime = '2s'"
status=0
# Debian's python3-psycopg2 belongs to /usr/bin/python3.
STRESS_DATA=$PG_VEND_WORK/$name/data STRESS_LOG=$PG_VEND_WORK/$name/server.log \
    STRESS_BYTES_MAX=$((backend_kib_max * 1024)) \
    PYTHONPATH=$vend_root/test/stress/lib /usr/bin/python3 -B "$vend_root/test/stress/random/main.py" || status=$?
exit "$status"
