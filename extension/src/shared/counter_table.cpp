#include "base/prelude.hpp"

#include "shared/counter_table.hpp"

#include "base/settings.hpp"
#include "shared/counter_key.hpp"

namespace vend {
namespace {

uint32 life = 0;

uint32 hash_of(const CounterKey &key);
bool is_full();
bool evict_one();
void initialize(Counter *counter, const CounterOwner &owner);

} // namespace

Counter *find_counter(const CounterKey &key) {
    return static_cast<Counter *>(
        hash_search_with_hash_value(shared_memory().counters, &key, hash_of(key), HASH_FIND, nullptr));
}

Counter *provide_counter(const CounterKey &key, const CounterOwner &owner) {
    if (Counter *counter = find_counter(key)) return counter;
    if (is_full() && !evict_one()) return nullptr;
    auto *counter =
        static_cast<Counter *>(hash_search(shared_memory().counters, &key, HASH_ENTER_NULL, nullptr));
    if (counter != nullptr) initialize(counter, owner);
    return counter;
}

bool is_in_use(Counter *counter) {
    if (counter == nullptr) return false;
    lock(counter);
    const bool is_in_use = counter->pins > 0;
    unlock(counter);
    return is_in_use;
}

uint32 known_life() {
    return life;
}

void look_up_life() {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_DATABASE), errmsg("the database was dropped")));
    life = HeapTupleHeaderGetRawXmin(tuple->t_data);
    ReleaseSysCache(tuple);
}

namespace {

// A call looks for one counter several times, and call after call looks for that of a hot item.
uint32 hash_of(const CounterKey &key) {
    static CounterKey latest;
    static uint32 hash = 0;
    if (hash == 0 || !is_same(key, latest)) {
        latest = key;
        hash = get_hash_value(shared_memory().counters, &key);
    }
    return hash;
}

bool is_full() {
    return hash_get_num_entries(shared_memory().counters) >= settings::escrow_items();
}

// Removes the counter that has not been used for longest; false when all are in use. A counter with
// deltas goes only where there is no other: without it nobody knows that they are there to be settled.
bool evict_one() {
    Counter *choice = nullptr;
    bool is_choice_settled = false;
    for_each_counter([&](Counter *counter) {
        if (counter->pins > 0) return;
        const bool is_settled = counter->unsettled == 0;
        if (choice != nullptr &&
            (is_choice_settled != is_settled ? is_choice_settled : choice->used <= counter->used))
            return;
        choice = counter;
        is_choice_settled = is_settled;
    });
    if (choice == nullptr) return false;
    (void)hash_search(shared_memory().counters, &choice->key, HASH_REMOVE, nullptr);
    return true;
}

void initialize(Counter *counter, const CounterOwner &owner) {
    // The memory behind the key may be that of a counter that was removed.
    memset(reinterpret_cast<char *>(counter) + sizeof(CounterKey), 0,
           sizeof(Counter) - sizeof(CounterKey));
    (void)strlcpy(counter->store, owner.store, NAMEDATALEN);
    const int length = pg_mbcliplen(owner.item, static_cast<int>(strlen(owner.item)), NAMEDATALEN - 1);
    (void)strlcpy(counter->item, owner.item, static_cast<Size>(length) + 1);
    counter->hash = item_hash(counter->key);
    counter->owner = owner.owner;
    counter->life = life;
    ConditionVariableInit(&counter->changed);
    SpinLockInit(&counter->mutex);
    counter->state = Counter::State::empty;
}

} // namespace
} // namespace vend
