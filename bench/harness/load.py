"""Load by pgbench, in rounds: all contenders in turn in each round, so that whatever slows the machine
for a while slows all of them. What counts is the ratio within a round; of the ratios, the median."""

import os
import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from server import OWNER, WORK, Failure, say

PROGRESS = re.compile(r"^progress: ([\d.]+) s, ([\d.]+) tps", re.MULTILINE)
PROCESSED = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)


@dataclass
class Contender:
    """Somebody who takes part: a script in a database. Without one, the options name one of pgbench's."""

    name: str
    server: object
    database: str
    script: Path | None
    options: list = field(default_factory=list)
    # its own number of clients, if that differs from the others'
    clients: int | None = None
    # the number of requests in a transaction: those of a batch
    units: int = 1
    # transactions so far, including those that no figure counts
    processed: int = 0


def write_script(name, text):
    path = WORK / "scripts" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run_pgbench(arguments, what):
    done = subprocess.run(["pgbench", *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Failure(f"{what} failed\n{done.stdout[-3000:]}")
    return done.stdout


def pgbench(contender, clients, seconds, more=()):
    arguments = ["-n", "-M", "prepared", "-c", str(clients),
                 "-j", str(min(clients, os.cpu_count())), "-T", str(seconds), "-P", "1",
                 *(["-f", str(contender.script)] if contender.script else []), *contender.options, *more,
                 *contender.server.options(contender.database)]
    output = run_pgbench(arguments, f"pgbench for {contender.name}")
    contender.processed += int(PROCESSED.search(output)[1])
    return output


def rates_by_second(contender, clients, warmup, seconds, more=()):
    """Transactions in each second after the warm-up, in which sessions load catalogs and make plans; and
    the number of all that were made."""
    output = pgbench(contender, clients, warmup + seconds, more)
    rates = [float(rate) for second, rate in PROGRESS.findall(output) if float(second) > warmup + 0.5]
    if not rates:
        raise Failure(f"pgbench reported nothing for {contender.name}\n{output[-3000:]}")
    return rates, int(PROCESSED.search(output)[1])


def read_latencies(directory, warmup):
    """Milliseconds of each transaction that ended after the warm-up, in order, from pgbench's log. The
    columns: https://www.postgresql.org/docs/current/pgbench.html (per-transaction logging)."""
    entries = []
    for path in directory.iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            _, _, took_us, _, seconds, us = line.split()[:6]
            if not took_us.isdigit():
                raise Failure(f"pgbench logged a transaction that is {took_us}")
            entries.append((int(seconds) * 1_000_000 + int(us), int(took_us)))
    begin = min(end - took for end, took in entries)
    return sorted(took / 1000 for end, took in entries if end > begin + warmup * 1_000_000)


def take_turn(contender, clients, options, timed):
    """One turn: its rates, cpu_us, and p50 and p99 of the latencies in milliseconds if these are asked
    for."""
    logs = WORK / "latencies"
    more = []
    if timed:
        logs.mkdir()
        more = ["-l", f"--log-prefix={logs / 'pgbench'}"]
    before = contender.server.session_seconds(OWNER)
    by_second, count = rates_by_second(contender, contender.clients or clients, options.warmup,
                                       options.seconds, more)
    used = contender.server.session_seconds(OWNER) - before
    turn = {"rates": statistics.mean(by_second) * contender.units,
            "cpu_us": 1e6 * used / (count * contender.units)}
    if timed:
        latencies = read_latencies(logs, options.warmup)
        shutil.rmtree(logs)
        turn["p50_ms"] = latencies[len(latencies) // 2]
        turn["p99_ms"] = latencies[len(latencies) * 99 // 100]
    return turn


def measure(contenders, pairs, clients, options, timed=False, after_round=lambda: None):
    """What each contender did in each round, as rates and as cpu_us: {name: [...]}. For each pair of
    names the ratio of the rates; and in cpu_ratios that of the transactions for the same cpu_us. Where a
    transaction is a batch, all this is of its requests.

    cpu_us is the processor time of the server's sessions, from connection to end, for each transaction:
    it tells more than the rate where other programs share the machine, and nothing about waits.

    With timed, pgbench logs each transaction: p50_ms and p99_ms in each round, and in tail_ratios that
    of p99 / p50. The log costs pgbench some time, the same for each transaction of each contender.

    Every other round goes backwards, since the first and the last in a round may fare differently. One
    round before them is not counted: after a checkpoint the first write to each page is dearer."""
    figures = {figure: {contender.name: [] for contender in contenders}
               for figure in ("rates", "cpu_us", *(("p50_ms", "p99_ms") if timed else ()))}
    for contender in contenders:
        pgbench(contender, contender.clients or clients, options.seconds)
    for number in range(options.rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            for figure, value in take_turn(contender, clients, options, timed).items():
                figures[figure][contender.name].append(value)
        say(f"  {clients} clients, round {number + 1} of {options.rounds}: "
            + ", ".join(f"{name} {series[-1]:.0f}/s" for name, series in figures["rates"].items()))
        after_round()
    return {**figures, **ratios_of(figures, pairs)}


def ratios_of(figures, pairs):
    rates, cpu_us = figures["rates"], figures["cpu_us"]
    ratios = {
        "ratios": {f"{ours}/{theirs}": ratio(rates[ours], rates[theirs]) for ours, theirs in pairs},
        "cpu_ratios": {f"{ours}/{theirs}": ratio(cpu_us[theirs], cpu_us[ours])
                       for ours, theirs in pairs},
    }
    if "p99_ms" in figures:
        tails = {name: [p99 / p50 for p99, p50 in zip(figures["p99_ms"][name], series)]
                 for name, series in figures["p50_ms"].items()}
        ratios["tail_ratios"] = {f"{ours}/{theirs}": ratio(tails[ours], tails[theirs])
                                 for ours, theirs in pairs}
    return ratios


def ratio(series, base):
    """Median, least and greatest of the ratios within the rounds."""
    ratios = [a / b for a, b in zip(series, base)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios),
            "rounds": ratios}
