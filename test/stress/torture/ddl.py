"""Sales of every kind while tables are altered, sessions cancelled and ended, and the server crashes.

What was acknowledged must be in the ledger, once; the books must add up; heap and indexes must be sound."""

import random
import threading
import time
from collections import Counter

import psycopg2

from database import ROW_MODES, array, check, make_database, recorded
from rounds import join_all
from server import connect

DATABASE = "torture_ddl"
SELLERS = 5
ITEMS = [f"i{n}" for n in range(1, 21)]
WALLETS = [f"w{n}" for n in range(1, 31)]
SETUP = (
    "CREATE EXTENSION btree_gist",
    "SELECT vend.create_store('shop')",
    "ALTER TABLE shop.item ADD COLUMN ext int[], ADD COLUMN wide text",
    "ALTER TABLE shop.wallet ADD COLUMN wide text",
    "CREATE TABLE shop.child (id serial PRIMARY KEY, item text REFERENCES shop.item ON DELETE CASCADE,"
    " wallet text REFERENCES shop.wallet)",
    # Some rows are so wide that they are toasted.
    "INSERT INTO shop.item (id, price, stock, ext, wide) SELECT 'i' || g, g % 7 + 1, 500, array[g],"
    " CASE WHEN g % 2 = 0 THEN (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) n) END"
    " FROM generate_series(1, 20) g",
    "INSERT INTO shop.wallet (id, balance, wide) SELECT 'w' || g, 100000,"
    " CASE WHEN g % 3 = 0 THEN (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) n) END"
    " FROM generate_series(1, 30) g",
    "SELECT vend.set_lock_mode('i' || g, 'escrow') FROM generate_series(1, 8) g",
)
INDEXES = (
    ("shop.item", "(stock)"), ("shop.item", "(price, stock)"), ("shop.wallet", "(balance)"), ("shop.ledger", "(amount)"),
    ("shop.ledger", "(kind, at)"), ("shop.stock_delta", "(qty)"), ("shop.item", "(id) WHERE stock > 5"),
    ("shop.item", "(lock_mode)"), ("shop.wallet", "((balance % 7))"), ("shop.item", "USING brin (stock)"),
    ("shop.item", "USING gin (ext)"), ("shop.item", "USING hash (stock)"), ("shop.item", "USING gist (stock)"),
    ("shop.wallet", "(id) INCLUDE (balance)"),
)
SOLD = ("purchased", "replayed", "recorded")


def quoted(values):
    return [f"'{value}'" for value in values]


class Seller(threading.Thread):
    """Sells in one session after the other, and notes the ids that were acknowledged."""

    def __init__(self, number, seed, deadline, round_):
        super().__init__(name=f"seller {number}", daemon=True)
        self.rng = random.Random(f"{seed}/{number}")
        self.deadline, self.round = deadline, round_
        self.connection = None
        self.acknowledged = set()
        self.ids = 0

    def run(self):
        while time.monotonic() < self.deadline:
            try:
                self.act()
            except psycopg2.Error as error:
                self.round.note(self, error)
                self.recover()
        if self.connection is not None:
            self.connection.close()

    def recover(self):
        try:
            if not self.connection.closed:
                self.connection.cursor().execute("ROLLBACK")
                return
        except psycopg2.Error:
            self.connection.close()
        self.connection = None
        time.sleep(0.02)

    def open(self):
        self.connection = connect(DATABASE, self.name)
        cursor = self.connection.cursor()
        cursor.execute("SET statement_timeout = '15s'; SET vend.escrow_wait = '30ms'")
        if self.rng.random() < 0.3:
            cursor.execute("SET vend.lock_timeout = '50ms'")
        if self.rng.random() < 0.2:
            cursor.execute("SET lock_timeout = '100ms'")
        if self.rng.random() < 0.15:
            cursor.execute(f"SET default_transaction_isolation = '{self.rng.choice(('repeatable read', 'serializable'))}'")

    def act(self):
        rng = self.rng
        if self.connection is None or self.connection.closed:
            self.open()
        cursor = self.connection.cursor()
        is_block = rng.random() < 0.35
        told, savepoints = set(), []
        if is_block:
            cursor.execute("BEGIN")
        for _ in range(rng.randint(1, 6) if is_block else 1):
            if is_block and rng.random() < 0.4:
                savepoints.append(set(told))
                cursor.execute(f"SAVEPOINT s{len(savepoints)}")
            told |= self.call(cursor)
            if savepoints and rng.random() < 0.3:
                back = rng.randrange(len(savepoints))
                cursor.execute(f"ROLLBACK TO s{back + 1}")
                told = set(savepoints[back])
                del savepoints[back + 1:]
        if is_block:
            if rng.random() < 0.2:
                cursor.execute("ROLLBACK")
                return
            cursor.execute("COMMIT")
        self.acknowledged |= told

    def call(self, cursor):
        """Makes one call and returns the ids that it acknowledged."""
        sql, kind = self.statement()
        cursor.execute(sql)
        self.round.count("statements")
        if kind is None or cursor.description is None:
            return set()
        return {row[1] for row in cursor.fetchall() if row[0] in SOLD}

    def new_id(self, kinds=1):
        """A new id, or one that others use as well, for the same call."""
        return "gen_random_uuid()" if self.rng.random() < 0.7 else f"vend.id_from('{kinds} {self.rng.randint(1, 400)}')"

    def statement(self):
        """Returns the SQL, and whether its rows are outcomes: status and id."""
        rng = self.rng
        item, wallet, payee = rng.choice(ITEMS), rng.choice(WALLETS), rng.choice(WALLETS)
        draw = rng.random()
        if draw < 0.30:
            return f"SELECT status, id FROM vend.try_purchase('{item}', '{wallet}', {rng.randint(1, 3)}, gen_random_uuid())", 1
        if draw < 0.36:
            n = rng.randint(1, 300)
            return (f"SELECT status, id FROM vend.try_purchase('{ITEMS[n % 20]}', '{WALLETS[n % 30]}', 1,"
                    f" vend.id_from('shared {n}'), remember => {rng.choice(('true', 'false'))})"), 1
        if draw < 0.48:
            count = rng.randint(1, 30)
            ids = array([self.new_id("batch") for _ in range(count)], "uuid") if rng.random() < 0.4 else "NULL"
            return (f"SELECT status, id FROM vend.purchase_many({array(quoted(rng.choices(ITEMS, k=count)), 'text')},"
                    f" {array(quoted(rng.choices(WALLETS, k=count)), 'text')}, ids => {ids})"), 1
        if draw < 0.54:
            lines = quoted(rng.sample(ITEMS, rng.randint(1, 5)))
            return (f"SELECT status, id FROM vend.try_checkout('{wallet}', {array(lines, 'text')},"
                    f" id => {self.new_id('cart')})"), 1
        if draw < 0.60:
            return (f"SELECT status, id FROM vend.try_refund((SELECT id FROM shop.ledger WHERE kind = 'purchase'"
                    f" AND wallet = '{wallet}' AND line = 0 LIMIT 1), 1, id => gen_random_uuid())"), 1
        if draw < 0.66:
            return f"SELECT 'recorded', id FROM vend.restock('{item}', {rng.randint(1, 20)})", 1
        if draw < 0.70 and wallet != payee:
            return f"SELECT status, id FROM vend.try_transfer('{wallet}', '{payee}', {rng.randint(1, 50)})", 1
        if draw < 0.76:
            count = rng.randint(1, 30)
            return (f"SELECT status, id FROM vend.transfer_many({array(quoted(rng.choices(WALLETS, k=count)), 'text')},"
                    f" {array(quoted(rng.choices(WALLETS, k=count)), 'text')},"
                    f" array_fill({rng.randint(1, 50)}, array[{count}])::numeric[])"), 1
        return self.other_statement(item, wallet), None

    def other_statement(self, item, wallet):
        rng = self.rng
        return rng.choices((
            f"SELECT vend.deposit('{wallet}', {rng.randint(1, 500)})",
            f"SELECT vend.set_lock_mode('{item}', {rng.choice(quoted(('escrow', 'escrow', *ROW_MODES)) + ['NULL'])})",
            "SELECT vend.settle()",
            f"UPDATE shop.item SET price = price % 7 + 1 WHERE id = '{item}'",
            f"UPDATE shop.item SET stock = stock + 1 WHERE id = '{item}' AND lock_mode IS DISTINCT FROM 'escrow'",
            f"UPDATE shop.wallet SET balance = balance + 1 WHERE id = '{wallet}'",
            f"SELECT * FROM shop.item WHERE id = '{item}' FOR {rng.choice(('KEY SHARE', 'SHARE', 'NO KEY UPDATE', 'UPDATE'))}",
            f"SELECT * FROM shop.wallet WHERE id = '{wallet}' FOR {rng.choice(('KEY SHARE', 'SHARE'))}",
            f"DELETE FROM shop.item WHERE id = '{item}'",
            f"INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('{item}', {rng.randint(1, 9)}, {rng.randint(0, 100)},"
            f" {rng.choice(('NULL', quoted(['escrow'])[0]))}) ON CONFLICT (id) DO UPDATE SET price = excluded.price",
            "SELECT sum(stock), (SELECT sum(balance) FROM shop.wallet) FROM shop.item",
            f"INSERT INTO shop.child (item, wallet) VALUES ('{item}', '{wallet}')",
        ), weights=(3, 2, 2, 3, 2, 2, 3, 2, 1, 2, 1, 2))[0]


ACTIONS = (
    (8, "index"), (4, "reindex"), (3, "vacuum"), (2, "freeze"), (1, "rewrite"), (1, "cluster"), (1, "add_column"),
    (1, "drop_column"), (1, "toggle"), (1, "fillfactor"), (1, "analyze"), (1, "alter_type"), (1, "rebind"),
)


class Builder(threading.Thread):
    """Alters the tables, one statement after the other."""

    def __init__(self, number, seed, deadline, round_):
        super().__init__(name=f"builder {number}", daemon=True)
        self.rng = random.Random(f"{seed}/builder {number}")
        self.deadline, self.round = deadline, round_
        self.connection = None
        self.turn = 0

    def run(self):
        while time.monotonic() < self.deadline:
            try:
                if self.connection is None or self.connection.closed:
                    self.connection = connect(DATABASE, self.name)
                    self.connection.cursor().execute("SET lock_timeout = '2s'")
                action = self.rng.choices([name for _, name in ACTIONS], [weight for weight, _ in ACTIONS])[0]
                self.turn += 1
                self.act(action, self.connection.cursor())
                self.round.count("ddl")
            except psycopg2.Error as error:
                self.round.note(self, error)
                if self.connection is not None:
                    self.connection.close()
        if self.connection is not None:
            self.connection.close()

    def act(self, action, cursor):
        rng = self.rng
        table, columns = rng.choice(INDEXES)
        if action == "index":
            name = f"{self.name.replace(' ', '_')}_{self.turn}"
            cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} {columns}")
            if "USING" not in columns:
                cursor.execute(f"SELECT bt_index_check('shop.{name}'::regclass, true)")
            if rng.random() < 0.9:
                cursor.execute(f"DROP INDEX {rng.choice(('CONCURRENTLY', ''))} shop.{name}")
            return
        if action == "drop_column":
            cursor.execute("SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attname ~ '^extra[0-9]+$'"
                           " AND attrelid IN ('shop.item'::regclass, 'shop.wallet'::regclass) AND NOT attisdropped LIMIT 1")
            for relation, column in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {relation} DROP COLUMN {column}")
            return
        cursor.execute({
            "reindex": f"REINDEX TABLE CONCURRENTLY {table}",
            "vacuum": f"VACUUM (INDEX_CLEANUP ON) {table}",
            "freeze": f"VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) {table}",
            "rewrite": f"VACUUM FULL {table}",
            "cluster": f"CLUSTER {rng.choice(('shop.item USING item_pkey', 'shop.wallet USING wallet_pkey'))}",
            "add_column": f"ALTER TABLE {rng.choice(('shop.item', 'shop.wallet'))} ADD COLUMN extra{self.turn} int DEFAULT 7",
            "toggle": "BEGIN; ALTER TABLE shop.item DISABLE TRIGGER vend_journal;"
                      " ALTER TABLE shop.item ENABLE TRIGGER vend_journal; COMMIT",
            "fillfactor": f"ALTER TABLE {table} SET (fillfactor = {rng.randint(20, 100)})" if table != "shop.stock_delta"
                          else "SELECT 1",
            "analyze": f"ANALYZE {table}",
            "alter_type": f"ALTER TABLE shop.item ALTER ext TYPE {rng.choice(('int', 'bigint'))}[] USING NULL",
            "rebind": "BEGIN; SELECT vend.detach_store('shop'); SELECT vend.create_store('shop'); COMMIT",
        }[action])


class Round:
    def __init__(self, server):
        self.server = server
        self.counts, self.failures = Counter(), []
        self.mutex = threading.Lock()

    def count(self, name):
        with self.mutex:
            self.counts[name] += 1

    def note(self, thread, error):
        """Notes an error. Only internal errors are failures: all others may follow from what the other threads do."""
        self.count("errors")
        if error.pgcode is not None and error.pgcode.startswith("XX"):
            with self.mutex:
                self.failures.append(f"{thread.name}: {error.pgcode} {error}")


def disturb(seed, deadline, round_, crash_at):
    """Cancels and ends sessions, and crashes the server once."""
    rng = random.Random(f"{seed}/killer")
    connection = connect("postgres", "killer")
    while time.monotonic() < deadline:
        time.sleep(rng.uniform(0.01, 0.1))
        if crash_at is not None and time.monotonic() > crash_at:
            crash_at = None
            connection.close()
            round_.server.crash()
            connection = connect("postgres", "killer")
        with connection.cursor() as cursor:
            end = rng.choice(("cancel", "cancel", "terminate"))
            cursor.execute(f"SELECT pg_{end}_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                           " AND (application_name LIKE 'seller%%' OR backend_type LIKE 'pg_vend%%'"
                           " OR application_name LIKE 'builder%%' AND random() < 0.05) ORDER BY random() LIMIT 1", (DATABASE,))
            round_.counts[end] += len(cursor.fetchall())
    connection.close()


def run(seed, seconds, server):
    make_database(DATABASE, SETUP)
    round_ = Round(server)
    started = time.monotonic()
    deadline = started + seconds
    sellers = [Seller(number, seed, deadline, round_) for number in range(SELLERS)]
    threads = sellers + [Builder(number, seed, deadline, round_) for number in range(2)]
    for thread in threads:
        thread.start()
    disturb(seed, deadline, round_, started + seconds * random.Random(seed).uniform(0.3, 0.8))
    round_.failures += join_all(threads)
    if not round_.failures:
        round_.failures += check(DATABASE, "shop", "shop")
        acknowledged = set().union(*(seller.acknowledged for seller in sellers))
        round_.counts["acknowledged"] = len(acknowledged)
        round_.failures += [f"acknowledged, and not in the ledger: {known}" for known in acknowledged - recorded(DATABASE)]
    return sorted(round_.counts.items()), round_.failures
