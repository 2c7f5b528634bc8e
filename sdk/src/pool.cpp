// A pool has places, each for one connection. A place belongs to an idle connection or to a thread: one
// that has leased the connection, or one that has the right to make it. Connecting takes long, so a
// thread does that with its place and without the lock.
//
// Threads that find no place wait in line. A place that becomes free goes to the first of them directly,
// and never past the line, so that threads are served in the order of their arrival. A thread whose time
// is over leaves the line.
//
// What must stay true:
// - places counts exactly the idle connections and the threads that have a place. A lease gives its
//   place back whatever happens, also when it cannot connect.
// - Nothing waits for the network under the mutex. is_alive() only reads what has arrived.
// - A connection is idle or handed on only when it is neither broken nor in a transaction.
// - A thread that has a connection of the pool does not wait for another one: all threads could do so,
//   for ever.
//
// Idle connections are used last in, first out. Under little load the others grow old, and are closed.

#include "pool_state.hpp"

#include "lease.hpp"

#include <utility>

namespace vend {

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
                   "for a second connection, and so might every thread that has the first.",
         .hint = "Call the transaction that was passed to the function. For a call that must persist "
                 "whatever becomes of the transaction, use a client with another pool."});
}

pool::usage pool::used() const {
    const std::lock_guard lock(state_->mutex);
    const int idle = static_cast<int>(state_->idle.size());
    return {state_->places - idle, idle, static_cast<int>(state_->line.size())};
}

std::unique_ptr<connection> pool::state::take(const deadline &until) {
    std::unique_lock lock(mutex);
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
    (void)self.served.wait_until(lock, until.stop(), until.at(), [&] { return self.is_served; });
    if (self.is_served) return std::move(self.given);
    line.remove(&self);
    throw local_error(until.is_stopped() ? "57014" : "53300", "no connection became free in time");
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
    first->given = std::move(one);
    first->is_served = true;
    first->served.notify_one();
}

bool pool::state::is_fresh(const connection &one) const {
    return std::chrono::steady_clock::now() - one.used_at() <=
           std::chrono::milliseconds(options.idle_ms_max);
}

} // namespace vend
