"""The answer "sold_out", of an item in a row mode and of one in escrow, against the least that a C
function costs which returns such a row."""

import load
import report
import store
from server import Server, say

NAMES = ("sold_out_escrow", "sold_out", "constant")
PAIRS = (("sold_out", "constant"), ("sold_out_escrow", "constant"), ("sold_out_escrow", "sold_out"))
# The arguments of vend.try_purchase.
CONSTANT = """CREATE FUNCTION public.constant(
    item text, buyer text, qty bigint DEFAULT 1, id uuid DEFAULT NULL, lock_mode text DEFAULT NULL,
    nowait boolean DEFAULT false, expected_version bigint DEFAULT NULL, max_price numeric DEFAULT NULL,
    unit_price numeric DEFAULT NULL, remember boolean DEFAULT false, store text DEFAULT NULL
) RETURNS vend.outcome LANGUAGE c VOLATILE AS 'vend_bench', 'bench_constant'"""


def set_up(server):
    store.create_store(server, "shop")
    server.sql("INSERT INTO shop.item (id, price, stock) VALUES ('gone', 10, 0)", "shop")
    # the last unit is sold, so that its counter is in memory as after a flash sale
    server.sql("INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('gone_escrow', 10, 1, 'escrow')",
               "shop")
    server.sql("SELECT vend.purchase('gone_escrow', '1')", "shop")
    server.sql(CONSTANT, "shop", "postgres")


def contender(server, name, function, item):
    script = load.write_script(name, f"""\\set buyer random(1, {store.WALLETS})
SELECT * FROM {function}('{item}', :buyer);
""")
    return load.Contender(name, server, "shop", script)


def measure(options):
    results = {"clients": {}}
    with Server("sold_out") as server:
        say("sold_out: setting up")
        set_up(server)
        results["settings"] = server.shown_settings()
        everybody = [contender(server, "sold_out_escrow", "vend.try_purchase", "gone_escrow"),
                     contender(server, "sold_out", "vend.try_purchase", "gone"),
                     contender(server, "constant", "public.constant", "gone")]
        for clients in options.clients or (1, 16, 64):
            server.settle(["shop"])
            results["clients"][clients] = load.measure(everybody, PAIRS, clients, options)
    return results


def show(results):
    print("### sold_out\n")
    report.settings_line(results["settings"])
    for figures, ratios, text in (("rates", "ratios", "answers/s, median"),
                                  ("cpu_us", "cpu_ratios", "processor time of an answer, us, median")):
        report.table(
            [text, *NAMES, *(f"{ours} / {theirs}, median (min..max)" for ours, theirs in PAIRS)],
            [[report.clients(clients), *(report.median(of[figures][name]) for name in NAMES),
              *(report.spread(of[ratios]["/".join(pair)]) for pair in PAIRS)]
             for clients, of in results["clients"].items()])
