"""Transfers between accounts of which a few are in most transfers: vend.transfer_many against PL/pgSQL. The
workload is that of tb-perf: https://github.com/softwaremill/tb-perf"""

import load
import report
import store
from server import Failure, Server, say

USUAL = {"rounds": 5}
ACCOUNTS, BALANCE = 100_000, 1_000_000
SMALL, LARGE = 24, 1000
TEXTS = {
    "vend_large": f"transfer_many, {LARGE:,} a call", "vend_small": f"transfer_many, {SMALL} a call",
    "savepoints": f"by hand, {SMALL} savepoints a call", "update": "by hand, conditional UPDATE",
    "lock": "by hand, FOR UPDATE",
}
# in the order of their turns: what is near in time is near in conditions
NAMES = ("lock", "update", "vend_large", "savepoints", "vend_small")
UNITS = {"vend_large": LARGE, "vend_small": SMALL, "savepoints": SMALL}
VEND, HAND = ("vend_large", "vend_small"), ("update", "savepoints", "lock")
# The ratio of 1,000 transfers a call to the other contender that is to be reached.
FLOORS = {"update": 10, "savepoints": 3.5}
PAIRS = [(ours, theirs) for ours in VEND for theirs in HAND]
# More clients would compare refusals.
REFUSED_MAX = 0.01
REQUESTS = """CREATE FUNCTION public.zipf_transfers(
    count integer, accounts integer, OUT payers bigint[], OUT payees bigint[], OUT amounts bigint[]
) LANGUAGE c VOLATILE STRICT AS 'vend_bench', 'bench_zipf_transfers'"""


def set_up(server):
    for template, file, names in (("template_store", "transfers_store.sql", VEND),
                                  ("template_hand", "transfers.sql", HAND)):
        server.create_database(template)
        server.sql(REQUESTS, template, "postgres")
        server.sql(store.text_of(file), template, accounts=ACCOUNTS, balance=BALANCE)
        for name in names:
            server.create_database(name, template)


def script(name):
    requests = f"public.zipf_transfers({UNITS.get(name, 1)}, {ACCOUNTS}) AS r"
    one = "r.payers[1], r.payees[1], r.amounts[1]"
    many = "r.payers, r.payees, r.amounts"
    counted = "SELECT status, count(*) FROM {}, {} GROUP BY status;\n"
    texts = {
        "update": f"SELECT * FROM {requests}, hand.transfer_update({one}) AS status;\n",
        "lock": f"SELECT * FROM {requests}, hand.transfer_lock({one}) AS status;\n",
        "savepoints": counted.format(requests, f"hand.transfer_batch({many}) AS status"),
        "vend_large": counted.format(requests, f"vend.transfer_many({many})"),
        "vend_small": counted.format(requests, f"vend.transfer_many({many})"),
    }
    return load.write_script(name, texts[name])


def contenders(server):
    return [load.Contender(name, server, name, script(name), units=UNITS.get(name, 1)) for name in NAMES]


def require_sums(everybody):
    """No money was made or lost, each balance is what the transfers say, and each transfer that was asked
    for was made once, or refused."""
    for contender in everybody:
        name = contender.name
        file = "transfers_store_sums.sql" if name in VEND else "transfers_sums.sql"
        transfers, total, wrong = map(int, contender.server.sql(
            store.text_of(file), contender.database, balance=BALANCE).split("|"))
        asked = contender.processed * contender.units
        if total != ACCOUNTS * BALANCE or wrong != 0:
            raise Failure(f"{name}: all balances are {total}, {wrong} accounts differ from their transfers")
        if not asked * (1 - REFUSED_MAX) <= transfers <= asked:
            raise Failure(f"{name}: {asked} transfers were asked for and {transfers} made")
        if name in VEND:
            store.require_settled(contender.server, [contender.database])


def measure(options):
    results = {"clients": {}}
    with Server("transfers") as server:
        say("transfers: setting up")
        set_up(server)
        results["settings"] = server.shown_settings()
        everybody = contenders(server)
        for clients in options.clients or (16,):
            server.settle(NAMES)
            results["clients"][clients] = load.measure(everybody, PAIRS, clients, options,
                                                       after_round=lambda: require_sums(everybody))
    return results


def floor(ours, theirs):
    return f" (floor {FLOORS[theirs]})" if ours == "vend_large" and theirs in FLOORS else ""


def show(results):
    print(f"### transfers: {ACCOUNTS:,} accounts, Zipf with exponent 1\n")
    report.settings_line(results["settings"])
    for figure, text in (("rates", "transfers/s, median"),
                         ("cpu_us", "processor time of a transfer, us, median")):
        report.table(
            [text, *TEXTS.values()],
            [[report.clients(clients), *(report.median(of[figure][name]) for name in TEXTS)]
             for clients, of in results["clients"].items()])
    for ratios, text in (("ratios", "ratio of the rates, median (min..max)"),
                         ("cpu_ratios", "ratio of the transfers for each second of processor time")):
        for ours in VEND:
            report.table(
                [f"{TEXTS[ours]}: {text}",
                 *(TEXTS[theirs] + (floor(ours, theirs) if ratios == "ratios" else "") for theirs in HAND)],
                [[report.clients(clients),
                  *(report.spread(of[ratios][f"{ours}/{theirs}"]) for theirs in HAND)]
                 for clients, of in results["clients"].items()])
