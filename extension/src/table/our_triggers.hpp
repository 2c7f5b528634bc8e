#pragma once
// The triggers that pg_vend puts on tables: their names and their functions.

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
// The functions of the triggers on the tables of a store.
inline constexpr std::string_view of_stores[] = {journal, invalidate_counters, delta, key_era,
                                                 append_only};
} // namespace trigger_functions

inline constexpr const char *journal_trigger = "vend_journal";
inline constexpr const char *journal_truncate_trigger = "vend_journal_truncate";
// PostgreSQL fires the row triggers of one event in the order of their names. This one has to fire after
// the journal, which may refuse the write.
inline constexpr const char *counter_trigger = "vend_unjournalled";
inline constexpr const char *delta_trigger = "vend_delta";
inline constexpr const char *delta_truncate_trigger = "vend_delta_truncate";
inline constexpr const char *era_trigger = "vend_key_era";
inline constexpr const char *era_truncate_trigger = "vend_key_era_truncate";
inline constexpr const char *append_only_trigger = "vend_append_only";
inline constexpr const char *append_only_truncate_trigger = "vend_append_only_truncate";

// The name sorts last, so that the guard judges the row that all other triggers have left.
inline constexpr const char *guard_trigger = "zz_vend_guard";

// The arguments of vend.guard(version column, convention, guarded column, ...). They are names, so they
// survive a dump.
enum GuardArgument : int { guard_version_column, guard_convention, guard_first_column };

// Looks a trigger function of ours up, for roles that may not use the schema vend, too. Do so before you
// use the triggers of a relation: a look-up can rebuild the relation's cache entry, and with it the
// array of its triggers.
Oid trigger_function(const char *name);

// The relation's version guard, or null. A guard that is switched off counts only with_disabled.
const Trigger *guard_of(Relation relation, Oid function, bool with_disabled);

} // namespace vend
