"""What pg_vend in shared_preload_libraries costs those who sell nothing: pgbench's TPC-B with and without
it, in instructions of a backend and in rates."""

import argparse
import random
import statistics

import callgrind
import load
import report
from server import Server, say

USUAL = {"rounds": 30, "seconds": 3}
LIBRARIES = {"preloaded": "'pg_vend'", "without": "''"}
PAIR = ("preloaded", "without")
PROFILES = 3
# branches, each a row that its transactions queue at: more than clients, so that they seldom do
SCALE = 50
TPC_B = ["-b", "tpcb-like"]
# The interval contains the true median this often.
CONFIDENCE, RESAMPLES = 0.95, 10_000


def library(name):
    return {"shared_preload_libraries": LIBRARIES[name]}


def fill(server, scale):
    server.create_database("bank")
    load.run_pgbench(["-i", "-q", "-s", str(scale), *server.options("bank")], "pgbench -i")


def profile(transactions):
    """{name: instructions of one transaction}: the median of several, each from a new server."""
    found = {name: [] for name in LIBRARIES}
    for number in range(PROFILES):
        for name, series in found.items():
            with callgrind.ProfiledServer(f"{name}_{number}", library(name)) as server:
                fill(server, 1)
                series.append(callgrind.transaction_instructions(server, "bank", TPC_B, transactions))
            say(f"  {name}: {series[-1]:,.0f} instructions")
    return found


def measure_pairs(clients, options):
    """The servers change roles after half of the rounds: what one of them has of better places on the
    disk or in memory is then no gain of either role."""
    halves = []
    with Server("first", library(PAIR[0])) as first, Server("second", library(PAIR[1])) as second:
        say("preload: setting up")
        for server in (first, second):
            fill(server, SCALE)
        for rounds, servers in (((options.rounds + 1) // 2, (first, second)),
                                (options.rounds // 2, (second, first))):
            for name, server in zip(PAIR, servers):
                server.restart(library(name))
                server.settle(["bank"])
            everybody = [load.Contender(name, server, "bank", None, TPC_B)
                         for name, server in zip(PAIR, servers)]
            if rounds > 0:
                half = argparse.Namespace(**{**vars(options), "rounds": rounds})
                halves.append(load.measure(everybody, [PAIR], clients, half))
        settings = first.shown_settings()
    del settings["shared_preload_libraries"]
    figures = {figure: {name: [value for half in halves for value in half[figure][name]] for name in PAIR}
               for figure in ("rates", "cpu_us")}
    return settings, {**figures, **load.ratios_of(figures, [PAIR])}


def interval(values):
    """Bounds of the median, by the bootstrap: what the median of as many values would be that are drawn
    from these, with replacement. Always the same draws, so that the same rounds give the same bounds."""
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    outside = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return medians[outside], medians[-1 - outside]


def measure(options):
    say("preload: instructions")
    results = {"instructions": profile(200 if options.quick else 1000), "clients": {}}
    for clients in options.clients or (8,):
        results["settings"], results["clients"][clients] = measure_pairs(clients, options)
    return results


def show(results):
    print("### preload: TPC-B with and without pg_vend in shared_preload_libraries\n")
    report.settings_line(results["settings"])
    medians = {name: statistics.median(series) for name, series in results["instructions"].items()}
    report.table(
        ["instructions of a transaction, median (min..max)", *PAIR, "difference (at most 0.5 %)"],
        [["1 client",
          *(f"{medians[name]:,.0f} ({min(series):,.0f}..{max(series):,.0f})"
            for name, series in results["instructions"].items()),
          f"{100 * (medians[PAIR[0]] / medians[PAIR[1]] - 1):+.2f} %"]])
    for figure, ratios, quotient, text in (
            ("rates", "ratios", "preloaded / without", "transactions/s, median"),
            ("cpu_us", "cpu_ratios", "without / preloaded", "processor time of a transaction, us, median")):
        rows = []
        for clients, of in results["clients"].items():
            ratio = of[ratios]["/".join(PAIR)]
            low, high = interval(ratio["rounds"])
            rows.append([report.clients(clients), *(report.median(of[figure][name]) for name in PAIR),
                         len(ratio["rounds"]), f"{ratio['median']:.3f}", f"{low:.3f}..{high:.3f}",
                         "yes" if low <= 1 <= high else "no"])
        report.table(
            [text, *PAIR, "pairs", f"{quotient}, median", f"{100 * CONFIDENCE:.0f} % interval",
             "contains 1.00"],
            rows)
