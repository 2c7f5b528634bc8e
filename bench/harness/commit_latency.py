"""Two servers: one with the commit latency of the machine, and one that takes longer for each flush of
the WAL, as a slower disk or a synchronous standby would."""

from contextlib import contextmanager

import load
from server import WORK, Failure, Server

DELAY_US = 1000
LATENCIES = ("as it is", "+1 ms")
COMMIT = "SELECT pg_logical_emit_message(true, '', '');\n"


@contextmanager
def servers(name, settings=None):
    """{latency: server}"""
    library = WORK / "src" / "bench" / "module" / "slow_flush.so"
    slow = {"LD_PRELOAD": str(library), "SLOW_FLUSH_US": str(DELAY_US)}
    with Server(name, settings) as plain, Server(f"{name}_slow", settings, slow) as slowed:
        yield dict(zip(LATENCIES, (plain, slowed)))


def commit_ms(both):
    """{latency: what a commit takes}: the least that there is to flush, one client, the best second."""
    emit = load.write_script("commit", COMMIT)
    rates = {latency: [] for latency in both}
    for _ in range(3):
        for latency, server in both.items():
            commit = load.Contender("commit", server, "postgres", emit)
            rates[latency] += load.rates_by_second(commit, 1, 1, 2)[0]
    took_ms = {latency: 1000 / max(series) for latency, series in rates.items()}
    added = took_ms["+1 ms"] - took_ms["as it is"]
    if not 0.9 <= added <= 3:
        raise Failure(f"a delay of {DELAY_US} us made a commit {added:.2f} ms longer")
    return took_ms
