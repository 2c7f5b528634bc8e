#pragma once
// Every difference between the supported versions of PostgreSQL (15 to 18).

#include "base/prelude.hpp"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "pg_vend is written for PostgreSQL 15 to 18"
#endif

namespace vend::compat {

// Whether a kept plan was made under the search path of now; if not, it is about to be planned again.
inline bool search_path_matches(const CachedPlanSource *source) {
#if PG_VERSION_NUM >= 170000
    return source->search_path == nullptr || SearchPathMatchesCurrentEnvironment(source->search_path);
#else
    return source->search_path == nullptr || OverrideSearchPathMatchesCurrent(source->search_path);
#endif
}

inline constexpr bool deferred_triggers_run_as_committer = PG_VERSION_NUM < 180000;

// The parts of a qualified name as it is quoted in SQL.
inline List *qualified_name_list(const char *quoted_name) {
#if PG_VERSION_NUM >= 160000
    return stringToQualifiedNameList(quoted_name, nullptr);
#else
    return stringToQualifiedNameList(quoted_name);
#endif
}

// Type and modifier that a text such as numeric(12,2) means; raises when it means none.
inline void parse_type(const char *text, Oid *type, int32 *typmod) {
#if PG_VERSION_NUM >= 160000
    (void)parseTypeString(text, type, typmod, nullptr);
#else
    parseTypeString(text, type, typmod, false);
#endif
}

} // namespace vend::compat
