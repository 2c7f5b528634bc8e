#include "lease.hpp"

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

namespace vend {
namespace {

// What a thread that waits is given: a connection, or the right to make one.
struct waiter {
    std::condition_variable_any given;
    bool is_served = false;
    std::unique_ptr<connection> taken;
};

// Leases end in the opposite order.
thread_local constinit lease *innermost =
    nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

} // namespace

struct pool::state {
    state(const std::string &text, vend::options limits)
        : options(std::move(limits)), where(text, options) {}

    const vend::options options;
    const vend::conninfo where;

    std::mutex mutex;
    int places = 0; // connections, and rights to make one; never above connections_max
    std::deque<std::unique_ptr<connection>> idle;
    std::list<waiter *> line;

    std::unique_ptr<connection> take(const deadline &until);
    void give(std::unique_ptr<connection> one);

  private:
    std::unique_ptr<connection> wait(std::unique_lock<std::mutex> &lock, const deadline &until);
    [[nodiscard]] bool is_fresh(const connection &one) const;
};

bool pool::state::is_fresh(const connection &one) const {
    return std::chrono::steady_clock::now() - one.used_at() <=
           std::chrono::milliseconds(options.idle_ms_max);
}

// A connection, or null for the right to make one.
std::unique_ptr<connection> pool::state::take(const deadline &until) {
    std::unique_lock lock(mutex);
    // The one that was used last is taken: the others grow old and go.
    while (!idle.empty() && !is_fresh(*idle.front())) {
        idle.pop_front();
        --places;
    }
    while (line.empty() && !idle.empty()) {
        auto one = std::move(idle.back());
        idle.pop_back();
        if (one->is_alive()) return one;
        --places;
    }
    if (line.empty() && places < options.connections_max) {
        ++places;
        return nullptr;
    }
    return wait(lock, until);
}

std::unique_ptr<connection> pool::state::wait(std::unique_lock<std::mutex> &lock,
                                              const deadline &until) {
    if (line.size() >= static_cast<std::size_t>(options.waiters_max))
        throw local_error("53300", "too many calls are waiting for a connection");
    waiter self;
    line.push_back(&self);
    (void)self.given.wait_until(lock, until.stop(), until.at(), [&] { return self.is_served; });
    if (self.is_served) return std::move(self.taken);
    line.remove(&self);
    throw local_error(until.is_stopped() ? "57014" : "53300",
                      "no connection became free within the time that there is");
}

void pool::state::give(std::unique_ptr<connection> one) {
    if (one && !one->is_idle()) one.reset();
    const std::lock_guard lock(mutex);
    if (line.empty()) {
        if (one)
            idle.push_back(std::move(one));
        else
            --places;
        return;
    }
    waiter *first = line.front();
    line.pop_front();
    first->taken = std::move(one);
    first->is_served = true;
    first->given.notify_one();
}

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

bool lease::has_one_of(const pool &from) noexcept {
    for (const lease *one = innermost; one != nullptr; one = one->outer_)
        if (&one->pool_ == from.state_.get()) return true;
    return false;
}

lease::~lease() {
    innermost = outer_;
    pool_.give(std::move(connection_));
}

pool::pool(const std::string &conninfo, vend::options options)
    : state_(std::make_unique<state>(conninfo, std::move(options))) {}

pool::~pool() = default;

const options &pool::options() const noexcept {
    return state_->options;
}

void pool::require_no_transaction() const {
    if (!lease::has_one_of(*this)) return;
    throw error(
        {.sqlstate = "25001",
         .severity = "ERROR",
         .message = "this thread is in a transaction of the same pool",
         .detail = "A call of the client has a connection and a transaction of its own. It would wait "
                   "for a second connection, and so might all that have the first.",
         .hint = "Call it on the transaction that the function was given, or, if it has to stand "
                 "whatever comes of that, on a client with another pool."});
}

pool::usage pool::used() const {
    const std::lock_guard lock(state_->mutex);
    const int idle = static_cast<int>(state_->idle.size());
    return {state_->places - idle, idle, static_cast<int>(state_->line.size())};
}

} // namespace vend
