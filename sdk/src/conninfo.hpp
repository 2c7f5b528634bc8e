#pragma once
// A conninfo, split into one for each of its hosts: libpq would give a silent host the time of all
// others.

#include "libpq.hpp"

#include <vend/options.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace vend {

class conninfo {
  public:
    // Throws 08001 for a text that libpq cannot read.
    conninfo(const std::string &text, const options &limits);

    [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }

    // Starts to connect, without waiting. Throws 53200 when there is no memory.
    [[nodiscard]] connection_ptr start(std::size_t host) const;

  private:
    using keywords = std::vector<std::pair<std::string, std::string>>;
    std::vector<keywords> hosts_; // in the order of the conninfo
};

} // namespace vend
