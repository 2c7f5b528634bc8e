"""Databases with a store, and those with the same tables and a function written by hand."""

import re

from server import BENCH, Failure

ITEMS = 1000
WALLETS = 100_000


def text_of(name):
    return (BENCH / "sql" / name).read_text(encoding="utf-8")


def create_store(server, database, items=ITEMS, wallets=WALLETS, keys="text"):
    server.create_database(database)
    server.sql(text_of("store.sql"), database, items=items, wallets=wallets, keys=keys)


def copy_store(server, database, template, lock_mode="atomic"):
    """A copy of a store's database, whose items are sold in this lock mode."""
    server.create_database(database, template)
    server.sql(f"ALTER DATABASE {database} SET vend.lock_mode = '{lock_mode}'", "postgres", "postgres")


def copy_claimed(server, database, template):
    """A copy whose sales raise columns of claims instead of lowering stock and balance."""
    copy_store(server, database, template)
    server.sql(text_of("claimed.sql"), database)


def copy_handwritten(server, database, template, claim="atomic", guards=True,
                     make_id="gen_random_uuid()"):
    """A copy whose store is detached: plain tables, with hand.purchase() and, if asked for, guards."""
    server.create_database(database, template)
    marks = {
        "claim": text_of(f"claim_{claim}.sql").rstrip("\n"),
        "begin": "    v_mark := set_config('hand.sale', 'on', true);" if guards else "",
        "end": "    v_mark := set_config('hand.sale', '', true);" if guards else "",
        "id": make_id,
    }
    server.sql(re.sub(r"@(\w+)@", lambda mark: marks[mark[1]], text_of("handwritten.sql")), database)
    if guards:
        server.sql(text_of("guards.sql"), database)


def require_sums(server, databases):
    """Figures of a contender that lost or invented a unit are worth nothing."""
    for database in databases:
        wrong = server.sql(text_of("audit.sql"), database)
        if wrong != "0":
            raise Failure(f"in {database} {wrong} items or wallets do not equal their ledger rows")


def sell_in_escrow(server, database, items):
    """items: a condition on shop.item."""
    server.sql(f"SELECT vend.set_lock_mode(id, 'escrow') FROM shop.item WHERE {items}", database)


def require_settled(server, databases):
    """All that was sold in escrow is in the rows of the items, and the store's own audit agrees."""
    for database in databases:
        server.sql("SELECT vend.settle()", database)
        left = server.sql("SELECT count(*) FROM shop.stock_delta", database)
        if left != "0":
            raise Failure(f"in {database} {left} changes of stock were not settled")
        findings = server.sql("SELECT * FROM vend.audit()", database)
        if findings:
            raise Failure(f"vend.audit() in {database}:\n{findings}")
