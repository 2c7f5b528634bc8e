#pragma once
// Statements that make and drop things, run as the current user; SPI is connected.

#include "base/prelude.hpp"

#include <span>
#include <string_view>

namespace vend {

void run_ddl(const char *sql);

// Words of ours as SQL literals, for a CHECK (... IN (...)).
const char *literals(std::span<const std::string_view> words);

// A trigger that runs vend.function(arguments) and goes with the extension, while the table stays. The
// relation is quoted and qualified, the arguments are SQL.
void create_trigger(const char *relation, const char *trigger, const char *events, const char *level,
                    const char *function, const char *arguments);

} // namespace vend
