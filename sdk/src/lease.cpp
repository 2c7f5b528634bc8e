#include "lease.hpp"

#include "pool_state.hpp"

#include <utility>

namespace vend {
namespace {

// The leases of a thread are scopes, so they end in the opposite order.
thread_local constinit lease *innermost =
    nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

} // namespace

lease::lease(pool &from, const deadline &until)
    : pool_(*from.state_), connection_(pool_.take(until)), outer_(innermost) {
    try {
        if (!connection_) connection_ = std::make_unique<connection>(pool_.where, pool_.options, until);
    } catch (...) {
        pool_.give(nullptr);
        throw;
    }
    innermost = this;
}

lease::~lease() {
    innermost = outer_;
    pool_.give(std::move(connection_));
}

bool lease::has_one_of(const pool &from) noexcept {
    for (const lease *one = innermost; one != nullptr; one = one->outer_)
        if (&one->pool_ == from.state_.get()) return true;
    return false;
}

} // namespace vend
