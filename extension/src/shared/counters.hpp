#pragma once
// The counters of escrow items, in shared memory. A counter says how many units of its item the sales of
// all sessions together may still take. The item's row and its unsettled deltas remain the truth: a
// counter is loaded from them (shared/counter_load.hpp) and can be forgotten whenever nothing is pending
// on it. The arithmetic is in core/counter.hpp, the proof in docs/escrow.md.
//
// What a transaction takes is pending until the transaction ends (shared/pending.hpp). A commit forgets
// it; an abort, of the transaction or of the savepoint, gives it back. What a transaction adds becomes
// available when it commits.
//
// A session that takes, adds or loads has the item's counter lock (rows/call_locks.hpp) in share mode
// until its transaction ends. A session that closes a counter has it in exclusive mode, so nothing is
// pending then. A counter belongs to one state of the store's tables (shared/former_counters.hpp).
//
// shared/unsettled.hpp lists the counters that the worker is to settle, shared/counter_list.hpp all of
// them for the audit and for vend.stat_item. shared/settlers.hpp has nothing to do with counters: it
// knows which worker settles which database.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "core/checked.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// Whether the library was preloaded.
bool has_counters();
// Raises 55000 unless it was.
void require_counters();

// What this session may know of a counter.
struct CounterReading {
    Quantity available{};
    Quantity pending_elsewhere{}; // taken by other transactions that have not ended
    Quantity own_added{};         // by this transaction, available once it commits
    uint64 changes = 0;           // another number after each change
};

// Nothing when the counter is not loaded. Never loads it.
std::optional<CounterReading> read_counter(const CounterKey &key);

enum class CounterChange { made, not_loaded, impossible };

// Takes units; impossible: fewer are available. Raises 53400 when the owner of the counter may not take
// one more into use.
CounterChange take_from_counter(const CounterKey &key, Quantity qty);
// Gives back at once what was taken last.
void give_back(const CounterKey &key);
// Adds units, which become available at commit; impossible: the stock could get larger than stock_max.
// Raises 53400 as take_from_counter() does.
CounterChange add_to_counter(const CounterKey &key, Quantity qty, Quantity stock_max);
// At commit, counts deltas that this transaction has folded into the row.
void count_settled(const CounterKey &key, int64 deltas);

// Waits until the counter is no longer at this number of changes. False when the time is over first.
bool wait_for_change(const CounterKey &key, uint64 changes, MonotonicTime until);

// Counts a refusal.
void count_refusal(const CounterKey &key);

// Raises 55006 when this transaction has units pending on the item.
void require_nothing_pending(const CounterKey &key);

// Forgets what was loaded. Until the (sub)transaction ends, is_closed_here() says so. Works without
// shared memory as well.
void close_counter(const CounterKey &key);
bool is_closed_here(const CounterKey &key);
bool is_anything_closed_here();

// Whether this transaction has units of these items pending.
bool has_pending(Oid items);
// Whether this transaction has used any counter.
bool has_used_counters();

} // namespace vend
