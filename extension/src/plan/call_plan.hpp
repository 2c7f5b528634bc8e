#pragma once
// A call in FROM looks at the plan that makes it.

#include "base/prelude.hpp"

namespace vend {

// Raises 0A000 where the plan would tell the call's answer more often, or less often, than it makes the
// call, and 40001 where PostgreSQL makes the call once more for a row that was changed meanwhile. Looks
// once for each execution of the plan. A call that does not stand in FROM cannot see its plan: see
// entry/call_support.cpp.
void require_one_call_for_each_row(FunctionCallInfo fcinfo, const char *function);

} // namespace vend
