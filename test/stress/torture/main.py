"""Rounds of ten seconds, each of one part, until the time is over or something is wrong."""

import os
import sys
import time

import ddl
import fuzz
import judge
from rounds import show_failures
from server import Server

ROUND_SECONDS = 10
PARTS = (ddl, judge, fuzz)


def run_round(part, seed, server):
    """Runs a round, prints what it counted and returns its failures."""
    server.is_crashing = False
    counts, failures = part.run(seed, ROUND_SECONDS, server)
    # A REINDEX CONCURRENTLY that was cancelled leaves an invalid index, and the next one says so.
    failures += [f"in the server's log: {line}" for line in server.faults() if "cannot reindex invalid index" not in line]
    shown = ", ".join(f"{name} {count}" for name, count in counts)
    print(f"seed {seed} ({part.__name__}): {shown}", flush=True)
    return failures


def main():
    seconds = 60 * float(os.environ.get("TORTURE_MINUTES") or 0.5)
    seed = int(os.environ.get("TORTURE_SEED") or 0)
    deadline = time.monotonic() + seconds
    server = Server()
    number = 0
    while number == 0 or time.monotonic() < deadline:
        part = PARTS[(seed + number) % len(PARTS)]
        failures = run_round(part, seed + number, server)
        number += 1
        if failures:
            show_failures(failures, f"TORTURE_SEED={seed + number - 1}", server)
            return 1
    print(f"{number} rounds, nothing wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main())
