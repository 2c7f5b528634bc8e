#pragma once
// Runs DDL statements as the current user; SPI is connected.

#include "base/prelude.hpp"

#include <span>
#include <string_view>

namespace vend {

void run_ddl(const char *sql);

// The words as SQL literals, for CHECK (... IN (...)). They contain no quotes.
const char *literals(std::span<const std::string_view> words);

// Makes a trigger that runs vend.function(arguments). DROP EXTENSION drops the trigger and leaves the
// table. The relation is quoted and qualified; the arguments are SQL.
void create_trigger(const char *relation, const char *trigger, const char *events, const char *level,
                    const char *function, const char *arguments);

} // namespace vend
