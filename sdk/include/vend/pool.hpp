#pragma once
// Connections that threads share.

#include <vend/options.hpp>

#include <memory>
#include <string>

namespace vend {

class connection;

// At most options.connections_max connections. A thread that finds none free waits in line, for as long
// as its call may take. The pool replaces broken connections. Any number of threads and clients may
// share a pool.
class pool {
  public:
    // conninfo is libpq's: keywords and values or a URI, with service files and PG* variables. The first
    // call connects. Throws 08001 when conninfo cannot be read.
    explicit pool(const std::string &conninfo, vend::options options = {});
    ~pool();
    pool(const pool &) = delete;
    pool &operator=(const pool &) = delete;

    [[nodiscard]] const vend::options &options() const noexcept;

    // Throws 25001 when the calling thread has a connection of this pool, as inside
    // client::transaction(). A second one might never become free: all threads could wait for theirs in
    // the same way.
    void require_no_transaction() const;

    struct usage {
        int busy;
        int idle;
        int waiting;
    };
    [[nodiscard]] usage used() const;

  private:
    friend class lease;
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vend
