"""Rounds of ten seconds, until the time is over or something is wrong."""

import os
import random
import sys
import time
from collections import Counter

import psycopg2

import shop
from books import Books
from check import check_all
from rounds import join_all, show_failures
from server import Server
from trouble import Operator, Saboteur
from worker import Worker

WORKERS = 10
ROUND_SECONDS = 10
ENDS = ("quiet", "immediate stop", "kill -9 of a backend")
# What must be met in a run of LONG_SECONDS or more, or the load is not what it is meant to be. On a slow machine such a run goes on until
# all of it was met, for ROUNDS_MAX rounds at most.
LONG_SECONDS = 100
ROUNDS_MAX = 100
MET = ("purchased", "recorded", "replayed", "sold_out", "all_pending", "insufficient_funds", "unknown_item", "over_refund",
       "busy", "made", "undone", "unknown", "40001", "40P01", "VN008", "VN001", "57014", "prepared", "0A000")


def run_round(seed, seconds, server):
    """Runs a round and returns the books. The seed draws what the workers do, not what they meet."""
    books = Books()
    server.is_crashing = False
    shop.make_databases()
    rng = random.Random(seed)
    is_single = seed % 4 == 3
    end = ENDS[seed % 3]
    started = time.monotonic()
    deadline = started + seconds
    saboteur = Saboteur(seed, deadline, books, server)
    workers = [Worker(number, seed, deadline, books, server, saboteur, is_single) for number in range(WORKERS)]
    operator = Operator(seed, deadline, books, server, saboteur, is_single)
    saboteur.victims = [*workers, operator]
    for thread in (*workers, operator, saboteur):
        thread.start()
    if end != "quiet":
        # The crash comes at the end, or early enough that half of the rounds go on after it.
        crash_at = started + seconds * rng.choice((rng.uniform(0.3, 0.7), 0.97))
        while time.monotonic() < crash_at and not books.failures:
            time.sleep(0.02)
        if not books.failures:
            if end == "immediate stop":
                server.crash()
            else:
                server.kill_backend(rng)
    for failure in join_all((*workers, operator, saboteur)):
        books.fail(failure)
    if not books.failures:
        try:
            for difference in check_all(books):
                books.fail(difference)
        except psycopg2.Error as error:
            books.fail(f"{error.pgcode} {error} in the check")
    for line in server.faults():
        books.fail(f"in the server's log: {line}")
    return books


def show(number, seed, books):
    what = ENDS[seed % 3] + (", one call a transaction" if seed % 4 == 3 else "")
    outcomes = " ".join(f"{name} {count}" for name, count in sorted(books.outcomes.items()) if name != "calls")
    print(f"round {number} seed {seed} ({what}): {books.outcomes['calls']} calls: {outcomes}", flush=True)


def main():
    seconds = int(os.environ.get("STRESS_SECONDS", "30"))
    seed = int(os.environ.get("STRESS_SEED") or time.time())
    deadline = time.monotonic() + seconds
    server = Server()
    shop.make_template()
    met = Counter()
    number = 0
    missing = MET if seconds >= LONG_SECONDS else ()
    while number == 0 or time.monotonic() < deadline or (missing and number < ROUNDS_MAX):
        books = run_round(seed + number, ROUND_SECONDS, server)
        show(number + 1, seed + number, books)
        if books.failures:
            show_failures(books.failures, f"STRESS_SEED={seed + number}", server)
            return 1
        met += books.outcomes
        number += 1
        missing = [outcome for outcome in missing if not met[outcome]]
    if missing:
        print(f"nobody met {', '.join(missing)}")
    print(f"{number} rounds, {met['calls']} calls, not one unit or coin off")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
