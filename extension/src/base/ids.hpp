#pragma once
// Makes new ids. core/uuid.hpp has their layouts; this file adds the clock, the random bytes and the
// hash.

#include "base/prelude.hpp"

#include "core/uuid.hpp"

#include <span>
#include <string_view>

namespace vend {

// Ids of one session ascend, even when the clock stands still or goes back.
Uuid new_uuid_v7();
void make_uuids_v7(std::span<Uuid> ids);

// The version 5 id that a name has in pg_vend's own namespace.
Uuid uuid_from_name(std::string_view name);

Uuid uuid_from(Datum datum);
// Allocated in the current memory context.
Datum to_datum(const Uuid &id);

} // namespace vend
