#include "base/prelude.hpp"

#include "shared/counter_load.hpp"

#include "base/clock.hpp"
#include "shared/counter.hpp"
#include "shared/counter_table.hpp"
#include "shared/counters.hpp"
#include "shared/pending.hpp"
#include "shared/shares.hpp"

#include <algorithm>

namespace vend {
namespace {

enum class LoadStart { ours, done, under_way, outdated, no_room };
LoadStart start_load(const CounterKey &key, const CounterOwner &owner, std::optional<Share> *exhausted);
LoadStart start_by_state(Counter *counter);

[[noreturn]] void raise_pending_before(const CounterOwner &owner);
[[noreturn]] void raise_load_under_way(const CounterOwner &owner);

} // namespace

bool begin_load(const CounterKey &key, Oid owner, const char *store, const char *item) {
    require_counters();
    const CounterOwner of{owner, store, item};
    // The new counter would not know of units that this transaction has pending on the former one.
    const auto is_former = [&](const Counter *counter) { return !is_same(counter->key, key); };
    if (find_pending_counter(key, is_former) != nullptr) raise_pending_before(of);
    prepare_pending();
    std::optional<Share> exhausted;
    switch (start_load(key, of, &exhausted)) {
    case LoadStart::ours:
        return true;
    case LoadStart::done:
        return false;
    case LoadStart::under_way:
        raise_load_under_way(of);
    case LoadStart::outdated:
        raise_pending_before(of);
    case LoadStart::no_room:
        break;
    }
    raise_no_room(exhausted, store, item);
}

void end_load(const std::optional<CounterLoad> &load) {
    const auto entries = pending_entries();
    const auto loading = std::find_if(entries.rbegin(), entries.rend(), [](const Pending &entry) {
        return entry.kind == Pending::Kind::loading;
    });
    Counter *counter = loading->counter;
    const MonotonicTime now = monotonic_now();
    if (load) {
        lock(counter);
        counter->state = Counter::State::loaded;
        counter->units.load(load->available);
        counter->unsettled = load->deltas;
        counter->unsettled_since = load->deltas > 0 ? now : MonotonicTime{};
        unlock_changed(counter);
    }
    drop_pending(Pending::Kind::loading, counter);
}

namespace {

LoadStart start_load(const CounterKey &key, const CounterOwner &owner, std::optional<Share> *exhausted) {
    return with_counters(LW_EXCLUSIVE, [&] {
        if (is_room_scarce() && !is_in_use(find_counter(key))) {
            *exhausted = exhausted_share(key, owner.owner);
            if (*exhausted) return LoadStart::no_room;
        }
        Counter *counter = provide_counter(key, owner);
        if (counter == nullptr) return LoadStart::no_room;
        const LoadStart start = start_by_state(counter);
        if (start == LoadStart::ours) add_pending({.kind = Pending::Kind::loading, .counter = counter});
        return start;
    });
}

LoadStart start_by_state(Counter *counter) {
    lock(counter);
    // Not the transaction's start: an old transaction would evict what it has just loaded.
    counter->used = monotonic_now();
    const Counter::State state = counter->state;
    if (state != Counter::State::empty) {
        unlock(counter);
        return state == Counter::State::loaded    ? LoadStart::done
               : state == Counter::State::loading ? LoadStart::under_way
                                                  : LoadStart::outdated;
    }
    counter->state = Counter::State::loading;
    pin(counter);
    unlock_changed(counter);
    return LoadStart::ours;
}

void raise_pending_before(const CounterOwner &owner) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_IN_USE),
             errmsg("units of escrow item \"%s\" of store \"%s\" are pending from before its table "
                    "was altered",
                    owner.item, owner.store),
             errhint("Commit first.")));
    pg_unreachable();
}

// This session itself loads the counter: another session would wait for the load lock.
void raise_load_under_way(const CounterOwner &owner) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_IN_USE),
             errmsg("escrow item \"%s\" of store \"%s\" is being read by this session", owner.item,
                    owner.store),
             errdetail("A function that runs while the item is read sells the same item."),
             errhint("Sell the item from the statement itself, not from a function that runs when the "
                     "item is read.")));
    pg_unreachable();
}

} // namespace
} // namespace vend
