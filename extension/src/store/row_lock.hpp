#pragma once
// Waiting for a row lock no longer than the caller allows.

#include "base/prelude.hpp"

#include "store/execute.hpp"
#include "store/rows.hpp"

namespace vend {

// The three statements that a row can be locked with.
struct LockStatements {
    Statement read;
    Statement lock;
    Statement lock_skip_locked;
};

// Gives the rows of the statement that locked the row.
LockResult lock_row(Store &store, const LockStatements &statements, Datum key, LockWait wait,
                    Rows *rows);

} // namespace vend
