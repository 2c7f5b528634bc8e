#pragma once
// The triggers that pg_vend puts on tables: their names, and the functions that they run.

#include "base/prelude.hpp"

#include <string_view>

namespace vend {

// The functions, in schema vend.
namespace trigger_functions {
inline constexpr const char *journal = "journal";
inline constexpr const char *invalidate_counters = "invalidate_counters";
inline constexpr const char *delta = "delta";
inline constexpr const char *key_era = "key_era";
inline constexpr const char *append_only = "append_only";
inline constexpr const char *guard = "guard";
// Those of the triggers that stand on the tables of a store.
inline constexpr std::string_view of_stores[] = {journal, invalidate_counters, delta, key_era,
                                                 append_only};
} // namespace trigger_functions

inline constexpr const char *journal_trigger = "vend_journal";
inline constexpr const char *journal_truncate_trigger = "vend_journal_truncate";
// PostgreSQL fires the triggers of a row in the order of their names: this one after the journal, which
// may refuse the write.
inline constexpr const char *counter_trigger = "vend_unjournalled";
inline constexpr const char *delta_trigger = "vend_delta";
inline constexpr const char *delta_truncate_trigger = "vend_delta_truncate";
inline constexpr const char *era_trigger = "vend_key_era";
inline constexpr const char *era_truncate_trigger = "vend_key_era_truncate";
inline constexpr const char *append_only_trigger = "vend_append_only";
inline constexpr const char *append_only_truncate_trigger = "vend_append_only_truncate";

// Sorts last: triggers of one kind fire in the order of their names, and the guard judges what the
// others have made of the row.
inline constexpr const char *guard_trigger = "zz_vend_guard";

// vend.guard(version column, convention, guarded column, ...): names, which a dump carries.
enum GuardArgument : int { guard_version_column, guard_convention, guard_first_column };

// A trigger function of ours. It is looked up before a relation's triggers are: a look-up can rebuild
// the description of the relation.
Oid trigger_function(const char *name);

// The relation's version guard, or null; switched off: only where asked for.
const Trigger *guard_of(Relation relation, Oid function, bool with_disabled);

} // namespace vend
