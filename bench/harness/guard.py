"""An UPDATE of an unguarded and of a guarded column, with the version guard, with the PL/pgSQL trigger that is usually
written, and with neither; and a sale in a store whose items are guarded."""

import callgrind
import instructions
import load
import report
import store
from server import Server, say

TABLES = ("free", "plpgsql", "read", "next")
WRITES = {"sell": "an unguarded column", "edit": "a guarded column"}
PAIRS = tuple((ours, theirs) for ours in ("read", "next") for theirs in ("free", "plpgsql"))
ROWS = 10_000
USUAL = {"rounds": 5}


def set_up(server):
    server.create_database("guard")
    server.sql("CREATE EXTENSION pg_vend", "guard", "postgres")
    server.sql("GRANT CREATE ON SCHEMA public TO PUBLIC", "guard", "postgres")
    server.sql(store.text_of("guard.sql"), "guard")
    store.create_store(server, "unguarded")
    server.create_database("guarded", "unguarded")
    server.sql("SELECT vend.guard_version('shop.item', 'version', '{price}')", "guarded")
    for database in ("guard", "unguarded", "guarded"):
        instructions.create_mark(server, database)


def contenders(server, write):
    return [load.Contender(table, server, "guard", load.write_script(f"{write}_{table}", f"""\\set id random(1, {ROWS})
SELECT public.{write}_{table}(:id);
""")) for table in TABLES]


def calls():
    """(name, database, call)"""
    for write in WRITES:
        for table in TABLES:
            yield f"{write} {table}", "guard", f"public.{write}_{table}(500)"
    for database in ("unguarded", "guarded"):
        yield f"sale {database}", database, "vend.purchase('500', '50000')"


def measure(options):
    results = {"writes": {write: {} for write in WRITES}, "calls": {}}
    with Server("guard") as server:
        say("guard: setting up")
        set_up(server)
        results["settings"] = server.shown_settings()
        for write in WRITES:
            everybody = contenders(server, write)
            for clients in options.clients or (1, 16):
                server.settle(["guard"])
                results["writes"][write][clients] = load.measure(everybody, PAIRS, clients, options)
        server.stop("fast")
        for name, database, call in calls():
            say(f"  {name}")
            profile = callgrind.profile_calls(server, database, call, "", instructions.WARM, instructions.COUNTED)
            results["calls"][name] = instructions.summary(profile)
    return results


def show(results):
    print("### guard\n")
    report.settings_line(results["settings"])
    for write, columns in WRITES.items():
        of_clients = results["writes"][write].items()
        for figures, ratios, text in (("rates", "ratios", "updates/s"),
                                      ("cpu_us", "cpu_ratios", "processor time of an update, us")):
            report.table(
                [f"{columns}: {text}, median", *TABLES, *(f"{ours} / {theirs}, median (min..max)" for ours, theirs in PAIRS)],
                [[report.clients(clients), *(report.median(of[figures][table]) for table in TABLES),
                  *(report.spread(of[ratios]["/".join(pair)]) for pair in PAIRS)] for clients, of in of_clients])
    totals = {name: of["total"] for name, of in results["calls"].items()}
    report.table(
        ["instructions of an update", *TABLES, *(f"{table} / free" for table in TABLES[1:])],
        [[columns, *(f"{totals[f'{write} {table}']:,}" for table in TABLES),
          *(f"{totals[f'{write} {table}'] / totals[f'{write} free']:.2f}" for table in TABLES[1:])]
         for write, columns in WRITES.items()])
    report.table(
        ["instructions of a sale", "unguarded", "guarded", "guarded / unguarded"],
        [["vend.purchase", f"{totals['sale unguarded']:,}", f"{totals['sale guarded']:,}",
          f"{totals['sale guarded'] / totals['sale unguarded']:.3f}"]])
