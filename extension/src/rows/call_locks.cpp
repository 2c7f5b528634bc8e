#include "base/prelude.hpp"

#include "rows/call_locks.hpp"

#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"

#include <algorithm>

namespace vend {
namespace {

// The tags of our advisory locks:
//
//   database | relation | hash of the key, or number of the turn | class
//
// The relation is a field of its own, so the locks of two stores never collide, and nobody can block
// another owner's store. Only keys of one store can collide. The class stands where the functions of
// PostgreSQL put 1 or 2, so our locks never collide with advisory locks of users. pg_locks shows the
// four fields as database, classid, objid and objsubid.
constexpr uint16 id_lock_class = 0x7664;
constexpr uint16 counter_lock_class = 0x7665;
constexpr uint16 turn_lock_class = 0x7666;
constexpr uint16 load_lock_class = 0x7667;

// How long a batch waits for its turn. The wait is shorter than deadlock_timeout: after it, the batch
// runs without a turn.
constexpr int turn_ms_max = 500;
int turn_ms() {
    const int ours = ms_without_deadlock_check(turn_ms_max);
    return LockTimeout > 0 ? std::min(LockTimeout, ours) : ours;
}

LOCKTAG lock_tag(Oid relation, uint32 number, uint16 lock_class) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, relation, number, lock_class);
    return tag;
}

// The tag of an id or of an item. Two keys of one relation with the same hash share a lock; then one
// waits for the other, which does no other harm.
LOCKTAG key_lock_tag(Oid relation, std::span<const uint8> key, uint16 lock_class) {
    return lock_tag(relation, hash_bytes(key.data(), static_cast<int>(key.size())), lock_class);
}

// Runs body() with the (sub)transaction as the owner of the locks that it takes or releases, whatever
// resource owner is current. So a lock can be released under the owner that took it.
template <typename Body> auto in_transaction_owner(Body body) {
    ResourceOwner owner = CurrentResourceOwner;
    CurrentResourceOwner = CurTransactionResourceOwner;
    const auto result = body();
    CurrentResourceOwner = owner;
    return result;
}

// False when the lock was not granted in the time allowed.
bool acquire_lock(const LOCKTAG &tag, LOCKMODE mode, LockWait wait) {
    return in_transaction_owner([&] {
        if (LockAcquire(&tag, mode, false, is_ours_tighter(wait)) != LOCKACQUIRE_NOT_AVAIL) return true;
        return !wait.nowait &&
               acquire_in_time(wait.timeout_ms, [&] { (void)LockAcquire(&tag, mode, false, false); });
    });
}

LOCKTAG counter_tag(const Store &store, ItemKey item) {
    return key_lock_tag(store.binding.item_table.relation, key_bytes(store.binding.item_type, item),
                        counter_lock_class);
}

LOCKTAG load_tag(const Store &store, ItemKey item) {
    return key_lock_tag(store.binding.item_table.relation, key_bytes(store.binding.item_type, item),
                        load_lock_class);
}

} // namespace

bool lock_id(const Store &store, Datum id, LockWait wait) {
    const std::span<const uint8> bytes(DatumGetUUIDP(id)->data, UUID_LEN);
    return acquire_lock(key_lock_tag(store.binding.ledger_table.relation, bytes, id_lock_class),
                        ExclusiveLock, wait);
}

const LOCKTAG *begin_turn(const Store &store) {
    const int count = settings::concurrent_batches();
    if (count == 0) return nullptr;
    auto *turn = static_cast<LOCKTAG *>(palloc(sizeof(LOCKTAG)));
    const auto set_turn = [&](int n) {
        *turn = lock_tag(store.binding.ledger_table.relation,
                         static_cast<uint32>((MyProcPid + n) % count), turn_lock_class);
    };
    for (int n = 0; n < count; ++n) {
        set_turn(n);
        if (acquire_lock(*turn, ExclusiveLock, {.nowait = true})) return turn;
    }
    set_turn(0);
    const bool is_ours = in_transaction_owner([&] {
        return acquire_in_time(turn_ms(), [&] { (void)LockAcquire(turn, ExclusiveLock, false, false); });
    });
    return is_ours ? turn : nullptr;
}

void end_turn(const LOCKTAG *turn) {
    if (turn != nullptr)
        (void)in_transaction_owner([&] { return LockRelease(turn, ExclusiveLock, false); });
}

bool lock_counter(const Store &store, ItemKey item, LOCKMODE mode, LockWait wait) {
    return acquire_lock(counter_tag(store, item), mode, wait);
}

void unlock_counter(const Store &store, ItemKey item) {
    const LOCKTAG tag = counter_tag(store, item);
    (void)in_transaction_owner([&] { return LockRelease(&tag, ShareLock, false); });
}

bool lock_load(const Store &store, ItemKey item, LockWait wait) {
    return acquire_lock(load_tag(store, item), ExclusiveLock, wait);
}

void unlock_load(const Store &store, ItemKey item) {
    const LOCKTAG tag = load_tag(store, item);
    (void)in_transaction_owner([&] { return LockRelease(&tag, ExclusiveLock, false); });
}

} // namespace vend
