#pragma once
// An UPDATE of a guarded table as one call.

#include "base/prelude.hpp"

#include "guard/guard_rows.hpp"

namespace vend {

// Changes the row of a key, if it is at the version that is expected of it, to the fields of an object
// (jsonb). With the rights of the caller; the version that the row then has. Raises VN004 at another
// version, P0002 where there is no row.
int64 update_if(KeyedTable &table, Datum key, int64 expected, Datum changes);

} // namespace vend
