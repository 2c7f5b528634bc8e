#include "base/prelude.hpp"

#include "entry/call.hpp"

#include "base/error_codes.hpp"
#include "binding/store.hpp"
#include "plan/call_plan.hpp"
#include "rows/execute.hpp"

namespace vend {

void require_writable(FunctionCallInfo fcinfo, const char *function) {
    PreventCommandIfReadOnly(function);
    PreventCommandIfParallelMode(function);
    require_triggers();
    require_one_call_for_each_row(fcinfo, function);
}

void require_items(const Store &store) {
    if (store.binding.has_items()) return;
    ereport(ERROR,
            (errcode(errcodes::not_in_state), errmsg("store \"%s\" has no items", store.binding.name),
             errhint("Name a store with items, or bind a table of items with "
                     "vend.reattach_store(%s, items => ..., stock => ...).",
                     quote_literal_cstr(store.binding.name))));
}

void require_wallets(const Store &store) {
    if (store.binding.has_wallets()) return;
    ereport(ERROR,
            (errcode(errcodes::not_in_state), errmsg("store \"%s\" has no wallets", store.binding.name),
             errhint("Name a store with wallets; buyers of this store pay elsewhere.")));
}

} // namespace vend
