"""Load by pgbench, in rounds: all contenders in turn in each round, so that whatever slows the machine
for a while slows all of them. What counts is the ratio within a round; of the ratios, the median."""

import os
import re
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from server import OWNER, WORK, Failure, say

PROGRESS = re.compile(r"^progress: ([\d.]+) s, ([\d.]+) tps", re.MULTILINE)
PROCESSED = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)


@dataclass
class Contender:
    """Somebody who takes part: a script in a database."""

    name: str
    server: object
    database: str
    script: Path
    options: list = field(default_factory=list)


def write_script(name, text):
    path = WORK / "scripts" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def pgbench(contender, clients, seconds):
    command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients),
               "-j", str(min(clients, os.cpu_count())), "-T", str(seconds), "-P", "1",
               "-f", str(contender.script), *contender.options,
               *contender.server.options(contender.database)]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode != 0:
        raise Failure(f"pgbench failed for {contender.name}\n{done.stdout[-3000:]}")
    return done.stdout


def rates_by_second(contender, clients, warmup, seconds):
    """Transactions in each second after the warm-up, in which sessions load catalogs and make plans; and
    the number of all that were made."""
    output = pgbench(contender, clients, warmup + seconds)
    rates = [float(rate) for second, rate in PROGRESS.findall(output) if float(second) > warmup + 0.5]
    if not rates:
        raise Failure(f"pgbench reported nothing for {contender.name}\n{output[-3000:]}")
    return rates, int(PROCESSED.search(output)[1])


def measure(contenders, pairs, clients, options):
    """What each contender did in each round, as rates and as cpu_us: {name: [...]}. For each pair of
    names the ratio of the rates; and in cpu_ratios that of the transactions for the same cpu_us.

    cpu_us is the processor time of the server's sessions, from connection to end, for each transaction:
    it tells more than the rate where other programs share the machine, and nothing about waits.

    Every other round goes backwards, since the first and the last in a round may fare differently. One
    round before them is not counted: after a checkpoint the first write to each page is dearer."""
    rates = {contender.name: [] for contender in contenders}
    cpu_us = {contender.name: [] for contender in contenders}
    for contender in contenders:
        pgbench(contender, clients, options.seconds)
    for number in range(options.rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            before = contender.server.session_seconds(OWNER)
            by_second, count = rates_by_second(contender, clients, options.warmup, options.seconds)
            used = contender.server.session_seconds(OWNER) - before
            rates[contender.name].append(statistics.mean(by_second))
            cpu_us[contender.name].append(1e6 * used / count)
        say(f"  {clients} clients, round {number + 1} of {options.rounds}: "
            + ", ".join(f"{name} {series[-1]:.0f}/s" for name, series in rates.items()))
    return {
        "rates": rates,
        "cpu_us": cpu_us,
        "ratios": {f"{ours}/{theirs}": ratio(rates[ours], rates[theirs]) for ours, theirs in pairs},
        "cpu_ratios": {f"{ours}/{theirs}": ratio(cpu_us[theirs], cpu_us[ours])
                       for ours, theirs in pairs},
    }


def ratio(series, base):
    """Median, least and greatest of the ratios within the rounds."""
    ratios = [a / b for a, b in zip(series, base)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios),
            "rounds": ratios}
