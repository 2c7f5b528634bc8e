"""A client: carries out its plans and writes down what it was told."""

import random
import threading
import time
import uuid

import psycopg2

from books import Adjustment, Entry, Transaction
from plan import RUSH_TIMES, Planner, Rush
from server import connect

# Refusals and faults that any request may meet; other SQLSTATEs depend on the request.
ANSWERS = {"VN001", "VN002", "VN003", "VN004", "VN005", "VN006", "VN007", "VN008", "VN009", "VN010",
           "40001", "53400"}


RUSH_SECONDS = 1.2  # from one to the next


class Failed(Exception):
    """The statement failed, the session goes on."""


class Lost(Exception):
    """The connection is gone."""


class Session:
    """One connection, in the hands of one thread; others may cancel or terminate it."""

    def __init__(self, database, name, books, server, saboteur, is_single):
        self.books, self.server, self.saboteur, self.is_single = books, server, saboteur, is_single
        self.connection = connect(database, name)
        self.pid = self.connection.info.backend_pid
        self.cursor = self.connection.cursor()
        self.database = database

    def run(self, sql, arguments=(), codes=()):
        """Runs a statement and returns its rows. codes are the SQLSTATEs that it may have besides the usual ones."""
        try:
            self.cursor.execute(sql, arguments)
            return self.cursor.fetchall() if self.cursor.description else []
        except psycopg2.Error as error:
            # An error without an SQLSTATE is not the server's: the connection broke in the middle of an answer.
            if self.connection.closed or error.pgcode is None:
                if self.pid not in self.saboteur.terminated and not self.server.is_crashing:
                    self.books.fail(f"lost {self.pid} in {sql}: {error.pgcode} {error}")
                raise Lost from error
            self.books.count(error.pgcode)
            if not self.may_be(error, codes):
                self.books.fail(f"{error.pgcode} {error} in {sql} {arguments}")
            raise Failed(error.pgcode) from error

    def may_be(self, error, codes):
        if error.pgcode == "57014":
            return self.pid in self.saboteur.cancelled and "user request" in str(error)
        if error.pgcode == "40P01":
            return not self.is_single
        return error.pgcode in ANSWERS or error.pgcode in codes

    def close(self):
        self.connection.close()


class Worker(threading.Thread):
    def __init__(self, number, seed, deadline, books, server, saboteur, is_single):
        super().__init__(name=f"worker {number}", daemon=True)
        self.number, self.seed = number, seed
        self.planner = Planner(random.Random(f"{seed}/{number}"), seed, is_single)
        self.deadline, self.books, self.server, self.saboteur = deadline, books, server, saboteur
        self.is_single = is_single
        self.sessions = {}
        self.session = None  # that of the transaction under way
        self.prepared = None  # what became of it is not known yet

    def run(self):
        started, rushes = time.monotonic(), 0
        try:
            while time.monotonic() < self.deadline and not self.books.failures:
                if time.monotonic() - started > RUSH_SECONDS * (rushes + 1):
                    rushes = int((time.monotonic() - started) / RUSH_SECONDS)
                    self.rush(Rush(self.seed, rushes, self.number))
                self.carry_out(self.planner.next())
        except Exception as error:  # pylint: disable=broad-except
            self.books.fail(f"{self.name}: {type(error).__name__} {error}")
            raise
        finally:
            for session in self.sessions.values():
                session.close()

    def carry_out(self, plan):
        transaction = Transaction()
        try:
            self.session = self.session_of(plan.database)
            self.session.run(f"SET vend.lock_mode = '{plan.lock_mode}'; SET vend.escrow_wait = {plan.escrow_wait_ms}")
        except Failed:
            return
        except Lost:
            self.leave()
            return
        try:
            if plan.isolation is None:
                state = self.single_call(plan, transaction)
            else:
                state = self.block(plan, transaction)
        except Failed:
            state = "undone"
        except Lost:
            state = "unknown" if plan.isolation is None else "undone"
            self.leave()
        self.books.close(transaction, state)

    def rush(self, rush):
        """Carries out a rush. If the rush is broken off, all of it is in doubt."""
        told, state = None, "unknown"
        try:
            self.session = self.session_of(rush.database)
            self.session.run("SET vend.escrow_wait = 20")
            for item in rush.items if rush.is_first else ():
                self.session.run(f"SELECT vend.set_lock_mode(id, 'escrow', %s) FROM {rush.store.name}.item "
                                 "WHERE id = %s AND lock_mode IS DISTINCT FROM 'escrow'", (rush.store.name, item))
            told = self.session.run("CALL public.rush(%s, %s, %s, %s, %s, %s, '{}', '{}')", (
                rush.store.name, rush.items, rush.buyer, rush.unit_price, rush.base, RUSH_TIMES))[0]
            state = "made"
        except Failed:
            pass
        except Lost:
            self.leave()
        for n, request in rush.requests():
            self.books.count("calls")
            transaction = Transaction()
            answer = None
            if told is not None:
                answer = {"status": "recorded", "item": request.item, "wallet": request.wallet, "qty": request.qty,
                          "amount": request.amount}
                if request.kind == "purchase":
                    answer.update(status=told[0][n - 1], amount=told[1][n - 1])
                self.books.count(answer["status"])
            transaction.entries.append(Entry(request, answer, transaction))
            is_rolled_back = told is not None and request.kind == "purchase" and n % 4 == 0
            self.books.close(transaction, "undone" if is_rolled_back else state)

    # Ends the transaction that this worker left prepared, in whatever database, before it waits for anybody: two workers that
    # wait for what the other has prepared would be a deadlock that no server sees.
    def session_of(self, database):
        if self.prepared is not None:
            self.session = self.opened(self.prepared[0])
            if self.session.run("SELECT gid FROM pg_prepared_xacts WHERE gid = %s", (self.prepared[1],)):
                self.session.run(f"ROLLBACK PREPARED '{self.prepared[1]}'")
            self.prepared = None
        return self.opened(database)

    def opened(self, database):
        if database not in self.sessions:
            self.sessions[database] = Session(database, self.name, self.books, self.server, self.saboteur, self.is_single)
        return self.sessions[database]

    def leave(self):
        for database, session in list(self.sessions.items()):
            if session is self.session:
                session.close()
                del self.sessions[database]

    def single_call(self, plan, transaction):
        request = plan.steps[0][1]
        entries = transaction.adjustments if request.kind == "adjustment" else transaction.entries
        try:
            self.call(plan, request, transaction, entries)
        except Lost:
            if request.id is not None:
                transaction.entries.append(Entry(request, None, transaction))
            raise
        return "made"

    # A savepoint opens a new list of entries, which joins the one below it or is dropped.
    def block(self, plan, transaction):
        frames = [[]]
        self.session.run(f"BEGIN ISOLATION LEVEL {plan.isolation}")
        for step, argument in plan.steps:
            try:
                if step == "call":
                    self.call(plan, argument, transaction, frames[-1])
                elif step == "savepoint":
                    self.session.run(f"SAVEPOINT s{len(frames)}")
                    frames.append([])
                elif step == "release" and len(frames) > 1:
                    self.session.run(f"RELEASE s{len(frames) - 1}")
                    top = frames.pop()
                    frames[-1] += top
                elif step == "undo" and len(frames) > 1:
                    self.session.run(f"ROLLBACK TO s{len(frames) - 1}")
                    self.session.run(f"RELEASE s{len(frames) - 1}")
                    frames.pop()
                elif step == "error":
                    self.session.run("SELECT 1 / 0", codes=("22012",))
                elif step == "pause":
                    time.sleep(argument)
            except Failed:
                if len(frames) == 1 or not self.undo_to_savepoint(frames):
                    self.roll_back()
                    return "undone"
        for frame in frames:
            for entry in frame:
                (transaction.adjustments if isinstance(entry, Adjustment) else transaction.entries).append(entry)
        return self.end(plan.end)

    def undo_to_savepoint(self, frames):
        try:
            self.session.run(f"ROLLBACK TO s{len(frames) - 1}")
            frames[-1].clear()
            return True
        except Failed:
            return False

    def roll_back(self):
        while True:  # a cancel that comes late may hit it
            try:
                self.session.run("ROLLBACK")
                return
            except Failed:
                pass

    def end(self, how):
        if how == "rollback":
            self.roll_back()
            return "undone"
        if how == "disconnect":
            self.leave()
            return "undone"
        if how == "prepare":
            return self.prepare()
        try:
            self.session.run("COMMIT")
        except Failed:
            self.roll_back()
            return "undone"
        except Lost:
            self.leave()
            return "unknown"
        return "made" if self.session.cursor.statusmessage == "COMMIT" else "undone"

    def prepare(self):
        gid = str(uuid.uuid4())
        self.prepared = (self.session.database, gid)
        try:
            self.session.run(f"PREPARE TRANSACTION '{gid}'", codes=("0A000",))
            if self.session.cursor.statusmessage != "PREPARE TRANSACTION":
                self.prepared = None
                return "undone"
        except Failed:
            self.prepared = None
            return "undone"
        except Lost:
            self.leave()
            return "unknown"
        self.books.count("prepared")
        try:
            self.session.run(f"COMMIT PREPARED '{gid}'")
            self.prepared = None
            return "made"
        except Failed:
            return "unknown"
        except Lost:
            self.leave()
            return "unknown"

    def call(self, plan, request, transaction, entries):
        self.books.count("calls")
        answer = getattr(self, request.kind)(request, plan)
        if isinstance(answer, dict):
            self.books.count(answer["status"])
            entries.append(Entry(request, answer, transaction))
        elif isinstance(answer, str):
            entries.append(Adjustment(request.database, request.store.name, request.item, request.qty, answer, transaction))

    def purchase(self, request, _plan):
        options = "".join(f", {name} => %s" for name in request.options)
        status = "CASE WHEN replayed THEN 'replayed' ELSE 'purchased' END, ''" if request.is_raising else "status, detail"
        function = "purchase" if request.is_raising else "try_purchase"
        codes = ("22023",) if "lock_mode" in request.options else ("55P03",)
        row = self.session.run(
            f"SELECT {status}, item, buyer, qty, amount FROM vend.{function}(%s, %s, %s, id => %s, store => %s{options})",
            (request.item, request.wallet, request.qty, request.id, request.store.name, *request.options.values()),
            codes)[0]
        told = dict(zip(("status", "detail", "item", "wallet", "qty", "amount"), row))
        told["is_remembered"] = "refused before" in (told["detail"] or "")
        return told

    def movement(self, call, arguments, request):
        form = "vend.try_" if call in ("refund", "withdraw", "transfer") else "vend."
        status = "status" if form == "vend.try_" else "CASE WHEN replayed THEN 'replayed' ELSE 'recorded' END"
        marks = "%s, " * len(arguments)
        row = self.session.run(
            f"SELECT {status}, item, wallet, qty, amount FROM {form}{call}({marks}id => %s, store => %s)",
            (*arguments, request.id, request.store.name))[0]
        return dict(zip(("status", "item", "wallet", "qty", "amount"), row))

    def refund(self, request, _plan):
        return self.movement("refund", (request.purchase.id, request.qty), request)

    def restock(self, request, _plan):
        return self.movement("restock", (request.item, request.qty), request)

    def deposit(self, request, _plan):
        return self.movement("deposit", (request.wallet, request.amount), request)

    def withdrawal(self, request, _plan):
        return self.movement("withdraw", (request.wallet, request.amount), request)

    def transfer(self, request, _plan):
        return self.movement("transfer", (request.wallet, request.payee, request.amount), request)

    def undone(self, request, _plan):
        self.session.run("SELECT public.undone(%s, %s, %s, %s, %s)",
                         (request.store.name, request.item, request.wallet, request.qty,
                          None if request.store.has_wallets else 1))

    def adjustment(self, request, _plan):
        marker = str(uuid.uuid4())
        self.session.run(f"WITH made AS (UPDATE {request.store.name}.item SET stock = stock + %s WHERE id = %s RETURNING id) "
                         "INSERT INTO public.marker SELECT %s FROM made", (request.qty, request.item, marker), ("55000",))
        return marker if self.session.cursor.rowcount == 1 else None

    def available(self, request, _plan):
        units = self.session.run("SELECT vend.available(%s, %s)", (request.item, request.store.name))[0][0]
        if units < 0:
            self.books.fail(f"{units} units of {request} are available")

    def look(self, request, plan):
        """No figure is negative. A snapshot from before this transaction's own sale would show the units without what the sale took."""
        if plan.isolation in (None, "READ COMMITTED"):
            store = request.store.name
            wallets = ""
            if request.store.has_wallets:
                wallets = f" UNION ALL SELECT 'wallet ' || id, balance FROM {store}.wallet"
            for what, units in self.session.run(
                    f"SELECT * FROM (SELECT 'item ' || id, stock + coalesce((SELECT sum(qty) FROM {store}.stock_delta d "
                    f"WHERE d.item = i.id), 0) FROM {store}.item i{wallets}) AS f (what, units) WHERE units < 0"):
                self.books.fail(f"{request.database} {store}: {what} has {units}")
