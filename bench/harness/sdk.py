"""Purchases through the SDK: of many threads with and without the coalescer, beside a shop in Redis; and of one thread beside
pgbench."""

import json
import subprocess
import time

import load
import report
import store
from server import BENCH, OWNER, WORK, Failure, Server, run, say

USUAL = {"rounds": 5}
MODES = ("atomic", "escrow")
# The pools: of the threads that buy alone, and of the coalescer, which has two batches under way.
CONNECTIONS = {"alone": 64, "coalesced": 2}
HOT_ITEM = """INSERT INTO shop.item (id, price, stock, lock_mode)
    VALUES ('hot', 10, 1000000000000, NULLIF('{}', 'atomic'))"""
# The statement of the SDK's try_purchase, with an id from the server.
STATEMENT = """\\set buyer random(1, 100000)
SELECT status, detail, id, item, buyer, qty, unit_price, amount, balance, (extract(epoch FROM at) * 1000000)::bigint
FROM vend.try_purchase('1'::text, :buyer::text, 1::bigint, gen_random_uuid(), lock_mode => NULL::text, nowait => false, expected_version => NULL::bigint,
    max_price => NULL::numeric, unit_price => NULL::numeric, remember => false, store => NULL::text);
"""
FLOOR, AIM = 5, 8


class Redis:
    """A server of its own that has each write on the disk before it answers."""

    def __enter__(self):
        directory = WORK / "redis"
        directory.mkdir()
        self.socket = str(directory / "socket")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", str(directory), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--logfile", str(directory / "log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(["redis-cli", "-s", self.socket, "ping"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout == b"PONG\n":
                return self
            time.sleep(0.1)
        raise Failure("Redis did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def build():
    say("sdk: building")
    directory = WORK / "sdk_build"
    run(["cmake", "-S", BENCH / "sdk", "-B", directory], "cmake")
    run(["cmake", "--build", directory, "-j", "2"], "the build of the SDK")
    return directory / "sdk_load"


def turn(program, how, where, options, threads, more=()):
    done = run([str(program), how, where, "--threads", str(threads), "--seconds", str(options.seconds),
                "--warmup", str(options.warmup), "--wallets", str(store.WALLETS), *more], f"sdk_load {how}")
    return json.loads(done.stdout)


def conninfo(server, database):
    return f"host={server.directory} user={OWNER} dbname={database}"


def measure_threads(program, server, redis, options, threads):
    script = ("--script", str(BENCH / "sdk" / "flash_sale.lua"))
    turns = {"redis": lambda: turn(program, "redis", redis.socket, options, threads, script)}
    for mode in MODES:
        for how, connections in CONNECTIONS.items():
            turns[f"{mode} {how}"] = lambda mode=mode, how=how, connections=connections: turn(
                program, how, conninfo(server, mode), options, threads,
                ("--connections", str(connections)))
    series = {name: [] for name in turns}
    for number in range(-1, options.rounds):
        for name in list(turns) if number % 2 else reversed(list(turns)):
            found = turns[name]()
            if number >= 0:
                series[name].append(found)
        server.settle(list(MODES))
        if number >= 0:
            say(f"  {threads} threads, round {number + 1} of {options.rounds}: "
                + ", ".join(f"{name} {of[-1]['rates']:.0f}/s" for name, of in series.items()))
    store.require_settled(server, list(MODES))
    return {name: {figure: [one[figure] for one in of] for figure in of[0]} for name, of in series.items()}


def measure_one(program, server, options):
    pgbench = load.Contender("pgbench", server, "one", load.write_script("one", STATEMENT))
    series = {"sdk": [], "pgbench": []}
    for number in range(-1, options.rounds):
        ours = turn(program, "alone", conninfo(server, "one"), options, 1, ("--item", "1"))["rates"]
        rates, _ = load.rates_by_second(pgbench, 1, options.warmup, options.seconds)
        if number >= 0:
            series["sdk"].append(ours)
            series["pgbench"].append(sum(rates) / len(rates))
            say(f"  1 thread, round {number + 1} of {options.rounds}: "
                + ", ".join(f"{name} {of[-1]:.0f}/s" for name, of in series.items()))
    return {"rates": series, "ratio": load.ratio(series["sdk"], series["pgbench"])}


def measure(options):
    program = build()
    results = {"threads": {}}
    with Server("sdk") as server, Redis() as redis:
        say("sdk: setting up")
        store.create_store(server, "template_store")
        for mode in MODES:
            store.copy_store(server, mode, "template_store")
            server.sql(HOT_ITEM.format(mode), mode)
        store.copy_store(server, "one", "template_store")
        results["settings"] = server.shown_settings()
        results["one"] = measure_one(program, server, options)
        for threads in options.clients or (256,):
            results["threads"][threads] = measure_threads(program, server, redis, options, threads)
    return results


def show(results):
    print("### sdk: purchases of one hot item through the SDK\n")
    report.settings_line(results["settings"])
    for threads, of in results["threads"].items():
        report.table(
            [f"{threads} threads, median", "purchases/s", "p50, ms", "p99, ms", "processor time of the client, us"],
            [[name, *(report.median(figures[figure], digits)
                      for figure, digits in (("rates", 0), ("p50_ms", 2), ("p99_ms", 2), ("cpu_us", 0)))]
             for name, figures in of.items()])
        report.table(
            [f"coalesced / the other, {threads} threads, median (min..max)", f"alone (floor {FLOOR}, aim {AIM})",
             "Redis (floor 1)"],
            [[mode, *(report.spread(load.ratio(of[f"{mode} coalesced"]["rates"], of[other]["rates"]))
                      for other in (f"{mode} alone", "redis"))] for mode in MODES])
    one = results["one"]
    report.table(["one thread, purchases/s, median", "SDK", "pgbench", "SDK / pgbench (floor 0.9), median (min..max)"],
                 [["1,000 items", report.median(one["rates"]["sdk"]), report.median(one["rates"]["pgbench"]),
                   report.spread(one["ratio"])]])
