#pragma once
// Version guards: the trigger that one is, and the columns that its arguments name.

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

// A guard of one relation. The partitions of a table number their columns each in their own way.
struct Guard {
    Oid relation = InvalidOid;
    Convention convention = Convention::read;
    AttrNumber version = 0;
    Oid version_type = InvalidOid;
    bool is_before = false;
    std::span<GuardedColumn> columns;
};

// What keeps a column from being a guard's; null where nothing does.
const char *version_column_fault(Relation relation, const char *name);
const char *guarded_column_fault(Relation relation, const char *name);

// Reads what the trigger says of the relation, into the context. Raises 55000 when a column that it
// names is not fit any more: nothing goes unguarded unnoticed.
Guard *resolve_guard(const Trigger &trigger, Relation relation, MemoryContext context);

bool fits_version(Oid type, int64 version);
int64 version_from(Oid type, Datum datum);
Datum version_datum(Oid type, int64 version);

// Whether two values of a column are the same bytes; of a value that is stored out of line, and was left
// alone, nothing is fetched.
bool is_same_value(const GuardedColumn &column, Datum was, Datum is);

} // namespace vend
