"""Draws what a worker does from its seed alone, never from what the worker was told."""

import hashlib
import random
import uuid
from dataclasses import dataclass, field

from shop import DATABASES, ITEMS, MOVED, STORES, WALLETS

ROW_MODES = ("atomic", "pessimistic", "optimistic")
ISOLATION = ((8, "READ COMMITTED"), (1, "REPEATABLE READ"), (1, "SERIALIZABLE"))
ENDS = ((24, "commit"), (5, "rollback"), (1, "disconnect"), (1, "prepare"))
CALLS = ((44, "purchase"), (12, "refund"), (10, "restock"), (7, "deposit"), (3, "withdrawal"), (4, "transfer"),
         (3, "undone"), (3, "adjustment"), (3, "available"), (3, "look"))
SHARED_IDS = 400  # purchases that all workers ask for


RUSH_TIMES = 160


def choose(rng, weighted):
    return rng.choices([value for _, value in weighted], [weight for weight, _ in weighted])[0]


def new_id(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


@dataclass
class Request:
    """A request. A repeated request is the same object."""
    kind: str
    database: str
    store: object
    id: str = None
    item: str = None
    wallet: str = None
    payee: str = None
    qty: int = None
    amount: int = None
    purchase: object = None  # of a refund
    options: dict = field(default_factory=dict)
    is_raising: bool = False


@dataclass
class Plan:
    database: str
    isolation: str = None  # None: one call, without BEGIN
    steps: list = field(default_factory=list)
    end: str = "commit"
    lock_mode: str = "atomic"
    escrow_wait_ms: int = 200


class Planner:
    """The transactions of one worker, one after the other."""

    def __init__(self, rng, seed, is_single):
        self.rng = rng
        self.seed = seed
        self.is_single = is_single  # no transaction makes two calls
        self.asked = {}  # database and store: earlier requests

    def next(self):
        rng = self.rng
        plan = Plan(rng.choice(DATABASES), lock_mode=rng.choice(ROW_MODES), escrow_wait_ms=rng.choice((0, 50, 200, 500)))
        if rng.random() < 0.3:
            plan.steps.append(("call", self.request(plan.database)))
            return plan
        plan.isolation = choose(rng, ISOLATION)
        plan.end = choose(rng, ENDS)
        depth = 0
        calls = 1 if self.is_single else rng.randint(1, 4)
        while calls > 0 or depth > 0:
            draw = rng.random()
            if draw < 0.2 and depth < 3 and calls > 0:
                plan.steps.append(("savepoint", None))
                depth += 1
            elif draw < 0.4 and depth > 0:
                plan.steps.append((rng.choice(("release", "undo")), None))
                depth -= 1
            elif calls > 0:
                plan.steps.append(("call", self.request(plan.database)))
                calls -= 1
                if depth > 0 and rng.random() < 0.05:
                    plan.steps.append(("error", None))
            elif rng.random() < 0.5:
                break
        # A pause with units pending, so that others meet them.
        if rng.random() < 0.25:
            plan.steps.append(("pause", rng.uniform(0.001, 0.04)))
        return plan

    def request(self, database):
        rng = self.rng
        store = rng.choice(STORES)
        earlier = self.asked.setdefault((database, store.name), [])
        if earlier and rng.random() < 0.1:
            return rng.choice(earlier[-50:])
        kind = choose(rng, CALLS)
        if not store.has_wallets and kind in ("deposit", "withdrawal", "transfer"):
            kind = "purchase"
        request = Request(kind, database, store)
        getattr(self, kind)(request, earlier)
        request.item, request.wallet, request.payee = map(store.key, (request.item, request.wallet, request.payee))
        if request.id is not None and request not in earlier[-50:]:
            earlier.append(request)
        return request

    def item(self):
        return MOVED if self.rng.random() < 0.02 else self.rng.choice(ITEMS)

    def purchase(self, request, _earlier):
        rng = self.rng
        request.id, request.item, request.wallet = new_id(rng), self.item(), rng.choice(WALLETS)
        request.qty = rng.choice((1, 1, 1, 2, 3, 7))
        if rng.random() < 0.1:
            self.share(request)
        draw = rng.random()
        if draw < 0.08:
            request.options["lock_mode"] = rng.choice(ROW_MODES)
        elif draw < 0.16:
            request.options["nowait"] = True
        elif draw < 0.20:
            request.options["remember"] = True
        elif draw < 0.22 and request.store.has_wallets:
            request.options["max_price"] = 3
        elif draw < 0.24:
            request.options["expected_version"] = 1
        elif draw < 0.34:
            request.is_raising = True
        elif draw < 0.38:
            request.options.pop("unit_price", None)
            request.options["amount"] = rng.randint(0, 20)
        if not request.store.has_wallets and "amount" not in request.options:
            request.options.setdefault("unit_price", rng.randint(0, 5))
        price = request.options.get("unit_price")
        request.amount = request.options.get("amount") if price is None else request.qty * price

    def share(self, request):
        """One of the purchases that all workers know; sometimes with the wrong quantity."""
        n = self.rng.randrange(SHARED_IDS)
        request.id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}/{n}"))
        request.item, request.wallet, request.qty = ITEMS[n % 4], WALLETS[n % len(WALLETS)], 1 + n % 2
        if not request.store.has_wallets:
            request.options["unit_price"] = n % 6
        if self.rng.random() < 0.1:
            request.qty = 3

    def refund(self, request, earlier):
        purchases = [known for known in earlier[-30:] if known.kind == "purchase"]
        request.id = new_id(self.rng)
        request.qty = self.rng.choice((None, None, 1, 2))
        if purchases:
            request.purchase = self.rng.choice(purchases)
        else:
            request.purchase = Request("purchase", request.database, request.store, new_id(self.rng))

    def restock(self, request, _earlier):
        request.id, request.item, request.qty = new_id(self.rng), self.item(), self.rng.randint(1, 12)

    def deposit(self, request, _earlier):
        request.id, request.wallet, request.amount = new_id(self.rng), self.rng.choice(WALLETS), self.rng.randint(1, 30)

    def withdrawal(self, request, _earlier):
        request.id, request.wallet, request.amount = new_id(self.rng), self.rng.choice(WALLETS), self.rng.randint(1, 20)

    def transfer(self, request, _earlier):
        request.id, request.amount = new_id(self.rng), self.rng.randint(1, 30)
        request.wallet, request.payee = self.rng.sample(WALLETS, 2)

    def undone(self, request, _earlier):
        request.item, request.wallet, request.qty = self.item(), self.rng.choice(WALLETS), self.rng.randint(1, 3)

    def adjustment(self, request, _earlier):
        request.item, request.qty = self.item(), self.rng.randint(1, 4)

    def available(self, request, _earlier):
        request.item = self.item()

    def look(self, request, _earlier):
        pass


class Rush:
    """All workers at once, each with a buyer of its own. Narrow, they want one item, and so few units are left that the last
    one is fought for again and again. Wide, they want all items of a database, for which there is not enough room in shared
    memory, so that counters are loaded all the time."""

    def __init__(self, seed, number, worker):
        rng = random.Random(f"{seed}/rush {number}")
        self.database = rng.choice(DATABASES)
        without_wallets = next(store for store in STORES if not store.has_wallets)
        self.store = rng.choice((*STORES, without_wallets, without_wallets))
        self.items = [rng.choice(ITEMS)]
        self.is_first = worker == 0
        if rng.random() < 0.5:
            self.store = STORES[worker % len(STORES)]
            self.items = list(ITEMS)
            self.is_first = worker < len(STORES)
        self.items = [self.store.key(item) for item in self.items]
        self.buyer = self.store.key(WALLETS[worker % len(WALLETS)])
        self.unit_price = None if self.store.has_wallets else 1
        self.base = f"{seed}/{number}/{worker}/"

    def id_of(self, kind, n):
        return str(uuid.UUID(hashlib.md5(f"{self.base}{kind}{n}".encode()).hexdigest()))

    def requests(self):
        """The requests of the procedure, in its order."""
        for n in range(1, RUSH_TIMES + 1):
            item = self.items[n % len(self.items)]
            yield n, Request("purchase", self.database, self.store, self.id_of("purchase", n), item, self.buyer, qty=1)
            if n % 2 == 0:
                yield n, Request("restock", self.database, self.store, self.id_of("restock", n), item, qty=1)
            if self.unit_price is None:
                yield n, Request("deposit", self.database, self.store, self.id_of("deposit", n), wallet=self.buyer, amount=4)
