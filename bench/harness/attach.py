"""How long vend.attach_store locks tables of many rows, and what writers feel of it."""

import subprocess
import time

import load
import report
from server import BENCH, OWNER, Failure, Server, say

USUAL = {"rounds": 3}
CLIENTS = 4
# The shop's own code, which knows nothing of a store.
WRITE = """\\set id random(1, {rows})
UPDATE products SET stock_qty = stock_qty - 1 WHERE id = :id AND stock_qty >= 1;
"""
ATTACH = """SELECT vend.attach_store('shop', items => 'products', stock => 'stock_qty', price => 'price',
    wallets => 'users', balance => 'credits', journal_opening => {})"""


def timed(server, database, sql):
    begin = time.monotonic()
    server.sql(sql, database)
    return time.monotonic() - begin


def while_writing(server, database, rows, directory, body):
    """What body() gives, and the writers' latencies in milliseconds meanwhile, in order."""
    directory.mkdir()
    script = load.write_script("write", WRITE.format(rows=rows))
    writers = subprocess.Popen(
        ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", "3600", "-f", str(script), "-l",
         "--log-prefix", str(directory / "log"), *server.options(database)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        result = body()
        time.sleep(1)
    finally:
        writers.terminate()
        writers.wait()
        server.session_seconds(OWNER)  # the sessions have ended
    for path in directory.iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(text[:text.rfind("\n") + 1], encoding="utf-8")  # the last line was cut off
    return result, load.read_latencies(directory, 0)


def require_nothing_found(server, database):
    found = server.sql("SELECT count(*) FROM vend.audit()", database)
    if found != "0":
        raise Failure(f"vend.audit() has {found} rows")


def measure_round(server, rows, number):
    database = f"round_{number}"
    server.create_database(database, "shop")
    figures = {"at_once": timed(server, database, ATTACH.format("true"))}
    require_nothing_found(server, database)
    server.sql("SELECT vend.detach_store('shop'); DROP SCHEMA shop CASCADE", database)
    server.settle([database])
    directory = server.directory / f"latencies_{number}"
    (figures["lock"], figures["opening"]), latencies = while_writing(
        server, database, rows, directory,
        lambda: (timed(server, database, ATTACH.format("false")),
                 timed(server, database, "SELECT vend.journal_opening()")))
    require_nothing_found(server, database)
    figures["p99_ms"] = latencies[int(len(latencies) * 0.99)]
    figures["max_ms"] = latencies[-1]
    figures["writes"] = len(latencies)
    server.sql(f"DROP DATABASE {database} WITH (FORCE)", "postgres", "postgres")
    return figures


def measure(options):
    with Server("attach") as server:
        server.create_database("shop")
        server.sql("CREATE EXTENSION pg_vend", "shop", "postgres")
        server.sql((BENCH / "sql" / "existing_tables.sql").read_text(encoding="utf-8"), "shop", items=options.rows)
        server.settle(["shop"])
        rounds = []
        for number in range(options.rounds):
            say(f"attach: round {number + 1} of {options.rounds}")
            rounds.append(measure_round(server, options.rows, number))
    return {"rows": options.rows, "rounds": rounds}


def show(claim):
    rounds = claim["rounds"]

    def median(name, digits=0, factor=1):
        return report.median([figures[name] * factor for figures in rounds], digits)

    print(f"### attach: {claim['rows']:,} items and {claim['rows'] // 10:,} wallets, {CLIENTS} writers meanwhile\n")
    report.table(
        ["", "median"],
        [["attach_store with the opening journalled: locked for, s", median("at_once", 1)],
         ["attach_store with journal_opening => false: waits and locks for, ms", median("lock", 1, 1000)],
         ["vend.journal_opening() afterwards, nobody locked, s", median("opening", 1)],
         ["writers meanwhile: p99, ms", median("p99_ms", 2)],
         ["writers meanwhile: longest, ms", median("max_ms", 1)]])
