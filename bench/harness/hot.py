"""One hot item: all clients queue at its row, each until the one before it has committed."""

import commit_latency
import load
import report
import single
import store
from commit_latency import LATENCIES
from server import say

# A lost race of the optimistic claims is an error 40001, after which the client asks again.
RETRY = ["--max-tries=1000"]


def by_hand(mode):
    return f"hand_{mode}"


def databases():
    return [*single.MODES, *map(by_hand, single.MODES)]


def set_up(server):
    store.create_store(server, "template_store")
    for mode in single.MODES:
        store.copy_store(server, mode, "template_store", mode)
        store.copy_handwritten(server, by_hand(mode), "template_store", mode)


def script(function):
    return load.write_script(function, f"""\\set buyer random(1, {store.WALLETS})
SELECT * FROM {function}('1', :buyer);
""")


def pairs(latencies):
    return [(f"{mode}, {latency}", f"{by_hand(mode)}, {latency}")
            for latency in latencies for mode in single.MODES]


def contenders(server, latency):
    """The two that are compared next to each other."""
    vend, hand = script("vend.purchase"), script("hand.purchase")
    return [contender for mode in single.MODES for contender in (
        load.Contender(f"{mode}, {latency}", server, mode, vend, RETRY),
        load.Contender(f"{by_hand(mode)}, {latency}", server, by_hand(mode), hand, RETRY))]


def measure_clients(servers, clients, options):
    everybody = [contender for latency, server in servers.items()
                 for contender in contenders(server, latency)]
    for server in servers.values():
        server.settle(databases())
    return load.measure(everybody, pairs(LATENCIES), clients, options)


def measure(options):
    results = {"clients": {}}
    with commit_latency.servers("hot") as servers:
        say("hot: setting up")
        for server in servers.values():
            set_up(server)
        results["settings"] = servers[LATENCIES[0]].shown_settings()
        results["commit_ms"] = commit_latency.commit_ms(servers)
        for clients in options.clients or (1, 16, 64):
            results["clients"][clients] = measure_clients(servers, clients, options)
        for server in servers.values():
            store.require_sums(server, databases())
    return results


def show(results):
    print("### hot: one item\n")
    report.settings_line(results["settings"])
    for latency in LATENCIES:
        print(f"Commit latency {latency}: {results['commit_ms'][latency]:.2f} ms for one client.\n")
        names = [f"{name}, {latency}" for name in databases()]
        report.table(
            ["sales/s, median", *single.MODES, *(f"by hand, {mode}" for mode in single.MODES)],
            [[report.clients(clients), *(report.median(of["rates"][name]) for name in names)]
             for clients, of in results["clients"].items()])
        report.table(
            ["ratio to the same by hand, median (min..max)", *single.MODES],
            [[report.clients(clients),
              *(report.spread(of["ratios"]["/".join(pair)]) for pair in pairs([latency]))]
             for clients, of in results["clients"].items()])
