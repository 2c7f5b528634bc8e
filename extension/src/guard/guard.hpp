#pragma once
// A version guard is a trigger. Its arguments name the version column and the guarded columns.

#include "base/prelude.hpp"

#include "core/guard.hpp"

#include <optional>
#include <span>

namespace vend {

struct GuardedColumn {
    AttrNumber number = 0;
    int16 length = 0;
    bool by_value = false;
};

// The guard of one relation. Partitions of one table may number their columns differently.
struct Guard {
    Oid relation = InvalidOid;
    Convention convention = Convention::read;
    AttrNumber version = 0;
    Oid version_type = InvalidOid;
    bool is_before = false;
    std::span<GuardedColumn> columns;
};

// Why the column cannot be the version column or a guarded column; null where it can.
const char *version_column_fault(Relation relation, const char *name);
const char *guarded_column_fault(Relation relation, const char *name);

// Reads the trigger's arguments into `context`. Raises 55000 when a column that it names is no longer
// fit: no column becomes unguarded unnoticed.
Guard *resolve_guard(const Trigger &trigger, Relation relation, MemoryContext context);

bool fits_version(Oid type, int64 version);
int64 version_from(Oid type, Datum datum);
Datum version_datum(Oid type, int64 version);

// Whether two values of a column have the same bytes. An unchanged value that is stored out of line
// (TOAST) is not fetched.
bool is_same_value(const GuardedColumn &column, Datum was, Datum is);

} // namespace vend
