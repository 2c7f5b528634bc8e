#pragma once
// What a counter in shared memory is found by.

#include "base/prelude.hpp"

#include <array>
#include <span>

namespace vend {

inline constexpr std::size_t counter_key_bytes_max = 256;

// The state of a store's tables that a counter was loaded from. Their files and columns are replaced and
// their triggers changed only under locks that exclude pending sales; what was written while the
// triggers were off finds no counter of before.
struct TableState {
    Oid items = InvalidOid;
    std::array<uint32, 2> files{};    // of items and deltas
    std::array<uint32, 5> columns{};  // that play a part, by number
    std::array<uint32, 6> triggers{}; // oid and writer of each that guards stock or deltas
};

// The same of the partition that has the item: its oid and file, and oid and writer of its triggers,
// which are made anew whenever it is attached. All 0 in a table without partitions.
using PartitionState = std::array<uint32, 6>;

// Compared and hashed as bytes: there is no padding, and all of it is set.
struct CounterKey {
    Oid database = InvalidOid;
    TableState table;
    PartitionState partition{};
    uint32 length = 0;
    std::array<uint8, counter_key_bytes_max> bytes{}; // the item's key
};
static_assert(sizeof(CounterKey) == sizeof(uint32) * 22 + counter_key_bytes_max);

// Those of the item's key.
inline std::span<const uint8> counter_bytes(const CounterKey &key) {
    return {key.bytes.data(), key.length};
}

inline bool is_same(const CounterKey &a, const CounterKey &b) {
    return memcmp(&a, &b, sizeof(CounterKey)) == 0;
}

// The same number for all counters of an item, in whatever state of its tables.
inline uint32 item_hash(const CounterKey &key) {
    return hash_combine(key.table.items, hash_bytes(key.bytes.data(), static_cast<int>(key.length)));
}

// Whether they are of one item, in whatever state of its tables.
inline bool is_same_item(const CounterKey &a, const CounterKey &b) {
    return a.database == b.database && a.table.items == b.table.items && a.length == b.length &&
           a.bytes == b.bytes;
}

} // namespace vend
