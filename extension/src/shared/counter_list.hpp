#pragma once
// Lists of counters: for vend.audit(), which compares them with the tables, and for vend.stat_item.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "core/checked.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// What the audit compares.
struct LoadedCounter {
    CounterKey key;
    Quantity available;
    uint64 changes;
    bool is_quiet; // nothing is pending
};
// The loaded counters of a store, each a LoadedCounter.
List *loaded_counters(const TableState &table);

// A row of vend.stat_item.
struct CounterStatistics {
    TableState table;
    PartitionState partition;
    char store[NAMEDATALEN];
    char item[NAMEDATALEN];
    std::optional<int64> available; // nothing while the counter is not loaded
    int64 pending;
    int64 waiting;
    int64 reserved;
    int64 refused;
    int64 settled;
    int64 unsettled;
    MonotonicTime unsettled_since; // 0: all is settled
};
// The counters of this database, each a CounterStatistics.
List *counter_statistics();

} // namespace vend
