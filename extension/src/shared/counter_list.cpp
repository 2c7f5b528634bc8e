#include "base/prelude.hpp"

#include "shared/counter_list.hpp"

#include "shared/counter.hpp"
#include "shared/counter_table.hpp"

namespace vend {

List *loaded_counters(const TableState &table) {
    return list_counters<LoadedCounter>([&](Counter *counter, LoadedCounter *loaded) {
        if (counter->state != Counter::State::loaded || !is_same_state(counter->key.table, table))
            return false;
        loaded->key = counter->key;
        loaded->available = counter->units.available;
        loaded->changes = counter->changes;
        loaded->is_quiet = !counter->units.is_anything_pending();
        return true;
    });
}

List *counter_statistics() {
    return list_counters<CounterStatistics>([](Counter *counter, CounterStatistics *statistics) {
        statistics->table = counter->key.table;
        statistics->partition = counter->key.partition;
        (void)strlcpy(statistics->store, counter->store, NAMEDATALEN);
        (void)strlcpy(statistics->item, counter->item, NAMEDATALEN);
        const bool is_loaded = counter->state == Counter::State::loaded;
        statistics->available = is_loaded ? std::optional(counter->units.available.value) : std::nullopt;
        statistics->pending = counter->units.taken.value;
        statistics->waiting = counter->waiting;
        statistics->reserved = counter->reserved_total;
        statistics->refused = counter->refused_total;
        statistics->settled = counter->settled_total;
        statistics->unsettled = counter->unsettled;
        statistics->unsettled_since = counter->unsettled_since;
        return true;
    });
}

} // namespace vend
