// The caller of transaction::exec() may send any SQL, but no statement that ends the transaction: the
// library has to know whether a transaction was committed, and only the COMMIT that it sends itself is
// looked up when its answer is lost.
//
// The statements that end a transaction begin with key words that no other statement begins with, so the
// first words decide. Blanks, comments and empty statements may stand before and between them. Comments
// within /* */ may be nested. Key words are ASCII and have no quotes.
//
// What must stay true: a statement that ends a transaction is never taken for another one. A mistake to
// the other side costs a caller an error. Statements that the server itself refuses inside a
// transaction, such as COMMIT PREPARED, are left to it. And if something ends the transaction all the
// same, transaction::note_end() sees it in the answer.

#include "statement.hpp"

#include <algorithm>
#include <string>

namespace vend {
namespace {

// Removes the next word from the front and returns it in small letters. Returns an empty text when
// something else comes next.
std::string next_word(std::string_view &sql);
void skip_comment(std::string_view &sql);

} // namespace

ending ending_of(std::string_view sql) {
    const std::string verb = next_word(sql);
    if (verb == "end" || verb == "abort") return ending::transaction;
    if (verb == "prepare") return next_word(sql) == "transaction" ? ending::transaction : ending::none;
    if (verb != "commit" && verb != "rollback") return ending::none;
    std::string what = next_word(sql);
    if (what == "work" || what == "transaction") what = next_word(sql);
    if (what == "prepared") return ending::none;
    return verb == "rollback" && what == "to" ? ending::savepoint : ending::transaction;
}

namespace {

std::string next_word(std::string_view &sql) {
    for (;;) {
        sql.remove_prefix(std::min(sql.find_first_not_of(" \t\n\r\f\v;"), sql.size()));
        if (!sql.starts_with("--") && !sql.starts_with("/*")) break;
        skip_comment(sql);
    }
    std::string word;
    for (; !sql.empty(); sql.remove_prefix(1)) {
        const char c = sql.front();
        if (c >= 'A' && c <= 'Z') // not tolower(), which depends on the locale
            word += static_cast<char>(c - 'A' + 'a');
        else if (c >= 'a' && c <= 'z')
            word += c;
        else
            break;
    }
    return word;
}

void skip_comment(std::string_view &sql) {
    if (sql.starts_with("--")) {
        sql.remove_prefix(std::min(sql.find_first_of("\r\n"), sql.size()));
        return;
    }
    for (int depth = 0; !sql.empty();) {
        const bool opens = sql.starts_with("/*");
        const bool closes = sql.starts_with("*/");
        depth += static_cast<int>(opens) - static_cast<int>(closes);
        sql.remove_prefix(opens || closes ? 2 : 1);
        if (depth == 0) return;
    }
}

} // namespace
} // namespace vend
