"""One hot item: all clients queue at its row, each until the one before it has committed."""

import load
import report
import single
import store
from server import WORK, Failure, Server, say

DELAY_US = 1000
LATENCIES = ("as it is", "+1 ms")
# A lost race of the optimistic claims is an error 40001, and whoever gets it asks again.
RETRY = ["--max-tries=1000"]
COMMIT = "SELECT pg_logical_emit_message(true, '', '');\n"


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


def commit_ms(servers):
    """{latency: what a commit takes}: the least that there is to flush, one client, the best second."""
    emit = load.write_script("commit", COMMIT)
    rates = {latency: [] for latency in servers}
    for _ in range(3):
        for latency, server in servers.items():
            commit = load.Contender("commit", server, "template_store", emit)
            rates[latency] += load.rates_by_second(commit, 1, 1, 2)[0]
    return {latency: 1000 / max(series) for latency, series in rates.items()}


def measure_clients(servers, clients, options):
    everybody = [contender for latency, server in servers.items()
                 for contender in contenders(server, latency)]
    for server in servers.values():
        server.settle(databases())
    return load.measure(everybody, pairs(LATENCIES), clients, options)


def measure(options):
    library = WORK / "src" / "bench" / "module" / "slow_flush.so"
    slow = {"LD_PRELOAD": str(library), "SLOW_FLUSH_US": str(DELAY_US)}
    results = {"clients": {}}
    with Server("hot") as plain, Server("hot_slow", environment=slow) as slowed:
        servers = dict(zip(LATENCIES, (plain, slowed)))
        say("hot: setting up")
        for server in servers.values():
            set_up(server)
        results["settings"] = plain.shown_settings()
        results["commit_ms"] = commit_ms(servers)
        added = results["commit_ms"]["+1 ms"] - results["commit_ms"]["as it is"]
        if not 0.9 <= added <= 3:
            raise Failure(f"a delay of {DELAY_US} us made a commit {added:.2f} ms longer")
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
