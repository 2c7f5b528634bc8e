#pragma once
// How messages name a row.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/store.hpp"

namespace vend {

// For example: item "lamp".
const char *row_name(KeyRef key);

// The detail of an error about a row: its table.
int table_detail(const Binding &binding, KeyRef key);

} // namespace vend
