"""A saboteur cancels and terminates the workers, and an operator works on the shops."""

import random
import threading
import time
import uuid

import psycopg2

from books import Adjustment, Transaction
from plan import ROW_MODES, choose
from server import connect
from shop import DATABASES, ITEMS, MOVED, STOCKS, STORES, insert_item
from worker import Failed, Lost, Session


class Saboteur(threading.Thread):
    def __init__(self, seed, deadline, books, server):
        super().__init__(name="saboteur", daemon=True)
        self.rng = random.Random(f"{seed}/saboteur")
        self.deadline, self.books, self.server = deadline, books, server
        self.cancelled, self.terminated = set(), set()
        self.victims = []  # threads with a session

    def run(self):
        connection = connect("postgres", self.name)
        while time.monotonic() < self.deadline and not self.books.failures:
            time.sleep(self.rng.uniform(0.01, 0.12))
            draw, victim = self.rng.random(), self.rng.choice(self.victims)
            try:
                with connection.cursor() as cursor:
                    if draw < 0.05:
                        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE backend_type LIKE 'pg_vend%'")
                    elif victim.session is not None:
                        self.strike(cursor, victim.session.pid, draw < 0.25)
            except psycopg2.Error as error:
                if not self.server.is_crashing:
                    self.books.fail(f"saboteur: {error}")
                connection.close()
                connection = connect("postgres", self.name)
        connection.close()

    def strike(self, cursor, pid, is_final):
        (self.terminated if is_final else self.cancelled).add(pid)
        cursor.execute(f"SELECT pg_{'terminate' if is_final else 'cancel'}_backend(%s)", (pid,))
        self.books.count("terminations" if is_final else "cancels")


ACTIONS = ((26, "set_mode"), (10, "update_mode"), (6, "replace"), (5, "move"), (9, "settle"), (8, "edit_price"),
           (8, "audit"), (6, "statistics"), (3, "rewrite"), (2, "add_column"), (1, "truncate"), (2, "rebind"))
REWRITES = ("VACUUM FULL {1}", "VACUUM FULL {0}.stock_delta", "REINDEX TABLE {0}.stock_delta", "REINDEX TABLE {1}",
            "VACUUM {1}", "VACUUM FULL {0}.ledger", "CLUSTER {1} USING item_pkey")
# The tables were changed while the operator's call was under way.
CODES = ("55006", "55000")


class Operator(threading.Thread):
    def __init__(self, seed, deadline, books, server, saboteur, is_single):
        super().__init__(name="operator", daemon=True)
        self.rng = random.Random(f"{seed}/operator")
        self.deadline, self.books, self.server = deadline, books, server
        self.saboteur, self.is_single = saboteur, is_single
        self.session = None
        self.sessions = {}

    def run(self):
        try:
            while time.monotonic() < self.deadline and not self.books.failures:
                time.sleep(self.rng.uniform(0, 0.04))
                store = self.rng.choice(STORES)
                self.act(self.rng.choice(DATABASES), store, store.key(self.rng.choice(ITEMS)), choose(self.rng, ACTIONS))
        except Exception as error:  # pylint: disable=broad-except
            self.books.fail(f"{self.name}: {type(error).__name__} {error}")
            raise
        finally:
            for session in self.sessions.values():
                session.close()

    def act(self, database, store, item, action):
        transaction = Transaction()
        # These are drawn here, so that the next draws do not depend on the action.
        mode = self.rng.choice((*ROW_MODES, None, "escrow", "escrow", "escrow", "escrow"))
        number = self.rng.randint(0, 30)
        if database not in self.sessions:
            self.sessions[database] = Session(database, self.name, self.books, self.server, self.saboteur, self.is_single)
        self.session = self.sessions[database]
        try:
            if getattr(self, action)(store, item, mode, number, transaction) is not None:
                self.commit(transaction)
            self.books.count("operations")
        except Failed:
            self.roll_back()
        except Lost:
            self.session.close()
            del self.sessions[database]

    def commit(self, transaction):
        try:
            self.session.run("COMMIT")
        except Failed:
            self.books.close(transaction, "undone")
            raise
        except Lost:
            self.books.close(transaction, "unknown")
            raise
        self.books.close(transaction, "made")

    def roll_back(self):
        try:
            self.session.run("ROLLBACK")
        except (Failed, Lost):
            self.session.close()
            del self.sessions[self.session.database]

    def set_mode(self, store, item, mode, _number, _transaction):
        self.session.run("SELECT vend.set_lock_mode(%s, %s, %s)", (item, mode, store.name), CODES)

    def update_mode(self, store, item, mode, _number, _transaction):
        self.session.run(f"UPDATE {store.name}.item SET lock_mode = %s WHERE id = %s", (mode, item), CODES)

    def settle(self, store, *_):
        self.session.run("SELECT vend.settle(%s)", (store.name,), CODES)

    def edit_price(self, store, item, _mode, number, _transaction):
        if store.has_wallets:
            self.session.run(f"UPDATE {store.name}.item SET price = %s WHERE id = %s", (number % 8, item), CODES)

    def audit(self, store, *_):
        for finding in self.session.run("SELECT finding, key, expected, found FROM vend.audit(%s)", (store.name,), CODES):
            self.books.fail(f"audit while sales went on: {self.session.database} {store.name} {finding}")

    def statistics(self, *_):
        for row in self.session.run("SELECT store, item, available, pending, waiting FROM vend.stat_item "
                                    "WHERE available < 0 OR pending < 0 OR waiting < 0"):
            self.books.fail(f"vend.stat_item: {self.session.database} {row}")

    def rewrite(self, store, _item, _mode, number, _transaction):
        self.session.run(REWRITES[number % len(REWRITES)].format(store.name, store.items), codes=CODES)

    def add_column(self, store, *_):
        self.session.run(f"ALTER TABLE {store.items} ADD COLUMN IF NOT EXISTS note text")
        self.session.run(f"ALTER TABLE {store.items} DROP COLUMN note", codes=("42703",))

    def rebind(self, store, *_):
        """Takes the triggers off and puts them on again. It may meet a sale in another order of the tables."""
        if self.is_single:
            return
        self.session.run("BEGIN")
        self.session.run("SELECT vend.detach_store(%s)", (store.name,), CODES)
        self.session.run(store.binding, codes=CODES)
        self.session.run("COMMIT")

    def replace(self, store, item, mode, number, transaction):
        """Deletes an item, and puts it there again."""
        self.session.run("BEGIN")
        self.session.run(f"DELETE FROM {store.name}.item WHERE id = %s", (item,), CODES)
        self.expect_accounted(store, item)
        if number % 2:
            time.sleep(number / 2000)
        insert_item(SessionCursor(self.session), store, item, number, mode, "ON CONFLICT DO NOTHING")
        return self.note_adjustments(store, transaction)

    def move(self, store, _item, _mode, number, transaction):
        """Gives the last item another key, or its own again."""
        was, becomes = map(store.key, (ITEMS[-1], MOVED) if number % 2 else (MOVED, ITEMS[-1]))
        self.session.run("BEGIN")
        self.session.run(f"UPDATE {store.name}.item SET id = %s WHERE id = %s", (becomes, was), (*CODES, "23505"))
        self.expect_accounted(store, was)
        return self.note_adjustments(store, transaction)

    def truncate(self, store, _item, mode, _number, transaction):
        self.session.run("BEGIN")
        self.session.run(f"TRUNCATE {store.items}", codes=CODES)
        for known in ITEMS:
            self.expect_accounted(store, store.key(known))
            insert_item(SessionCursor(self.session), store, store.key(known), STOCKS[known], mode)
        return self.note_adjustments(store, transaction)

    def expect_accounted(self, store, item):
        """If an item is gone, the ledger's sum for it is 0."""
        for known, stock, units in self.session.run(
                f"SELECT %s, (SELECT stock FROM {store.name}.item WHERE id = %s), (SELECT coalesce(sum(qty), 0) FROM "
                f"{store.name}.ledger WHERE item = %s)", (item, item, item)):
            if stock is None and units != 0:
                self.books.fail(f"{self.session.database} {store.name}: item {known} is gone, the ledger has {units}")

    def note_adjustments(self, store, transaction):
        """Notes the adjustments that the ledger has of this transaction's plain SQL."""
        marker = str(uuid.uuid4())
        rows = self.session.run(
            f"SELECT item::text, sum(qty)::bigint FROM {store.name}.ledger WHERE kind = 'adjustment' "
            "AND xmin = pg_current_xact_id_if_assigned()::xid GROUP BY item")
        self.session.run("INSERT INTO public.marker VALUES (%s)", (marker,))
        for item, qty in rows:
            transaction.adjustments.append(
                Adjustment(self.session.database, store.name, item, qty, marker, transaction))
        return transaction


class SessionCursor:
    """A session that can be used as a cursor."""

    def __init__(self, session):
        self.session = session

    def execute(self, sql, arguments):
        self.session.run(sql, arguments)
