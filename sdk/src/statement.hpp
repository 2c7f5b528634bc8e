#pragma once
// What a statement of the caller's own does to the transaction that it runs in.

#include <string_view>

namespace vend {

enum class ending {
    none,
    savepoint,   // ROLLBACK TO: the transaction goes on
    transaction, // COMMIT, END, ROLLBACK, ABORT, PREPARE TRANSACTION, with or without AND CHAIN
};

// As the server will read it: these begin with key words that nothing else begins with, after blanks,
// comments and empty statements.
[[nodiscard]] ending ending_of(std::string_view sql);

} // namespace vend
