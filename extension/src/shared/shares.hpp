#pragma once
// How the room for counters is shared. A counter is in use while it is pinned, and only then keeps its
// place. A store may take one more into use as long as enough stays free for others: at least a third of
// what it has. The same holds for all stores of one owner (a fifth) and of one database (a seventh), so
// that nobody takes all by means of many stores. Whoever has none in use may always take a free one.
//
// What is in use is counted without a lock; by store, owner and database it is counted by a look at all
// counters, once half of the room is in use.

#include "base/prelude.hpp"

#include "shared/counter.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// Both with the counter locked. Neither allocates nor raises.
void pin(Counter *counter);
void unpin(Counter *counter);

// Whether so many are in use that it matters who has them. Then counters are taken into use with the
// table of counters locked in exclusive mode.
bool is_room_scarce();

enum class Share { store, owner, database };

// The share that is used up, if a counter of this key and owner that is not in use may not be taken into
// use. The table of counters is locked in exclusive mode, no counter is.
std::optional<Share> exhausted_share(const CounterKey &key, Oid owner);

[[noreturn]] void raise_no_room(std::optional<Share> exhausted);

} // namespace vend
