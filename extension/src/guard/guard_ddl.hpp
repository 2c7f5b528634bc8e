#pragma once
// Puts a version guard on a table and takes it off.

#include "base/prelude.hpp"

#include <span>

namespace vend {

struct GuardDefinition {
    Oid relation = InvalidOid;
    const char *version_column = nullptr;
    std::span<const char *const> columns;
    const char *convention = nullptr; // read, next
};

// Both run as the caller, who must own the table; SPI is connected.
void guard_table(const GuardDefinition &definition);
void unguard_table(Oid id);

} // namespace vend
