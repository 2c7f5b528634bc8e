#pragma once
// A connection of a pool, for as long as this lives.

#include "connection.hpp"

#include <vend/pool.hpp>

#include <memory>

namespace vend {

class lease {
  public:
    // Waits in line. Throws 53300 when the line is full or the time has come, and what connecting
    // throws.
    lease(pool &from, const deadline &until);
    ~lease();
    lease(const lease &) = delete;
    lease &operator=(const lease &) = delete;

    connection &operator*() const noexcept { return *connection_; }
    connection *operator->() const noexcept { return connection_.get(); }

    // Whether the calling thread has one of this pool.
    [[nodiscard]] static bool has_one_of(const pool &from) noexcept;

  private:
    pool::state &pool_;
    std::unique_ptr<connection> connection_;
    lease *outer_; // of the same thread
};

} // namespace vend
