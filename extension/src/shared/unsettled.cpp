#include "base/prelude.hpp"

#include "shared/unsettled.hpp"

#include "shared/counter.hpp"
#include "shared/counter_table.hpp"

#include <algorithm>

namespace vend {
namespace {

// How long an item that could not be settled is left alone.
constexpr int64 first_pause_us = USECS_PER_SEC;
constexpr int64 later_pause_us = 5 * USECS_PER_SEC;

UnsettledCounter description_of(const Counter &counter);
bool is_of_store(const Counter *counter, const char *store);

} // namespace

List *unsettled_counters(bool *is_awaited) {
    const MonotonicTime now = monotonic_now();
    *is_awaited = false;
    return list_counters<UnsettledCounter>([&](Counter *counter, UnsettledCounter *unsettled) {
        const bool is_due = counter->unsettled > 0 && counter->settle_after <= now;
        // An item that failed once is worth waiting for. After its second failure nobody waits.
        const bool is_coming = counter->unsettled > 0 && counter->failures < 2;
        *is_awaited = *is_awaited || is_due || is_coming || counter->units.is_anything_pending();
        if (!is_due) return false;
        *unsettled = description_of(*counter);
        return true;
    });
}

std::optional<UnsettledCounter> longest_unsettled(const TableState &table) {
    const MonotonicTime now = monotonic_now();
    return with_counters(LW_SHARED, [&] {
        std::optional<UnsettledCounter> longest;
        MonotonicTime since = end_of_time;
        for_each_counter([&](Counter *counter) {
            if (counter->key.database != MyDatabaseId || !is_same_state(counter->key.table, table) ||
                counter->unsettled == 0 || counter->settle_after > now ||
                counter->unsettled_since >= since)
                return;
            since = counter->unsettled_since;
            longest = description_of(*counter);
        });
        return longest;
    });
}

void postpone_settling(const CounterKey &key) {
    const MonotonicTime now = monotonic_now();
    visit_counter(key, [&](Counter *counter) {
        counter->settle_after = after_us(now, counter->failures == 0 ? first_pause_us : later_pause_us);
        ++counter->failures;
        return false;
    });
}

void postpone_store(const char *store, MonotonicTime from, int64 took_us) {
    const MonotonicTime end = after_us(from, settling_pauses * took_us);
    (void)with_counters(LW_SHARED, [&] {
        for_each_counter([&](Counter *counter) {
            if (is_of_store(counter, store))
                counter->settle_after = std::max(counter->settle_after, end);
        });
        return true;
    });
}

MonotonicTime pause_of_store(const char *store) {
    return with_counters(LW_SHARED, [&] {
        MonotonicTime end = end_of_time;
        for_each_counter([&](Counter *counter) {
            if (is_of_store(counter, store)) end = std::min(end, counter->settle_after);
        });
        return end == end_of_time ? MonotonicTime{} : end;
    });
}

void forget_unsettled(const UnsettledCounter &unsettled) {
    visit_counter(unsettled.key, [&](Counter *counter) {
        if (counter->changes == unsettled.changes) {
            counter->unsettled = 0;
            counter->unsettled_since = {};
        }
        return false;
    });
}

namespace {

UnsettledCounter description_of(const Counter &counter) {
    UnsettledCounter unsettled{counter.key, counter.changes, {}};
    (void)strlcpy(unsettled.store, counter.store, NAMEDATALEN);
    return unsettled;
}

bool is_of_store(const Counter *counter, const char *store) {
    return counter->key.database == MyDatabaseId && strcmp(counter->store, store) == 0;
}

} // namespace
} // namespace vend
