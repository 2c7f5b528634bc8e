#pragma once
// Checks the plan that makes a call in FROM.

#include "base/prelude.hpp"

namespace vend {

// Raises 0A000 when the plan would return an answer more often, or less often, than it makes the call.
// Raises 40001 when PostgreSQL makes the call once more for a row that was changed meanwhile. The plan
// is checked once for each execution. A call outside of FROM cannot see its plan; entry/call_support.cpp
// checks the query instead.
void require_one_call_for_each_row(FunctionCallInfo fcinfo, const char *function);

} // namespace vend
