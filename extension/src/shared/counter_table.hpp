#pragma once
// The table of counters in shared memory: a hash table of fixed size, which makes room by eviction. Only
// shared/ includes this header; what stands in a counter is in shared/counter.hpp.

#include "base/prelude.hpp"

#include "shared/counter.hpp"
#include "shared/counter_key.hpp"
#include "shared/memory.hpp"

namespace vend {

// Runs body() with counters_lock and returns what it returns. After an error the abort releases the
// lock.
template <typename Body> auto with_counters(LWLockMode mode, Body body) {
    LWLockAcquire(shared_memory().counters_lock, mode);
    const auto result = body();
    LWLockRelease(shared_memory().counters_lock);
    return result;
}

// From here on the caller has counters_lock.

// Null when there is no counter of the key.
Counter *find_counter(const CounterKey &key);

// The counter of the key, an empty one where there is none yet. A counter that is not in use may have to
// give its place up; null when all are in use. The lock is exclusive.
struct CounterOwner {
    Oid owner;
    const char *store;
    const char *item; // the key as text
};
Counter *provide_counter(const CounterKey &key, const CounterOwner &owner);

// Whether there is a counter and it is pinned. With the exclusive lock no other session can pin it.
bool is_in_use(Counter *counter);

// Calls visit(counter) for each counter, locked. It neither allocates nor raises.
template <typename Visit> void for_each_counter(Visit visit) {
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, shared_memory().counters);
    while (auto *counter = static_cast<Counter *>(hash_seq_search(&scan))) {
        lock(counter);
        visit(counter);
        unlock(counter);
    }
}

// From here on the caller has no lock.

// Calls visit(counter) on the counter of the key, locked, if there is one. Where visit() answers true,
// sessions that wait for a change of the counter wake up.
template <typename Visit> void visit_counter(const CounterKey &key, Visit visit) {
    if (!shared_memory().is_there()) return;
    (void)with_counters(LW_SHARED, [&] {
        Counter *counter = find_counter(key);
        if (counter == nullptr) return false;
        lock(counter);
        const bool is_news = visit(counter);
        if (is_news)
            unlock_changed(counter);
        else
            unlock(counter);
        return is_news;
    });
}

// Calls describe(counter, entry) on each counter of this database, locked. Returns a list, in the
// current memory context, of the entries for which it answered true. It neither allocates nor raises.
template <typename Entry, typename Describe> List *list_counters(Describe describe) {
    // The list may lack counters that come after this line.
    const long capacity = hash_get_num_entries(shared_memory().counters) + 1;
    auto *entries = static_cast<Entry *>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Entry) * static_cast<Size>(capacity)));
    const long count = with_counters(LW_SHARED, [&] {
        long found = 0;
        for_each_counter([&](Counter *counter) {
            if (counter->key.database == MyDatabaseId && found < capacity &&
                describe(counter, &entries[found]))
                ++found;
        });
        return found;
    });
    List *list = NIL;
    for (long i = 0; i < count; ++i) list = lappend(list, &entries[i]);
    return list;
}

// The transaction that wrote the row of this database in pg_database. A database that was dropped and
// created again under the same oid, with the same tables and files, has another. ALTER DATABASE writes
// the row as well: then counters are loaded again, which costs no more than that.
uint32 known_life(); // as of the last look_up_life()
void look_up_life();

} // namespace vend
