"""The books: what the workers did and were told, in memory. Compares them with the tables."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass


class Transaction:
    """Its state is made, undone, or unknown if the connection was lost at its end."""

    def __init__(self):
        self.state = "open"
        self.entries = []
        self.adjustments = []


@dataclass
class Entry:
    """One attempt at a movement under an id. told is None if no answer came."""
    request: object
    told: dict
    transaction: Transaction


@dataclass
class Adjustment:
    """A change of stock by plain SQL, which has no id of its own: the transaction left the marker."""
    database: str
    store: str
    item: str
    qty: int
    marker: str
    transaction: Transaction


class Books:
    def __init__(self):
        self.transactions = []
        self.outcomes = Counter()
        self.failures = []
        self.mutex = threading.Lock()

    def count(self, outcome):
        with self.mutex:
            self.outcomes[outcome] += 1

    def fail(self, text):
        with self.mutex:
            self.failures.append(text)

    def close(self, transaction, state):
        """Writes down how a transaction has ended."""
        transaction.state = state
        with self.mutex:
            self.outcomes[state] += 1
            self.transactions.append(transaction)

    def of(self, database, store):
        """The attempts in a store."""
        return [entry for transaction in self.transactions for entry in transaction.entries
                if (entry.request.database, entry.request.store.name) == (database, store.name)]

    def adjusted(self, database, store, item, markers):
        """The sum of an item's adjustments, by what the workers were told."""
        return sum(change.qty for transaction in self.transactions for change in transaction.adjustments
                   if (change.database, change.store, change.item) == (database, store.name, item)
                   and (transaction.state == "made" or (transaction.state == "unknown" and change.marker in markers)))


REFUSED = "refusal"
DONE = ("purchased", "recorded")


def row_of(entry):
    """The kind and figures that the entry's row in the ledger must have; None if it makes no row."""
    request, told = entry.request, entry.told
    if told is None or is_replay(entry):
        return None
    if told["status"] in DONE:
        sign = -1 if request.kind in ("purchase", "withdrawal", "transfer") else 1
        return (request.kind, told["item"], sign * abs(told["qty"] or 0), told["wallet"],
                sign * abs(told["amount"] or 0))
    if "remember" in request.options:
        return (REFUSED, request.item, 0, request.wallet, 0)
    return None


def is_replay(entry):
    return entry.told["status"] == "replayed" or entry.told.get("is_remembered", False)


def fits(entry, row):
    """Whether a row can be that of a request whose answer was lost."""
    request = entry.request
    if row[0] == REFUSED:
        return "remember" in request.options
    wanted = (request.kind, request.item, request.qty, request.wallet, request.amount)
    has = (row[0], row[1], abs(row[2]), row[3], abs(row[4]))
    return all(want is None or want == figure for want, figure in zip(wanted, has))


def differences(entries, rows):
    """Compares what was told with the ledger's rows: id to (kind, item, qty, wallet, amount). Yields what differs."""
    attempts = defaultdict(list)
    for entry in entries:
        attempts[entry.request.id].append(entry)
    for known, tried in attempts.items():
        row = rows.get(known)
        made = [entry for entry in tried if entry.transaction.state == "made" and row_of(entry)]
        doubtful = [entry for entry in tried if entry.transaction.state == "unknown"]
        if len(made) > 1:
            yield f"{known} was acknowledged {len(made)} times"
        if made and row != row_of(made[0]):
            yield f"{known}: told {row_of(made[0])}, the ledger has {row}"
        elif not made and row is not None and not any(
                row_of(entry) == row if entry.told else fits(entry, row) for entry in doubtful):
            yield f"{known}: in the ledger as {row}, but told {[(entry.told, entry.transaction.state) for entry in tried]}"
        if row is None and any(entry.transaction.state == "made" and entry.told and is_replay(entry) for entry in tried):
            yield f"{known} was replayed and is not in the ledger"
    for known in rows.keys() - attempts.keys():
        yield f"{known}: in the ledger as {rows[known]}, and nobody asked for it"


def halves(books, database, rows, markers):
    """A transaction whose end is unknown is there as a whole or not at all. rows are those of all stores."""
    tries = Counter(entry.request.id for transaction in books.transactions for entry in transaction.entries)
    for transaction in books.transactions:
        if transaction.state != "unknown":
            continue
        found = {rows.get(entry.request.id) == row_of(entry) for entry in transaction.entries
                 if entry.request.database == database and entry.told and row_of(entry) and tries[entry.request.id] == 1}
        found |= {change.marker in markers for change in transaction.adjustments if change.database == database}
        if len(found) > 1:
            yield f"half a transaction was made: {[(entry.request.id, entry.told) for entry in transaction.entries]}"
