#pragma once
// Composes the SQL of the statements that the engine runs, from a binding and from nothing else. The
// audit has its own file, rows/audit_query.cpp.
//
// A statement is composed once for each store and session; rows/execute.cpp keeps its plan. So the text
// must mean the same whatever the session changes later:
//
// - Names of relations and columns come from the binding, already quoted. Values are parameters.
// - Operators and functions are written with their schema, as OPERATOR(pg_catalog.=), so the text
//   means the same under any search_path. IN and IS DISTINCT FROM look an operator up in the path, so
//   no statement uses them. Keys are compared with the = of their index, which an extension may own.
// - Each statement comes with its Shape: the relation and the types of its result. A result that differs
//   is an error, because a rename during the call can make a name mean another relation.
//
// docs/architecture.md explains this in "Statements and plans".

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

// The text of a statement, in the current memory context.
StatementText compose(const Binding &binding, Statement statement);

} // namespace vend
