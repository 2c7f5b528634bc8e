#pragma once
// How stores share the room for counters. A counter is in use while it is pinned, and only a counter in
// use keeps its place in the table. A store may take one more into use as long as enough stays free for
// others: at least a third of what it uses itself. The same rule binds all stores of one owner together
// (a fifth) and all stores of one database together (a seventh), so that nobody takes everything by
// means of many stores. A store that uses none may always take a free one.
//
// A number in shared memory says how many counters are in use, without a lock. Who has them is counted
// by a look at all counters, and only once half of the room is in use.

#include "base/prelude.hpp"

#include "shared/counter.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// The caller has locked the counter. Neither function allocates or raises.
void pin(Counter *counter);
void unpin(Counter *counter);

// Whether so many counters are in use that it matters who has them. Then a session takes one into use
// with counters_lock in exclusive mode.
bool is_room_scarce();

enum class Share { store, owner, database };

// The share that allows no counter more, if a counter of this key and owner were taken into use that is
// not in use yet. The caller has counters_lock in exclusive mode and no spinlock.
std::optional<Share> exhausted_share(const CounterKey &key, Oid owner);

// Raises 53400. Where no share is exhausted, the reason is that all counters are in use.
[[noreturn]] void raise_no_room(std::optional<Share> exhausted, const char *store, const char *item);

} // namespace vend
