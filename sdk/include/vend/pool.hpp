#pragma once
// Connections that threads share.

#include <vend/options.hpp>

#include <memory>
#include <string>

namespace vend {

class connection;

// At most options.connections_max connections. Who finds none free waits in line, for as long as his
// call may take. Broken ones are replaced. Safe for any number of threads; several clients may share
// one.
class pool {
  public:
    // conninfo: keywords and values or a URI, as libpq reads them, with service files and PG* variables.
    // Connects when first asked.
    explicit pool(const std::string &conninfo, vend::options options = {});
    ~pool();
    pool(const pool &) = delete;
    pool &operator=(const pool &) = delete;

    [[nodiscard]] const vend::options &options() const noexcept;

    // Throws 25001 where the calling thread has a connection of it, as the function of a transaction
    // has. What waits there for a second one could wait for ever: so do all others.
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
