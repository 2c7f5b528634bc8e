#include "base/prelude.hpp"

#include "table/as_role.hpp"

namespace vend {

int begin_foreign_call(int *security_context) {
    *security_context |= SECURITY_RESTRICTED_OPERATION;
    const int nest_level = NewGUCNestLevel();
    set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                      true, 0, false);
    return nest_level;
}

} // namespace vend
