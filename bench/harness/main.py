"""Runs the claims that bench/run names, and shows what came out."""

import argparse
import datetime
import importlib
import signal
import sys

import report
from server import Failure, run


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("claims", nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--clients", type=lambda text: [int(count) for count in text.split(",")])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.seconds == 1:
        parser.error("--seconds takes 2 at least: pgbench reports whole seconds")
    return options


def complete(options, claim):
    """The options with what the claim takes where nothing is given."""
    usual = {"rounds": 9, "seconds": 4, "rows": 10_000_000, **getattr(claim, "USUAL", {})}
    if options.quick:
        usual = {"rounds": 3, "seconds": 2, "rows": 1_000_000}
    given = {name: value for name, value in vars(options).items() if value is not None}
    return argparse.Namespace(**{"clients": None, **usual, **given})


def main():
    # An ordinary exit, so that servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_arguments()
    results = {
        "command": " ".join(["bench/run", *(argument for argument in sys.argv[1:] if argument != "--")]),
        "date": datetime.date.today().isoformat(),
        "postgresql": run(["postgres", "--version"], "postgres --version").stdout.split()[2],
        "machine": report.machine(),
        "claims": {},
    }
    report.describe(results)
    for name in options.claims:
        claim = importlib.import_module(name)
        results["claims"][name] = claim.measure(complete(options, claim))
        report.save(results)
        claim.show(results["claims"][name])
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
