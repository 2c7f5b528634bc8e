#include "base/prelude.hpp"

#include "shared/former_counters.hpp"

#include "shared/counter.hpp"
#include "shared/counter_table.hpp"
#include "shared/counters.hpp"
#include "shared/memory.hpp"
#include "shared/pending.hpp"
#include "shared/shares.hpp"

namespace vend {
namespace {

bool is_of_former_life(const Counter *counter);
bool is_of_former_state(const Counter *counter, const TableState &table);

// These call is_former(counter) with the counter locked: it neither allocates nor raises.
template <typename IsFormer> void forget_all(IsFormer is_former);
template <typename IsFormer> int count_former(IsFormer is_former, bool *is_any);
template <typename IsFormer> void remove_or_outdate(IsFormer is_former, int pinned);
void outdate(Counter *counter);

} // namespace

void forget_former_states(const TableState &table) {
    if (!has_counters()) return;
    look_up_life();
    forget_all([&](const Counter *counter) {
        return is_of_former_life(counter) || is_of_former_state(counter, table);
    });
}

void forget_former_life() {
    if (!has_counters()) return;
    look_up_life();
    forget_all(is_of_former_life);
}

namespace {

// A pinned counter is not of a former life: a database in which a transaction is open is not dropped.
bool is_of_former_life(const Counter *counter) {
    return counter->key.database == MyDatabaseId && counter->life != known_life() && counter->pins == 0;
}

bool is_of_former_state(const Counter *counter, const TableState &table) {
    return counter->key.database == MyDatabaseId && counter->key.table.items == table.items &&
           !is_same_state(counter->key.table, table);
}

// Most often there is no former counter. A look in share mode is enough to find that out.
template <typename IsFormer> void forget_all(IsFormer is_former) {
    bool is_any = false;
    const int pinned = count_former(is_former, &is_any);
    if (!is_any) return;
    prepare_pending(pinned);
    remove_or_outdate(is_former, pinned);
}

// The number of those that are pinned.
template <typename IsFormer> int count_former(IsFormer is_former, bool *is_any) {
    return with_counters(LW_SHARED, [&] {
        int pinned = 0;
        for_each_counter([&](const Counter *counter) {
            if (!is_former(counter)) return;
            *is_any = true;
            if (counter->pins > 0) ++pinned;
        });
        return pinned;
    });
}

// Outdates as many as there is room for in the list of what is pending. A later call finds the others.
template <typename IsFormer> void remove_or_outdate(IsFormer is_former, int pinned) {
    (void)with_counters(LW_EXCLUSIVE, [&] {
        int left = pinned;
        HASH_SEQ_STATUS scan;
        hash_seq_init(&scan, shared_memory().counters);
        while (auto *counter = static_cast<Counter *>(hash_seq_search(&scan))) {
            lock(counter);
            const bool is_to_go = is_former(counter);
            const bool is_pinned = counter->pins > 0;
            if (is_to_go && is_pinned && counter->state == Counter::State::loaded && left-- > 0)
                outdate(counter);
            unlock(counter);
            if (is_to_go && !is_pinned)
                (void)hash_search(shared_memory().counters, &counter->key, HASH_REMOVE, nullptr);
        }
        return true;
    });
}

// The units that are pending on it stay, until the transactions that they are of have ended.
void outdate(Counter *counter) {
    counter->state = Counter::State::outdated;
    pin(counter);
    add_pending({.kind = Pending::Kind::outdated, .counter = counter});
}

} // namespace
} // namespace vend
