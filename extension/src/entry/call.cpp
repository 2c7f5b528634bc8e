#include "base/prelude.hpp"

#include "entry/call.hpp"

#include "plan/call_plan.hpp"
#include "rows/execute.hpp"

namespace vend {
void require_writable(FunctionCallInfo fcinfo, const char *function) {
    PreventCommandIfReadOnly(function);
    PreventCommandIfParallelMode(function);
    require_triggers();
    require_one_call_for_each_row(fcinfo, function);
}

} // namespace vend
