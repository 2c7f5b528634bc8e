#pragma once
// New ids: the clock, the random bytes and the hash that the layouts of core/uuid.hpp need.

#include "base/prelude.hpp"

#include "core/uuid.hpp"

#include <span>
#include <string_view>

namespace vend {

// Ascending within a session, even when the clock stands still or goes back.
Uuid new_uuid_v7();
void make_uuids_v7(std::span<Uuid> ids);

// The version 5 id of a name in pg_vend's own namespace.
Uuid uuid_from_name(std::string_view name);

Uuid uuid_from(Datum datum);
// Allocated in the current memory context.
Datum to_datum(const Uuid &id);

} // namespace vend
