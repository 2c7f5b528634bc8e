#include "core/guard.hpp"

namespace vend {

GuardVerdict decide_guard(Convention convention, const GuardedUpdate &update) {
    if (!update.is) return GuardVerdict::unstated;
    const bool is_same = *update.is == update.was;
    const bool is_next = update.is == next_version(update.was);
    if (!is_same && !is_next) return GuardVerdict::stale;
    // An UPDATE that counts the version up without a change does no harm. One that sets the version
    // back would let an old version pass as the new one.
    if (!update.is_change) return GuardVerdict::pass;
    if (is_same && !update.is_assigned) return GuardVerdict::unstated;
    switch (convention) {
    case Convention::read:
        return is_same ? GuardVerdict::count_up : GuardVerdict::blind;
    case Convention::next:
        return is_next ? GuardVerdict::pass : GuardVerdict::stale;
    }
    __builtin_unreachable();
}

} // namespace vend
