#include "statement.hpp"

#include <algorithm>
#include <string>

namespace vend {
namespace {

// Takes a comment off the front. One within slashes may hold others.
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

// Takes the next word off the front, in small letters; empty where something else comes next.
std::string next_word(std::string_view &sql) {
    for (;;) {
        sql.remove_prefix(std::min(sql.find_first_not_of(" \t\n\r\f\v;"), sql.size()));
        if (!sql.starts_with("--") && !sql.starts_with("/*")) break;
        skip_comment(sql);
    }
    std::string word;
    for (; !sql.empty(); sql.remove_prefix(1)) {
        // Not tolower(): key words are ASCII, whatever the locale is.
        const char c = sql.front();
        if (c >= 'A' && c <= 'Z')
            word += static_cast<char>(c - 'A' + 'a');
        else if (c >= 'a' && c <= 'z')
            word += c;
        else
            break;
    }
    return word;
}

} // namespace

ending ending_of(std::string_view sql) {
    const std::string verb = next_word(sql);
    if (verb == "end" || verb == "abort") return ending::transaction;
    if (verb == "prepare") return next_word(sql) == "transaction" ? ending::transaction : ending::none;
    if (verb != "commit" && verb != "rollback") return ending::none;
    std::string what = next_word(sql);
    if (what == "work" || what == "transaction") what = next_word(sql);
    // Of COMMIT PREPARED the server itself says that it is not for transactions.
    if (what == "prepared") return ending::none;
    return verb == "rollback" && what == "to" ? ending::savepoint : ending::transaction;
}

} // namespace vend
