#pragma once
// Looks at a row through the policies of the caller, in a store with rls => 'caller'.
//
// The engine works as the owner of the tables, whom row level security does not bind. So before it reads
// or locks a row that the caller has named, a statement under the caller's role looks whether the row is
// there for the caller. A row that is not is treated as if it did not exist: it is neither locked nor
// told. A table without policies for the caller costs no statement.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "rows/call.hpp"

namespace vend {

// Whether the caller's policies show the row. Raises 42501 for a caller who may not read its key.
bool may_caller_see(Store &store, KeyRef key);

// Whether the call must take the row for one that does not exist.
template <KeyOf of> bool is_hidden(Store &store, Key<of> key) {
    return innermost_call->looks_as_caller && !may_caller_see(store, store.binding.ref(key));
}

} // namespace vend
