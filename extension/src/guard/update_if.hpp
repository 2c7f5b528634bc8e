#pragma once
// Updates a row of a guarded table in one call.

#include "base/prelude.hpp"

#include "guard/guard_rows.hpp"

namespace vend {

// Sets columns of a row to the fields of a jsonb object, if the row has the expected version, with the
// rights of the caller. Returns the row's new version. Raises VN004 at another version, and P0002 where
// there is no such row.
int64 update_if(KeyedTable &table, Datum key, int64 expected, Datum changes);

} // namespace vend
