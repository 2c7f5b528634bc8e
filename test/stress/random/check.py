"""After a round: waits until all sessions have ended, then counts every unit and every coin."""

import time

from books import differences, halves
from server import connect
from shop import BALANCE, DATABASES, ITEMS, MOVED, STOCKS, STORES, WALLETS

QUIET_SECONDS_MAX = 180
REPLAYS = 500


def rows_of(cursor, sql, arguments=()):
    cursor.execute(sql, arguments)
    return cursor.fetchall()


def wait_for_quiet(cursor):
    """Waits for sessions whose connection was cut and which may still be at work."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while True:
        busy = rows_of(cursor, "SELECT pid, state, wait_event, query FROM pg_stat_activity "
                               "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
        if not busy:
            return
        if time.monotonic() > deadline:
            yield f"still at work: {busy}"
            return
        time.sleep(0.02)


def check_all(books):
    """Yields what is wrong."""
    connection = connect("postgres", "check")
    with connection.cursor() as cursor:
        yield from wait_for_quiet(cursor)
        prepared = rows_of(cursor, "SELECT database, gid FROM pg_prepared_xacts")
    connection.close()
    for database in DATABASES:
        connection = connect(database, "check")
        with connection.cursor() as cursor:
            for _, gid in filter(lambda row: row[0] == database, prepared):
                cursor.execute(f"ROLLBACK PREPARED '{gid}'")
            for difference in check_database(cursor, database, books):
                yield f"{database}: {difference}"
        connection.close()


def check_database(cursor, database, books):
    markers = {str(marker) for (marker,) in rows_of(cursor, "SELECT id::text FROM public.marker")}
    rows = {}
    for store in STORES:
        of_store = {row[0]: row[1:] for row in rows_of(
            cursor, f"SELECT id::text, kind, item::text, qty, wallet::text, amount FROM {store.name}.ledger "
                    "WHERE line = 0 AND kind <> 'adjustment'")}
        rows.update(of_store)
        for difference in differences(books.of(database, store), of_store):
            yield f"{store.name}: {difference}"
        for difference in check_tables(cursor, store):
            yield f"{store.name}: {difference}"
        for difference in check_sums(cursor, store, books, database, of_store, markers):
            yield f"{store.name}: {difference}"
    yield from halves(books, database, rows, markers)
    for counter in rows_of(cursor, "SELECT store, item, available, pending, waiting, unsettled FROM vend.stat_item "
                                   "WHERE pending <> 0 OR waiting <> 0"):
        yield f"something is left in a counter: {counter}"


def check_tables(cursor, store):
    """Yields what is wrong in the tables alone, whatever the workers were told."""
    name = store.name
    cursor.execute("SELECT vend.settle(%s)", (name,))
    for row in rows_of(cursor, f"SELECT item, qty FROM {name}.stock_delta"):
        yield f"not settled: {row}"
    for row in rows_of(cursor, "SELECT finding, key, expected, found FROM vend.audit(%s)", (name,)):
        yield f"audit: {row}"
    for row in rows_of(cursor, f"SELECT id, stock FROM {name}.item WHERE stock < 0"):
        yield f"negative stock: {row}"
    for row in rows_of(cursor, f"SELECT id, stock, vend.available(id, '{name}'), lock_mode FROM {name}.item "
                               f"WHERE stock <> vend.available(id, '{name}')"):
        yield f"item, stock, available: {row}"
    for row in rows_of(cursor, f"SELECT coalesce(i.id, l.item), i.stock, l.qty FROM {name}.item i FULL JOIN "
                               f"(SELECT item, sum(qty) AS qty FROM {name}.ledger WHERE item IS NOT NULL GROUP BY item) l "
                               "ON l.item = i.id WHERE coalesce(i.stock, 0) <> coalesce(l.qty, 0)"):
        yield f"item, stock, ledger: {row}"
    if store.has_wallets:
        for row in rows_of(cursor, f"SELECT w.id, w.balance, l.amount FROM {name}.wallet w LEFT JOIN (SELECT wallet, "
                                   f"sum(amount) AS amount FROM {name}.ledger GROUP BY wallet) l ON l.wallet = w.id "
                                   "WHERE w.balance <> coalesce(l.amount, 0) OR w.balance < 0"):
            yield f"wallet, balance, ledger: {row}"
    price = ", amount => -amount"
    for row in rows_of(cursor, f"SELECT l.id, o.status, o.amount, l.amount FROM (SELECT * FROM {name}.ledger "
                               f"WHERE kind = 'purchase' ORDER BY id LIMIT {REPLAYS}) l, LATERAL vend.try_purchase("
                               f"l.item, l.wallet, -l.qty, l.id, store => '{name}'{price}) o "
                               "WHERE (o.status, o.amount, o.qty, o.unit_price, o.at) "
                               "IS DISTINCT FROM ('replayed', -l.amount, -l.qty, l.unit_price, l.at)"):
        yield f"id, answer, amount, ledger: {row}"


def check_sums(cursor, store, books, database, rows, markers):
    """Yields stocks and balances that are not the sums of the ledger's rows, which were compared with the books one by one."""
    stocks = dict(rows_of(cursor, f"SELECT id::text, stock FROM {store.name}.item"))
    for known in (*ITEMS, MOVED):
        item = store.key(known)
        expected = STOCKS.get(known, 0) + books.adjusted(database, store, item, markers) \
            + sum(qty for _, of, qty, _, _ in rows.values() if of == item)
        if stocks.get(item, 0) != expected:
            yield f"item {item}: {stocks.get(item)} left, {expected} by what was told"
    if not store.has_wallets:
        return
    payees = {entry.request.id: entry.request.payee for entry in books.of(database, store)}
    for wallet, balance in rows_of(cursor, f"SELECT id::text, balance FROM {store.name}.wallet"):
        expected = BALANCE + sum(amount for _, _, _, of, amount in rows.values() if of == wallet) \
            - sum(row[4] for known, row in rows.items() if row[0] == "transfer" and payees.get(known) == wallet)
        if balance != expected:
            yield f"wallet {wallet}: {balance} left, {expected} by what was told"
    if len(WALLETS) != len(rows_of(cursor, f"SELECT FROM {store.name}.wallet")):
        yield "a wallet is missing"
