#include "base/prelude.hpp"

#include "shared/shares.hpp"

#include "base/settings.hpp"
#include "shared/counter_table.hpp"
#include "shared/memory.hpp"

#include <array>

namespace vend {
namespace {

// By Share: the counters in use may be so many times the counters that stay free.
constexpr std::array<int64, 3> times_free{3, 5, 7};

bool is_of(Share share, const Counter *counter, const CounterKey &key, Oid owner);
const char *name_of(Share share);

} // namespace

void pin(Counter *counter) {
    if (counter->pins++ == 0) (void)pg_atomic_fetch_add_u32(shared_memory().counters_in_use, 1);
}

void unpin(Counter *counter) {
    if (--counter->pins > 0) return;
    if (counter->state == Counter::State::outdated) counter->state = Counter::State::empty;
    (void)pg_atomic_fetch_sub_u32(shared_memory().counters_in_use, 1);
}

bool is_room_scarce() {
    return pg_atomic_read_u32(shared_memory().counters_in_use) >=
           static_cast<uint32>(settings::escrow_items()) / 2;
}

std::optional<Share> exhausted_share(const CounterKey &key, Oid owner) {
    std::array<int64, times_free.size()> used{};
    int64 in_use = 0;
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, shared_memory().counters);
    while (auto *counter = static_cast<Counter *>(hash_seq_search(&scan))) {
        if (!is_in_use(counter)) continue;
        ++in_use;
        for (std::size_t i = 0; i < used.size(); ++i)
            if (is_of(static_cast<Share>(i), counter, key, owner)) ++used[i];
    }
    const int64 left = settings::escrow_items() - in_use - 1;
    for (std::size_t i = 0; i < used.size(); ++i)
        if (used[i] > 0 && used[i] + 1 > times_free[i] * left) return static_cast<Share>(i);
    return std::nullopt;
}

void raise_no_room(std::optional<Share> exhausted, const char *store, const char *item) {
    ereport(ERROR,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("no counter is free for escrow item \"%s\" of store \"%s\"", item, store),
             exhausted
                 ? errdetail("There is room for %d, of which %s may not use more: the rest is kept "
                             "for others.",
                             settings::escrow_items(), name_of(*exhausted))
                 : errdetail("There is room for %d, and each has a sale that has not committed.",
                             settings::escrow_items()),
             errhint("Raise vend.escrow_items and restart the server.")));
    pg_unreachable();
}

namespace {

bool is_of(Share share, const Counter *counter, const CounterKey &key, Oid owner) {
    switch (share) {
    case Share::store:
        return counter->key.database == key.database && counter->key.table.items == key.table.items;
    case Share::owner:
        return counter->owner == owner;
    case Share::database:
        return counter->key.database == key.database;
    }
    pg_unreachable();
}

const char *name_of(Share share) {
    switch (share) {
    case Share::store:
        return "the store";
    case Share::owner:
        return "the stores of its owner";
    case Share::database:
        return "the stores of its database";
    }
    pg_unreachable();
}

} // namespace
} // namespace vend
