#pragma once
// Reads the state of tables and partitions that belongs to the key of a counter. The state changes
// whenever rows may have been written without invalidating the counters of items in escrow: see
// TableState and PartitionState.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"

#include <initializer_list>
#include <optional>
#include <span>

namespace vend {

// Adds the oid and the writing transaction of each row trigger of these functions, in the order of the
// triggers' names, and returns the unused rest of `state`. Sets altered_by to this transaction if it has
// written one of the triggers or given the table its file.
std::span<uint32> add_trigger_states(Relation relation, std::initializer_list<Oid> functions,
                                     std::span<uint32> state, LocalTransactionId *altered_by);

// The file of a table. Nothing when the table does not exist.
std::optional<Oid> file_of(Oid relation);

// The state of a partition. All 0 when the partition does not exist.
KnownPartition known_partition(Oid partition);

// The partition that has the row of the item, or would have it. The table must be partitioned. The
// partition is locked like the table until the end of the transaction, so it is not detached, and its
// file and triggers do not change while a sale is pending.
const KnownPartition &partition_of_item(Store &store, ItemKey item);

// Whether this transaction has changed the state of the item's table, of its partition or of the deltas.
// Two states of one transaction can look the same, for example when a trigger was switched off and on
// twice or a file was emptied twice. So no counter is ever loaded in such a transaction.
bool is_altered_here(Store &store, ItemKey item);

} // namespace vend
