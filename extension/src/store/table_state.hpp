#pragma once
// What changes whenever rows of a table may have been written without a word to the counters of items in
// escrow: see TableState and PartitionState.

#include "base/prelude.hpp"

#include "shared/counter_key.hpp"
#include "store/store.hpp"

#include <initializer_list>
#include <optional>

namespace vend {

// Adds who each row trigger of these functions is, and who wrote it, in the order of their names.
uint32 *add_trigger_states(Oid relation, std::initializer_list<Oid> functions, uint32 *state,
                           const uint32 *end);

// Nothing where there is no such table.
std::optional<Oid> file_of(Oid relation);

// All 0 where there is no such table.
PartitionState partition_state(Oid partition);

// That of the partition that has the row of the item, or would have it; all 0 in a table without
// partitions. Until the end of the transaction the partition is locked as the table is: neither is it
// detached nor do its file and triggers change while a sale is pending.
PartitionState partition_of_item(Store &store, Datum item);

} // namespace vend
