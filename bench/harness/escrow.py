"""One hot item in escrow: against PL/pgSQL whose buyers queue at its row, against many items in escrow,
and against the least that any durable sale takes, a bare INSERT."""

import commit_latency
import hot
import load
import report
import single
import store
from commit_latency import LATENCIES
from server import say

# in the order of their turns: what is near in time is near in conditions
NAMES = ("spread", "escrow", "insert", "hand_pessimistic", "hand_atomic")
TEXTS = {
    "escrow": "escrow", "spread": f"escrow, {store.ITEMS:,} items", "insert": "bare INSERT",
    "hand_pessimistic": "by hand, FOR UPDATE", "hand_atomic": "by hand, conditional UPDATE",
}
ESCROW = ("escrow", "spread")
# The ratios of escrow to the other contender that are to be reached, in the order of LATENCIES.
FLOORS = {"hand_pessimistic": (6, 20), "hand_atomic": (6, 20), "spread": (0.9, 0.9), "insert": (0.35, 0.35)}
TAIL_MAX = 1.3
# One counter for each item of both databases, and none to spare would be another measurement.
SETTINGS = {"vend.escrow_items": str(2 * store.ITEMS)}
INSERT = f"""\\set buyer random(1, {store.WALLETS})
INSERT INTO public.sale (kind, item, qty, wallet, amount, unit_price, at)
    VALUES ('purchase', '1', -1, :buyer, -10, 10, clock_timestamp());
"""


def set_up(server):
    store.create_store(server, "template_store")
    for database, items in zip(ESCROW, ("id = '1'", "true")):
        store.copy_store(server, database, "template_store")
        store.sell_in_escrow(server, database, items)
    for mode in ("pessimistic", "atomic"):
        store.copy_handwritten(server, hot.by_hand(mode), "template_store", mode)
    server.create_database("insert")
    server.sql(store.text_of("bare.sql"), "insert")


def name_at(name, latency):
    return f"{name}, {latency}"


def pairs(latencies):
    return [(name_at("escrow", latency), name_at(other, latency))
            for latency in latencies for other in FLOORS]


def contenders(server, latency):
    spread = single.purchase_script("vend.purchase", store.ITEMS, store.WALLETS)
    scripts = {
        "escrow": hot.script("vend.purchase"),
        "spread": load.write_script("spread", spread),
        "insert": load.write_script("insert", INSERT),
        "hand_pessimistic": hot.script("hand.purchase"),
        "hand_atomic": hot.script("hand.purchase"),
    }
    return [load.Contender(name_at(name, latency), server, name, scripts[name]) for name in NAMES]


def require_sums(servers):
    for server in servers.values():
        store.require_settled(server, ESCROW)
        store.require_sums(server, [name for name in NAMES if name != "insert"])


def measure(options):
    results = {"clients": {}}
    with commit_latency.servers("escrow", SETTINGS) as servers:
        say("escrow: setting up")
        for server in servers.values():
            set_up(server)
        results["settings"] = servers[LATENCIES[0]].shown_settings()
        results["commit_ms"] = commit_latency.commit_ms(servers)
        everybody = [contender for latency, server in servers.items()
                     for contender in contenders(server, latency)]
        for clients in options.clients or (64,):
            for server in servers.values():
                server.settle(NAMES)
            results["clients"][clients] = load.measure(
                everybody, pairs(LATENCIES), clients, options, timed=True,
                after_round=lambda: require_sums(servers))
    return results


def show_figures(title, results, figure, latency, digits=0):
    report.table(
        [title, *TEXTS.values()],
        [[report.clients(clients),
          *(report.median(of[figure][name_at(name, latency)], digits) for name in TEXTS)]
         for clients, of in results["clients"].items()])


def show(results):
    print("### escrow: one hot item\n")
    report.settings_line(results["settings"])
    for number, latency in enumerate(LATENCIES):
        print(f"Commit latency {latency}: {results['commit_ms'][latency]:.2f} ms for one client.\n")
        show_figures("sales/s, median", results, "rates", latency)
        report.table(
            ["escrow / the other, median (min..max)",
             *(f"{TEXTS[other]} (floor {floors[number]})" for other, floors in FLOORS.items())],
            [[report.clients(clients),
              *(report.spread(of["ratios"]["/".join(pair)]) for pair in pairs([latency]))]
             for clients, of in results["clients"].items()])
        show_figures("processor time of a sale, us, median", results, "cpu_us", latency)
        show_figures("p50 of the latency, ms, median", results, "p50_ms", latency, 2)
        show_figures("p99 of the latency, ms, median", results, "p99_ms", latency, 2)
        tail = "/".join((name_at("escrow", latency), name_at("insert", latency)))
        report.table(
            ["p99 / p50", f"of escrow / of the bare INSERT (at most {TAIL_MAX}), median (min..max)"],
            [[report.clients(clients), report.spread(of["tail_ratios"][tail])]
             for clients, of in results["clients"].items()])
