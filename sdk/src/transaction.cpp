// The caller's function runs between BEGIN and COMMIT, which client::run_transaction() sends. This class
// sends what the function asks for, and watches that the transaction is still the one that BEGIN opened.
//
// What must stay true:
// - Nobody but the client ends the transaction. exec() does not send such a statement (statement.hpp).
//   If a pooler or anything else between client and server ends it, the next answer shows that, and
//   the transaction is in doubt unless it was rolled back.
// - What exec() leaves in the session does not reach the next caller. The destructor restores the
//   session.
// - An error ends in a rollback: the destructor sends it, or the connection is given up.
//
// docs/sdk.md, "Your own transaction".

#include <vend/transaction.hpp>

#include "connection.hpp"
#include "statement.hpp"

namespace vend {
namespace {

error may_not_end(std::string_view sql);
error has_ended();

} // namespace

rows transaction::exec(std::string_view sql, std::initializer_list<parameter> values) {
    const ending what = ending_of(sql);
    if (what == ending::transaction) throw may_not_end(sql);
    require_open();
    std::vector<std::optional<std::string>> texts;
    texts.reserve(values.size());
    for (const parameter &one : values) texts.push_back(one.text());
    may_have_changed_session_ = true;
    rows found = connection_.execute(std::string(sql).c_str(), texts, until_, until_.at(), false);
    note_end(found, what == ending::savepoint);
    if (found.command() == "DEALLOCATE ALL") connection_.forget_prepared();
    return found;
}

rows transaction::run(call what) {
    require_open();
    rows found = connection_.ask(what, until_, until_.at());
    note_end(found, false);
    return found;
}

transaction::~transaction() {
    try {
        const deadline until(limits_.cancel_ms_max);
        connection_.roll_back(until);
        // Calls of this library leave nothing in the session.
        if (may_have_changed_session_) connection_.restore(server_pid_, until);
    } catch (const std::exception &) {
        connection_.give_up();
    }
}

// Throws when the answer shows that the transaction has ended.
void transaction::note_end(const rows &answer, bool is_to_savepoint) {
    const std::string_view command = answer.command();
    // AND CHAIN has opened another transaction.
    const bool is_chained = command == "COMMIT" || (command == "ROLLBACK" && !is_to_savepoint);
    if (connection_.is_in_transaction() && !is_chained) return;
    is_open_ = false;
    may_be_committed_by_others_ = command != "ROLLBACK";
    connection_.give_up();
    throw has_ended();
}

void transaction::require_open() const {
    if (!is_open_) throw has_ended();
}

namespace {

error may_not_end(std::string_view sql) {
    return error({.sqlstate = "2D000",
                  .severity = "ERROR",
                  .message = "a statement may not end a transaction of the client",
                  .detail = "It has not been sent.",
                  .hint = "Return from the function to commit, throw to roll back. To undo a part, use "
                          "SAVEPOINT and ROLLBACK TO.",
                  .query = std::string(sql)});
}

error has_ended() {
    return error({.sqlstate = "2D000",
                  .severity = "ERROR",
                  .message = "the transaction has ended before its function"});
}

} // namespace
} // namespace vend
