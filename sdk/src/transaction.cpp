#include <vend/transaction.hpp>

#include "connection.hpp"
#include "statement.hpp"

namespace vend {
namespace {

error not_by_statement(std::string_view sql) {
    return error({.sqlstate = "2D000",
                  .severity = "ERROR",
                  .message = "no statement can end a transaction of the client's",
                  .detail = "It has not been sent.",
                  .hint = "Return from the function to commit, throw to roll back; to undo a part, use "
                          "SAVEPOINT and ROLLBACK TO.",
                  .query = std::string(sql)});
}

error ended(std::string_view sql) {
    return error({.sqlstate = "2D000",
                  .severity = "ERROR",
                  .message = "the transaction was ended before its function was",
                  .query = std::string(sql)});
}

} // namespace

transaction::~transaction() {
    try {
        const deadline until(limits_.cancel_ms_max);
        connection_.roll_back(until);
        // Calls of this library leave nothing behind.
        if (may_have_changed_session_) connection_.restore(server_, until);
    } catch (const std::exception &) {
        connection_.give_up();
    }
}

rows transaction::exec(std::string_view sql, std::initializer_list<parameter> values) {
    const ending what = ending_of(sql);
    if (what == ending::transaction) throw not_by_statement(sql);
    require_open();
    std::vector<std::optional<std::string>> texts;
    texts.reserve(values.size());
    for (const parameter &one : values) texts.push_back(one.text());
    may_have_changed_session_ = true;
    rows found = connection_.execute(std::string(sql).c_str(), texts, until_, until_.at(), false);
    look_whether_open(found, what == ending::savepoint);
    if (found.command() == "DEALLOCATE ALL") connection_.forget_prepared();
    return found;
}

rows transaction::run(call what) {
    require_open();
    rows found = connection_.ask(what, until_, until_.at());
    look_whether_open(found, false);
    return found;
}

// Whatever stands between may have said something else to the server than we did.
void transaction::look_whether_open(const rows &found, bool is_to_savepoint) {
    const std::string_view command = found.command();
    const bool is_chained = command == "COMMIT" || (command == "ROLLBACK" && !is_to_savepoint);
    if (connection_.is_in_transaction() && !is_chained) return;
    is_open_ = false;
    may_be_committed_ = command != "ROLLBACK";
    connection_.give_up();
    throw ended({});
}

void transaction::require_open() const {
    if (!is_open_) throw ended({});
}

} // namespace vend
