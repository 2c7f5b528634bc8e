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

// In a store without wallets nothing of the buyer can be locked, so calls with one id queue at a lock of
// the id, until the end of the transaction. Ids that collide in it wait for each other, no more. False
// when it was not to be had in the time allowed.
bool lock_id(const Store &store, Datum id, LockWait wait);

} // namespace vend
