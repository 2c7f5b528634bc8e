#include "base/prelude.hpp"

#include "entry/call.hpp"

namespace vend {

void require_writable(const char *function) {
    PreventCommandIfReadOnly(function);
    PreventCommandIfParallelMode(function);
    require_triggers();
}

} // namespace vend
