#include "base/prelude.hpp"

#include "rows/caller_look.hpp"

#include "binding/key.hpp"
#include "binding/statement.hpp"
#include "rows/execute.hpp"
#include "table/table.hpp"

namespace vend {
namespace {

// Whether policies bind the current user. An owner is bound by FORCE ROW LEVEL SECURITY.
bool has_policies(const Table &table) {
    return check_enable_rls(table.relation, InvalidOid, true) == RLS_ENABLED;
}

bool is_shown(Store &store, KeyRef key) {
    const Statement statement =
        key.of() == KeyOf::item ? Statement::look_at_item : Statement::look_at_wallet;
    const Rows rows = run(store, statement, {{key.value()}});
    free_rows(rows);
    return rows.count > 0;
}

} // namespace

bool may_caller_see(Store &store, KeyRef key) {
    const Table &table = key.of() == KeyOf::item ? store.binding.item_table : store.binding.wallet_table;
    Oid user = InvalidOid;
    int security_context = 0;
    GetUserIdAndSecContext(&user, &security_context);
    SetUserIdAndSecContext(innermost_call->caller, security_context & ~SECURITY_NOFORCE_RLS);
    const bool is_seen = !has_policies(table) || is_shown(store, key);
    SetUserIdAndSecContext(user, security_context);
    return is_seen;
}

} // namespace vend
