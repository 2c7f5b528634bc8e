"""Refusals, each compared with what can have been left at the time.

Every client notes when a call began and ended. What it took may have been taken from the beginning on; what it gave back
was there at the end at the latest. So at each moment at least what there was, plus what was given back by then, minus what
calls had begun to take, must have been left. A "sold_out" is right only if that was less than what was wanted at some moment
of its call; "insufficient_funds" likewise. Who lies about a shelf that is full is found by that, and nobody else is accused."""

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import psycopg2

from database import ROW_MODES, array, check, make_database, recorded
from rounds import join_all
from server import connect

DATABASE = "torture_judge"
CLIENTS = 6
CALLS_ALONE = 400
ITEMS = {"atomic": 5, "pessimistic": 5, "optimistic": 5, "escrow": 5, "rush": 40}
WALLETS = {f"w{n}": 60 for n in range(1, 9)}
PRICE = 2
SETUP = (
    "SELECT vend.create_store('shop')",
    *(f"INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('{item}', {PRICE}, {stock},"
      f" '{item if item in ROW_MODES else 'escrow'}')" for item, stock in ITEMS.items()),
    *(f"INSERT INTO shop.wallet (id, balance) VALUES ('{wallet}', {balance})" for wallet, balance in WALLETS.items()),
)
TAKEN = ("purchased", "recorded")


@dataclass
class Transaction:
    fate: str = "open"  # made, undone or unknown
    ended: float = 0.0
    effects: list = field(default_factory=list)


@dataclass
class Effect:
    """What a call took from an item or a wallet, or gave to it (more than 0)."""
    resource: tuple
    change: int
    began: float
    id: str


@dataclass
class Refusal:
    status: str
    resource: tuple
    wanted: int
    began: float
    ended: float
    transaction: Transaction


class Client(threading.Thread):
    def __init__(self, number, seed, deadline, failures):
        super().__init__(name=f"client {number}", daemon=True)
        self.rng = random.Random(f"{seed}/{number}")
        self.deadline, self.failures = deadline, failures
        self.transactions, self.refusals = [], []
        self.connection = None
        self.counts = Counter()

    def run(self):
        while time.monotonic() < self.deadline and not self.failures:
            self.sell()
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()

    def sell(self, make=None):
        """Makes a call, or several in a transaction; with make the one that it composes."""
        transaction = Transaction()
        self.transactions.append(transaction)
        try:
            self.act(transaction, make)
        except psycopg2.Error as error:
            self.counts[error.pgcode or "lost"] += 1
            # A statement by itself that was cancelled or lost at its end may have committed.
            is_known = error.pgcode is not None and not error.pgcode.startswith("57")
            transaction.fate, transaction.ended = "undone" if is_known else "unknown", time.monotonic()
            if not self.is_right(error):
                self.failures.append(f"{self.name}: {error.pgcode} {error}")
            self.connection.close()

    @staticmethod
    def is_right(error):
        """Whether the connection was lost, cancelled or ended, or several calls in one transaction met a deadlock."""
        return error.pgcode in (None, "57014", "57P01", "40001", "40P01", "55P03")

    def act(self, transaction, make):
        rng = self.rng
        if self.connection is None or self.connection.closed:
            self.connection = connect(DATABASE, self.name)
            self.connection.cursor().execute("SET vend.escrow_wait = '20ms'")
        cursor = self.connection.cursor()
        if make or rng.random() < 0.75:
            self.call(cursor, transaction, make)
            transaction.fate, transaction.ended = "made", time.monotonic()
            return
        cursor.execute("BEGIN")
        for _ in range(rng.randint(1, 2)):
            self.call(cursor, transaction)
        time.sleep(rng.uniform(0, 0.02))
        is_made = rng.random() < 0.5
        cursor.execute("COMMIT" if is_made else "ROLLBACK")
        transaction.fate, transaction.ended = "made" if is_made else "undone", time.monotonic()

    def sell_out(self):
        """Sells all that is left of each item to a buyer who has just enough money, which nobody else may be about to change."""
        for item in ITEMS:
            wallet = self.rng.choice(list(WALLETS))
            self.sell(lambda: self.movement(f"restock('{item}', 1", [(("item", item), 1)]))
            units, balance = self.left(item, wallet)
            short = units * PRICE - balance
            if short > 0:
                self.sell(lambda: self.movement(f"deposit('{wallet}', {short}", [(("wallet", wallet), short)]))
            elif short < 0:
                self.sell(lambda: self.movement(f"try_withdraw('{wallet}', {-short}", [(("wallet", wallet), short)]))
            self.sell(lambda: self.purchase(item, wallet, units))

    def left(self, item, wallet):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT vend.available(%s), (SELECT balance FROM shop.wallet WHERE id = %s)", (item, wallet))
            units, balance = cursor.fetchone()
        return units, int(balance)

    def call(self, cursor, transaction, make=None):
        kinds = ((12, self.purchase), (3, self.batch), (3, self.cart), (4, self.restock), (3, self.deposit), (2, self.transfer),
                 (2, self.withdraw))
        choose = self.rng.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]
        sql, requests, can_be_refused = (make or choose)()
        began = time.monotonic()
        # The effects are written down before the call is sent: it may take place without an answer.
        effects = [Effect(resource, change, began, known) for known, changes in requests for resource, change in changes]
        transaction.effects += effects
        cursor.execute(sql)
        rows = cursor.fetchall()
        ended = time.monotonic()
        done = {row[0] for row in rows if row[1] in TAKEN}
        transaction.effects[:] = [effect for effect in transaction.effects if effect not in effects or effect.id in done]
        for known, status, line in rows:
            self.counts[status] += 1
            if status in TAKEN:
                continue
            changes = dict(requests)[known]
            if status in ("sold_out", "all_pending"):
                resource, change = changes[2 * (line or 1) - 2] if can_be_refused == "lines" else changes[0]
                self.refusals.append(Refusal(status, resource, -change, began, ended, transaction))
            elif status == "insufficient_funds":
                wallet = next(resource for resource, _ in changes if resource[0] == "wallet")
                wanted = -sum(change for resource, change in changes if resource == wallet)
                self.refusals.append(Refusal(status, wallet, wanted, began, ended, transaction))
            elif status not in ("conflict", "busy"):
                self.failures.append(f"{self.name}: {status} in {sql}")

    def sale(self, item, wallet, qty):
        return [(("item", item), -qty), (("wallet", wallet), -qty * PRICE)]

    def purchase(self, item=None, wallet=None, qty=None):
        item, wallet = item or self.rng.choice(list(ITEMS)), wallet or self.rng.choice(list(WALLETS))
        qty = qty or self.rng.choice((1, 1, 1, 2, 3))
        known = str(uuid.UUID(int=self.rng.getrandbits(128)))
        mode = f", lock_mode => '{self.rng.choice(ROW_MODES)}'" if item in ROW_MODES and self.rng.random() < 0.3 else ""
        sql = f"SELECT id::text, status, NULL::int FROM vend.try_purchase('{item}', '{wallet}', {qty}, '{known}'{mode})"
        return sql, [(known, self.sale(item, wallet, qty))], "call"

    def batch(self):
        rng = self.rng
        lines = [(str(uuid.UUID(int=rng.getrandbits(128))), rng.choice(list(ITEMS)), rng.choice(list(WALLETS)), rng.randint(1, 2))
                 for _ in range(rng.randint(2, 5))]
        ids, items, wallets, qtys = zip(*lines)
        sql = (f"SELECT id::text, status, NULL::int FROM vend.purchase_many({array(map(repr, items), 'text')},"
               f" {array(map(repr, wallets), 'text')}, {array(map(str, qtys), 'bigint')}, {array(map(repr, ids), 'uuid')})")
        return sql, [(known, self.sale(item, wallet, qty)) for known, item, wallet, qty in lines], "call"

    def cart(self):
        rng = self.rng
        known, wallet = str(uuid.UUID(int=rng.getrandbits(128))), rng.choice(list(WALLETS))
        items = rng.sample(list(ITEMS), rng.randint(1, 3))
        changes = [change for item in items for change in self.sale(item, wallet, 1)]
        sql = f"SELECT id::text, status, line FROM vend.try_checkout('{wallet}', {array(map(repr, items), 'text')}, id => '{known}')"
        return sql, [(known, changes)], "lines"

    def movement(self, call, changes):
        known = str(uuid.UUID(int=self.rng.getrandbits(128)))
        status = "status" if "try_" in call else "'recorded'"
        return f"SELECT id::text, {status}, NULL::int FROM vend.{call}, '{known}')", [(known, changes)], "call"

    def restock(self):
        item, qty = self.rng.choice(list(ITEMS)), self.rng.randint(1, 6)
        return self.movement(f"restock('{item}', {qty}", [(("item", item), qty)])

    def deposit(self):
        wallet, amount = self.rng.choice(list(WALLETS)), self.rng.randint(1, 45)
        return self.movement(f"deposit('{wallet}', {amount}", [(("wallet", wallet), amount)])

    def withdraw(self):
        wallet, amount = self.rng.choice(list(WALLETS)), self.rng.randint(1, 20)
        return self.movement(f"try_withdraw('{wallet}', {amount}", [(("wallet", wallet), -amount)])

    def transfer(self):
        payer, payee = self.rng.sample(list(WALLETS), 2)
        amount = self.rng.randint(1, 20)
        return self.movement(f"try_transfer('{payer}', '{payee}', {amount}",
                             [(("wallet", payer), -amount), (("wallet", payee), amount)])


class History:
    """All that is known of each item and wallet after the round."""

    def __init__(self, clients, recorded):
        self.takes, self.gifts = defaultdict(list), defaultdict(list)
        self.first = {("item", item): stock for item, stock in ITEMS.items()}
        self.first |= {("wallet", wallet): balance for wallet, balance in WALLETS.items()}
        self.last = dict(self.first)
        for transaction in (one for client in clients for one in client.transactions):
            for effect in transaction.effects:
                is_made = transaction.fate == "made" or (transaction.fate == "unknown" and effect.id in recorded)
                if is_made:
                    self.last[effect.resource] += effect.change
                if effect.change < 0:
                    self.takes[effect.resource].append((effect.began, transaction.ended, -effect.change, is_made, transaction))
                elif is_made:
                    self.gifts[effect.resource].append((transaction.ended, effect.change))

    def least(self, refusal):
        """The least that can have been left during the call of a refusal."""
        is_of_all = refusal.status == "all_pending"
        takes = [(began, ended, units) for began, ended, units, is_made, transaction in self.takes[refusal.resource]
                 if is_made or is_of_all or transaction is refusal.transaction]
        gifts = self.gifts[refusal.resource]
        moments = [refusal.began, refusal.ended] + [began for began, _, _ in takes if refusal.began < began < refusal.ended]

        def left(moment):
            given = sum(units for ended, units in gifts if ended <= moment)
            return self.first[refusal.resource] + given - sum(units for began, _, units in takes if began <= moment)

        return min(map(left, moments))


def disturb(seed, deadline, failures):
    rng = random.Random(f"{seed}/killer")
    connection = connect("postgres", "killer")
    while time.monotonic() < deadline and not failures:
        time.sleep(rng.uniform(0.1, 0.4))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_{rng.choice(('cancel', 'cancel', 'terminate'))}_backend(pid) FROM pg_stat_activity"
                           " WHERE datname = %s AND (application_name LIKE 'client%%' OR backend_type LIKE 'pg_vend%%')"
                           " ORDER BY random() LIMIT 1", (DATABASE,))
    connection.close()


def run(seed, seconds, _server):
    make_database(DATABASE, SETUP)
    failures = []
    deadline = time.monotonic() + seconds
    clients = [Client(number, seed, deadline, failures) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    disturb(seed, deadline, failures)
    failures += join_all(clients)
    # If a client is alone, it is known exactly what was left at each of its calls.
    alone = Client(CLIENTS, seed, time.monotonic(), failures)
    clients.append(alone)
    for _ in range(CALLS_ALONE if not failures else 0):
        alone.sell()
    if not failures:
        alone.sell_out()
    alone.close()
    counts = sum((client.counts for client in clients), Counter())
    if not failures:
        failures += [*check(DATABASE, "shop", "shop"), *judge(clients)]
    return sorted(counts.items()), failures


def judge(clients):
    connection = connect(DATABASE, "judge")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'item', id, stock FROM shop.item UNION ALL SELECT 'wallet', id, balance FROM shop.wallet")
        found = {(kind, key): int(figure) for kind, key, figure in cursor.fetchall()}
    connection.close()
    ids = recorded(DATABASE)
    history = History(clients, ids)
    for resource, figure in history.last.items():
        if found[resource] != figure:
            yield f"{resource}: {figure} by what the clients were told, {found[resource]} in its row"
    made = {effect.id for client in clients for one in client.transactions if one.fate == "made" for effect in one.effects}
    yield from (f"told, and not in the ledger: {known}" for known in made - ids)
    for refusal in (refusal for client in clients for refusal in client.refusals):
        least = history.least(refusal)
        if least >= refusal.wanted:
            yield (f"{refusal.status} of {refusal.resource}, {refusal.wanted} wanted, but at least {least} were left"
                   f" from {refusal.began:.6f} to {refusal.ended:.6f}")
