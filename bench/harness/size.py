"""A sale in a small store, in one with many wallets, and in one with a long ledger."""

import os

import load
import report
import single
import store
from server import Server, say

SMALL = 1000
LARGE = ("many_wallets", "long_ledger")
# Longer turns: a page of shared memory that a session touches for the first time is a page fault, in a
# large table for a long time nearly every one.
USUAL = {"rounds": 5, "seconds": 20}
# The large stores must fit with all their indexes. What a disk does is another question, and another
# measurement: it would be the disk's.
SETTINGS = {"shared_buffers": "'6GB'"}
TABLES = ("shop.item", "shop.wallet", "shop.ledger")


def set_up(server, rows):
    """The large stores are filled after the last checkpoint, so that each page of theirs has been
    written since then. Otherwise their sales would write full pages to the WAL for as long as the
    rounds last, and those of the small store only in the first second."""
    store.create_store(server, "small", wallets=SMALL)
    for name in LARGE:
        server.create_database(name, "small")
    variables = {"rows": rows, "items": store.ITEMS, "wallets": SMALL}
    for name, file in zip(LARGE, ("wallets.sql", "ledger.sql")):
        say(f"  {name}: {rows:,} rows")
        server.sql(store.text_of(file), name, "postgres", **variables)
    for name in ("small", *LARGE):
        server.sql("VACUUM (ANALYZE)", name, "postgres")
    store.require_sums(server, ["small", *LARGE])
    # The tables are written to disk now, not during the rounds.
    os.sync()


def sizes(server, name):
    """{table: (rows, megabytes with indexes)}"""
    return {table: (int(server.sql(f"SELECT count(*) FROM {table}", name)),
                    int(server.sql(f"SELECT pg_total_relation_size('{table}') >> 20", name)))
            for table in TABLES}


def contender(server, name, wallets):
    text = single.purchase_script("vend.purchase", store.ITEMS, wallets)
    return load.Contender(name, server, name, load.write_script(name, text))


def measure(options):
    results = {"clients": {}}
    with Server("size", SETTINGS) as server:
        say("size: setting up")
        set_up(server, options.rows)
        results["settings"] = server.shown_settings()
        results["sizes"] = {name: sizes(server, name) for name in ("small", *LARGE)}
        everybody = [contender(server, "small", SMALL), contender(server, "many_wallets", options.rows),
                     contender(server, "long_ledger", SMALL)]
        pairs = [(name, "small") for name in LARGE]
        for clients in options.clients or (1, 16):
            results["clients"][clients] = load.measure(everybody, pairs, clients, options)
        store.require_sums(server, ["small", *LARGE])
    return results


def show(results):
    print("### size\n")
    report.settings_line(results["settings"])
    report.table(
        ["before the rounds",
         *(f"{table.split('.')[1]}, {what}" for table in TABLES for what in ("rows", "MB"))],
        [[name, *(f"{figure:,}" for table in TABLES for figure in of[table])]
         for name, of in results["sizes"].items()])
    for figures, ratios, text in (("rates", "ratios", "sales/s, median"),
                                  ("cpu_us", "cpu_ratios", "processor time of a sale, us, median")):
        report.table(
            [text, "small", *LARGE, *(f"{name} / small, median (min..max)" for name in LARGE)],
            [[report.clients(clients),
              *(report.median(of[figures][name]) for name in ("small", *LARGE)),
              *(report.spread(of[ratios][f"{name}/small"]) for name in LARGE)]
             for clients, of in results["clients"].items()])
