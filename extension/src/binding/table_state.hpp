#pragma once
// What changes whenever rows of a table may have been written without a word to the counters of items in
// escrow: see TableState and PartitionState.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"

#include <initializer_list>
#include <optional>
#include <span>

namespace vend {

// Adds who each row trigger of these functions is, and who wrote it, in the order of their names, and
// gives the rest of the room. Where this transaction has written one, or given the table its file, it is
// the one that has altered the table.
std::span<uint32> add_trigger_states(Relation relation, std::initializer_list<Oid> functions,
                                     std::span<uint32> state, LocalTransactionId *altered_by);

// Nothing where there is no such table.
std::optional<Oid> file_of(Oid relation);

// Nothing set where there is no such table.
KnownPartition known_partition(Oid partition);

// The partition that has the row of the item, or would have it, of a table that has partitions. Until
// the end of the transaction it is locked as the table is: neither is it detached nor do its file and
// triggers change while a sale is pending.
const KnownPartition &partition_of_item(Store &store, ItemKey item);

// Whether this transaction has written what the state of the item's table, its partition or the deltas
// is told by. Within it two states can look the same: a trigger that was switched off and on twice, a
// file that was emptied twice. No counter of theirs is ever loaded.
bool is_altered_here(Store &store, ItemKey item);

} // namespace vend
