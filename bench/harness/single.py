"""A single purchase, spread over many items and buyers."""

import load
import report
import store
from server import Server, say

MODES = ("atomic", "pessimistic", "optimistic")
HAND = ("handwritten", "handwritten_bare")


def purchase_script(function, items, wallets):
    return f"""\\set item random(1, {items})
\\set buyer random(1, {wallets})
SELECT * FROM {function}(:item, :buyer);
"""


def set_up(server):
    store.create_store(server, "template_store")
    for mode in MODES:
        store.copy_store(server, mode, "template_store", mode)
    store.copy_claimed(server, "claimed", "template_store")
    store.copy_handwritten(server, "handwritten", "template_store")
    store.copy_handwritten(server, "handwritten_bare", "template_store", guards=False)


def contenders(server):
    vend = load.write_script("vend", purchase_script("vend.purchase", store.ITEMS, store.WALLETS))
    hand = load.write_script("hand", purchase_script("hand.purchase", store.ITEMS, store.WALLETS))
    # atomic between the two that it is measured against: what is near in time is near in conditions
    return [load.Contender("pessimistic", server, "pessimistic", vend),
            load.Contender("handwritten", server, "handwritten", hand),
            load.Contender("atomic", server, "atomic", vend),
            load.Contender("claimed", server, "claimed", vend),
            load.Contender("handwritten_bare", server, "handwritten_bare", hand),
            load.Contender("optimistic", server, "optimistic", vend)]


def measure(options):
    results = {"clients": {}}
    with Server("single") as server:
        say("single: setting up")
        set_up(server)
        results["settings"] = server.shown_settings()
        everybody = contenders(server)
        names = [contender.name for contender in everybody]
        pairs = [*((mode, hand) for hand in HAND for mode in MODES), ("claimed", "atomic")]
        for clients in options.clients or (1, 16, 64):
            server.settle(names)
            results["clients"][clients] = load.measure(everybody, pairs, clients, options)
        store.require_sums(server, [name for name in names if name != "claimed"])
        store.require_settled(server, ["claimed"])
    return results


def show(results):
    pairs = [f"{mode}/{hand}" for hand in HAND for mode in MODES]
    print(f"### single: {store.ITEMS:,} items, {store.WALLETS:,} wallets\n")
    report.settings_line(results["settings"])
    for figures, text in (("rates", "sales/s, median"),
                          ("cpu_us", "processor time of a sale, us, median")):
        report.table(
            [text, *MODES, "atomic, claimed", "handwritten", "handwritten, bare"],
            [[report.clients(clients),
              *(report.median(of[figures][name]) for name in (*MODES, "claimed", *HAND))]
             for clients, of in results["clients"].items()])
    for ratios, text in (("ratios", "ratio of the rates, median (min..max)"),
                         ("cpu_ratios", "ratio of the sales for each second of processor time")):
        report.table(
            [text, *(f"{mode} / {hand}" for hand in ("handwritten", "bare") for mode in MODES)],
            [[report.clients(clients), *(report.spread(of[ratios][pair]) for pair in pairs)]
             for clients, of in results["clients"].items()])
    report.table(
        ["claimed / a plain stock and balance, median (min..max)", "rates (floor 0.95)",
         "sales for each second of processor time"],
        [[report.clients(clients),
          *(report.spread(of[ratios]["claimed/atomic"]) for ratios in ("ratios", "cpu_ratios"))]
         for clients, of in results["clients"].items()])
