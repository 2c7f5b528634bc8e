"""vend.purchase_many against single purchases: of one hot item and of many items, in a row mode and in
escrow."""

import callgrind
import commit_latency
import instructions
import load
import report
import store
from commit_latency import LATENCIES
from server import Failure, Server, say

USUAL = {"rounds": 5}
MODES = ("atomic", "escrow")
PLACES = {"hot": "one item", "spread": f"{store.ITEMS:,} items"}
# Requests of a call, and connections that make such calls.
REQUESTS, CONNECTIONS = 1000, 2
# There are so many wallets that two batches mostly have different buyers, as in a sale.
WALLETS, WALLETS_QUICK = 1_000_000, 100_000
FLOOR, AIM = 10, 150_000
SETTINGS = {"vend.escrow_items": str(2 * store.ITEMS)}
# batches under callgrind
WARM, COUNTED = 3, 10
HOT = store.ITEMS + 1
HOT_ITEM = f"INSERT INTO shop.item (id, price, stock) VALUES ({HOT}, 10, 1000000000000)"
RANDOM_KEYS = """CREATE FUNCTION public.random_keys(count integer, keys integer) RETURNS bigint[]
    LANGUAGE c VOLATILE STRICT AS 'vend_bench', 'bench_random_keys'"""


def create_template(server, wallets):
    store.create_store(server, "template_store", wallets=store.ITEMS, keys="bigint")
    server.sql(HOT_ITEM, "template_store")
    server.sql(store.text_of("wallets.sql"), "template_store", "postgres", rows=wallets)
    server.sql(RANDOM_KEYS, "template_store", "postgres")
    server.sql("VACUUM (ANALYZE)", "template_store", "postgres")


def copy_template(server, mode):
    if mode == "escrow":
        store.copy_store(server, mode, "template_store")
        store.sell_in_escrow(server, mode, "true")
    else:
        store.copy_store(server, mode, "template_store", mode)


def batch_call(place, wallets):
    items = {
        "hot": f"array_fill({HOT}::bigint, ARRAY[{REQUESTS}])",
        "spread": f"public.random_keys({REQUESTS}, {store.ITEMS})",
    }
    return f"vend.purchase_many({items[place]}, public.random_keys({REQUESTS}, {wallets}))"


def batch_script(place, wallets):
    return load.write_script(f"batch_{place}", f"""SELECT status, count(*)
    FROM {batch_call(place, wallets)} GROUP BY status;
""")


def single_script(place, wallets):
    items = {"hot": str(HOT), "spread": ":item"}
    return load.write_script(f"single_{place}", f"""\\set item random(1, {store.ITEMS})
\\set buyer random(1, {wallets})
SELECT * FROM vend.purchase({items[place]}::bigint, :buyer::bigint);
""")


def name_of(place, kind, latency):
    return f"{place} {kind}, {latency}"


def pairs():
    return [(name_of(place, "batch", latency), name_of(place, "single", latency))
            for latency in LATENCIES for place in PLACES]


def contenders(servers, mode, wallets):
    """All of a mode. What one core does is asked where nobody waits for the disk."""
    everybody = []
    for latency, server in servers.items():
        for place in PLACES:
            batch, single = batch_script(place, wallets), single_script(place, wallets)
            kinds = [("single", single, None, 1), ("batch", batch, CONNECTIONS, REQUESTS)]
            if latency == LATENCIES[0]:
                kinds.append(("alone", batch, 1, REQUESTS))
            everybody += [load.Contender(name_of(place, kind, latency), server, mode, script,
                                         clients=clients, units=units)
                          for kind, script, clients, units in kinds]
    return everybody


def require_sold(server, mode, everybody):
    """Whatever was asked for was sold, once: what pgbench was answered, what has gone from the stock
    and what was recorded are the same."""
    store.require_settled(server, [mode])
    answered = sum(contender.processed * contender.units for contender in everybody
                   if contender.server is server)
    found = server.sql(store.text_of("sold.sql"), mode)
    if found != f"{answered}|{answered}":
        raise Failure(f"in {mode} {answered} units were sold; gone from the stock and recorded: {found}")


def measure_mode(servers, mode, clients, options, wallets):
    """In databases of its own that are dropped again: a ledger that grows by the million in each round
    would fill the memory, and the disk with its WAL."""
    everybody = contenders(servers, mode, wallets)

    def require_all_sold():
        for server in servers.values():
            require_sold(server, mode, everybody)

    say(f"batch: {mode}")
    for server in servers.values():
        copy_template(server, mode)
        server.settle([mode])
    figures = load.measure(everybody, pairs(), clients, options, after_round=require_all_sold)
    for server in servers.values():
        server.sql(f"DROP DATABASE {mode}", "postgres", "postgres")
    return figures


def profile():
    """{name: a purchase in instructions}: alone and in a batch, of one item. What makes the arrays of a
    batch is in it, in an object of its own, vend_bench.so."""
    found = {}
    with Server("batch_profile", SETTINGS) as server:
        say("batch: instructions")
        create_template(server, store.WALLETS)
        for mode in MODES:
            copy_template(server, mode)
            instructions.create_mark(server, mode)
        server.settle(MODES)
        server.stop("fast")
        for mode in MODES:
            settings = "" if mode == "escrow" else f"SET vend.lock_mode = '{mode}';"
            alone = callgrind.profile_calls(server, mode, f"vend.purchase({HOT}::bigint, 50000::bigint)", settings,
                                            instructions.WARM, instructions.COUNTED)
            batch = callgrind.profile_calls(server, mode, batch_call("hot", store.WALLETS), settings,
                                            WARM, COUNTED)
            found[f"{mode}, alone"] = instructions.summary(alone)
            found[f"{mode}, of a batch"] = instructions.summary(batch, COUNTED, REQUESTS)
    return found


def measure(options):
    results = {"profile": profile(), "clients": {}}
    results["wallets"] = wallets = WALLETS_QUICK if options.quick else WALLETS
    with commit_latency.servers("batch", SETTINGS) as servers:
        say("batch: setting up")
        for server in servers.values():
            create_template(server, wallets)
        results["settings"] = servers[LATENCIES[0]].shown_settings()
        results["commit_ms"] = commit_latency.commit_ms(servers)
        for clients in options.clients or (64,):
            results["clients"][clients] = {
                mode: measure_mode(servers, mode, clients, options, wallets) for mode in MODES}
    return results


def show_rates(results, latency):
    report.table(
        ["purchases/s, median", "single", f"batches of {REQUESTS:,}, {CONNECTIONS} connections",
         f"batches / single (floor {FLOOR}), median (min..max)"],
        [[f"{mode}, {text}, {report.clients(clients)}",
          report.median(of[mode]["rates"][name_of(place, "single", latency)]),
          report.median(of[mode]["rates"][name_of(place, "batch", latency)]),
          report.spread(of[mode]["ratios"]["/".join((name_of(place, "batch", latency),
                                                    name_of(place, "single", latency)))])]
         for clients, of in results["clients"].items()
         for mode in MODES for place, text in PLACES.items()])


def show_core(results):
    """In every row of clients the same was done: the first tells it."""
    of = next(iter(results["clients"].values()))
    rows = []
    for mode in MODES:
        for place, text in PLACES.items():
            name = name_of(place, "alone", LATENCIES[0])
            per_second = [1e6 / cpu_us for cpu_us in of[mode]["cpu_us"][name]]
            rows.append([f"{mode}, {text}", report.median(of[mode]["rates"][name]),
                         report.median(per_second)])
    report.table(
        [f"purchases/s, median, batches of {REQUESTS:,}", "one connection alone",
         f"for each second of processor time (aim {AIM:,})"], rows)


def show(results):
    print(f"### batch: {REQUESTS:,} purchases in a call, {results['wallets']:,} wallets\n")
    report.settings_line(results["settings"])
    for latency in LATENCIES:
        print(f"Commit latency {latency}: {results['commit_ms'][latency]:.2f} ms for one client.\n")
        show_rates(results, latency)
    show_core(results)
    print(f"Instructions of one purchase of one item: alone ({instructions.COUNTED} calls), and of a batch "
          f"({COUNTED} calls of {REQUESTS:,}; calls are those of a batch).\n")
    instructions.show_objects(results["profile"], 10)
    for mode in MODES:
        name = f"{mode}, of a batch"
        instructions.show_module(name, results["profile"][name])
        instructions.show_server(name, results["profile"][name])
