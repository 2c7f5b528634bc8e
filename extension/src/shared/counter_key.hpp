#pragma once
// The key of a counter in the shared table: the item, and the state of the tables that the counter was
// loaded from. In another state a session looks for another key, so nobody sells from a counter that
// does not know what was written in between (docs/escrow.md, "Written around the engine").

#include "base/prelude.hpp"

#include <array>
#include <span>

namespace vend {

inline constexpr std::size_t counter_key_bytes_max = 256;

// The state of a store's tables. A transaction that replaces their files or columns, or changes their
// triggers, takes locks that wait for all pending sales. A write while the triggers are off belongs to
// another state, which finds no counter of this one.
struct TableState {
    Oid items = InvalidOid;
    std::array<uint32, 2> files{};    // of items and deltas
    std::array<uint32, 8> columns{};  // the numbers of those that the store uses
    std::array<uint32, 6> triggers{}; // oid and writer of each that guards stock or deltas
};

// The state of the partition that the item is in: its oid, its file, and oid and writer of its triggers,
// which are new after each ATTACH PARTITION. All 0 in a table without partitions.
using PartitionState = std::array<uint32, 6>;

// Compared and hashed as bytes: there is no padding, and all of it is set.
struct CounterKey {
    Oid database = InvalidOid;
    TableState table;
    PartitionState partition{};
    uint32 length = 0;
    std::array<uint8, counter_key_bytes_max> bytes{}; // the item's key
};
static_assert(sizeof(CounterKey) == sizeof(uint32) * 25 + counter_key_bytes_max);

// The bytes of the item's key.
inline std::span<const uint8> counter_bytes(const CounterKey &key) {
    return {key.bytes.data(), key.length};
}

inline bool is_same(const CounterKey &a, const CounterKey &b) {
    return memcmp(&a, &b, sizeof(CounterKey)) == 0;
}

inline bool is_same_state(const TableState &a, const TableState &b) {
    return memcmp(&a, &b, sizeof(TableState)) == 0;
}

// All counters of an item have the same hash, whatever the state of its tables.
inline uint32 item_hash(const CounterKey &key) {
    return hash_combine(key.table.items, hash_bytes(key.bytes.data(), static_cast<int>(key.length)));
}

// Whether two counters are of one item, whatever the state of its tables.
inline bool is_same_item(const CounterKey &a, const CounterKey &b) {
    return a.database == b.database && a.table.items == b.table.items && a.length == b.length &&
           a.bytes == b.bytes;
}

} // namespace vend
