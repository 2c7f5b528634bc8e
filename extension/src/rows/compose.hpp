#pragma once
// The text of every statement of the engine. It is all here, composed from a binding and from
// nothing else: no other file knows the name of a relation or of a column.

#include "base/prelude.hpp"

#include "binding/statement.hpp"
#include "binding/store.hpp"

namespace vend {

struct StatementText {
    char *sql = nullptr;
    int parameter_count = 0;
    Oid parameter_types[parameters_max] = {};
    Shape shape;
};

// Allocated in the current memory context.
StatementText compose(const Binding &binding, Statement statement);

} // namespace vend
