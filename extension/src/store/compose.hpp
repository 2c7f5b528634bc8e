#pragma once
// The text of every statement of the engine. It is all here, composed from a binding and from
// nothing else: no other file knows the name of a relation or of a column.

#include "base/prelude.hpp"

#include "store/store.hpp"

namespace vend {

inline constexpr int parameters_max = 12;

struct StatementText {
    char *sql = nullptr;
    int parameter_count = 0;
    Oid parameter_types[parameters_max] = {};
};

// Allocated in the current memory context.
StatementText compose(const Store &store, Statement statement);

} // namespace vend
