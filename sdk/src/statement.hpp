#pragma once
// What a statement of the caller's own does to the transaction that it runs in.

#include <string_view>

namespace vend {

enum class ending {
    none,
    savepoint,   // ROLLBACK TO: the transaction goes on
    transaction, // COMMIT, END, ROLLBACK, ABORT or PREPARE TRANSACTION, with or without AND CHAIN
};

// Reads the first words of the statement, as the server will.
[[nodiscard]] ending ending_of(std::string_view sql);

} // namespace vend
