#pragma once
// The counters of escrow items, in shared memory: how many units of an item the sales of all sessions
// together may still take. A counter is loaded from the item's row and its unsettled deltas, which
// remain the truth; it can be forgotten whenever no transaction has anything pending on it.
//
// What a transaction takes is pending until it ends: at commit it is forgotten, at abort, of the
// transaction or of the savepoint, it is given back. What it adds becomes available at commit only.
//
// Whoever takes, adds or loads holds the item's counter lock (rows/row_lock.hpp) in share mode until
// the end of the transaction; whoever closes a counter holds it in exclusive mode, so nothing is pending
// then.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "core/checked.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// As a session sees it.
struct CounterReading {
    Quantity available{};
    Quantity pending_elsewhere{}; // by sales of others that have not committed
    Quantity own_added{};         // by this transaction, available once it commits
    uint64 changes = 0;           // another number whenever anything has changed
};

// Whether the library was preloaded.
bool has_counters();
// Raises 55000 unless it was.
void require_counters();

// Nothing when the counter is not loaded. Never loads.
std::optional<CounterReading> read_counter(const CounterKey &key);

// True when the caller is to load the counter: read it, then end_load() with what was read, or with
// nothing where there is nothing to load. An error ends it too. False when it is loaded. The caller has
// the lock of the load. Raises 53400 when there is no room.
struct CounterLoad {
    Quantity available{};
    int64 deltas = 0; // unsettled
};
bool begin_load(const CounterKey &key, Oid owner, const char *store, const char *item);
void end_load(const std::optional<CounterLoad> &load);

enum class CounterChange { made, not_loaded, impossible };

// Takes units; impossible: fewer are available.
CounterChange take_from_counter(const CounterKey &key, Quantity qty);
// Gives back at once what was taken last.
void give_back(const CounterKey &key);
// Adds units at commit; impossible: beyond int64.
CounterChange add_to_counter(const CounterKey &key, Quantity qty, Quantity stock_max);

// Waits until the counter has changed since it was viewed, or until the time given. False when that is
// over.
bool wait_for_change(const CounterKey &key, uint64 changes, MonotonicTime until);

// Forgets the counters of the tables in other states than this, and those of the database in a former
// life. A session calls it whenever it meets another state, before it sells in it or hears of a write:
// nobody comes back to a state and finds a counter that a write in between has passed over.
void forget_former_states(const TableState &table);
// Whether this transaction has anything to do with a counter.
bool has_holds();
void forget_former_life(); // of the database, alone

// Counts a refusal.
void count_refusal(const CounterKey &key);

// Raises 55006 when this transaction has something pending on the counter.
void require_nothing_pending(const CounterKey &key);

// Forgets what was loaded; to the end of the (sub)transaction is_closed_here() says so. It works without
// shared memory too.
void close_counter(const CounterKey &key);
bool is_closed_here(const CounterKey &key);
bool is_anything_closed_here();

// Whether this transaction has something pending on a counter of these items.
bool has_pending(Oid items);

// Counts deltas that this transaction has folded into the row, at commit.
void count_settled(const CounterKey &key, int64 deltas);

// A counter of this database with unsettled deltas.
struct UnsettledCounter {
    CounterKey key;
    uint64 changes; // when it was seen
    char store[NAMEDATALEN];
};
// Those that are to be settled now, each an UnsettledCounter; is_awaited: so will others be.
List *unsettled_counters(bool *is_awaited);
// Of those that are to be settled now, in this state of a store's tables, the one with the oldest
// deltas.
std::optional<UnsettledCounter> longest_unsettled(const TableState &table);
// The item cannot be settled for now.
void postpone_settling(const CounterKey &key);
// Who had to settle for long, because of triggers of the owner's, leaves the store alone for so many
// times as long.
inline constexpr int64 settling_pauses = 9;
void postpone_store(const char *store, MonotonicTime from, int64 took_us);
// When the pause of a store is over that all of its counters have.
MonotonicTime pause_of_store(const char *store);
// There were no deltas, and nothing has changed since the counter was seen.
void forget_unsettled(const UnsettledCounter &unsettled);

// A counter as the audit sees it.
struct LoadedCounter {
    CounterKey key;
    Quantity available;
    uint64 changes;
    bool is_quiet; // nothing is pending
};
// Those of a store, each a LoadedCounter.
List *loaded_counters(const TableState &table);

// A row of vend.stat_item.
struct CounterStatistics {
    TableState table;
    PartitionState partition;
    char store[NAMEDATALEN];
    char item[NAMEDATALEN];
    std::optional<int64> available; // nothing while it is not loaded
    int64 pending;
    int64 waiting;
    int64 reserved;
    int64 refused;
    int64 settled;
    int64 unsettled;
    MonotonicTime unsettled_since; // 0: all is settled
};
// Those of this database, each a CounterStatistics.
List *counter_statistics();

} // namespace vend
