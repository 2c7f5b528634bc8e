#include "base/prelude.hpp"

#include "rows/call.hpp"

#include "base/error_codes.hpp"
#include "binding/open_store.hpp"

namespace vend {
namespace {

// Whether the DETAIL of such an error shows a row or values of one: violated constraints, and queries of
// PL/pgSQL that must return one row and do not.
bool is_about_a_row(int sqlerrcode) {
    const int category = ERRCODE_TO_CATEGORY(sqlerrcode);
    return category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
           category == ERRCODE_WITH_CHECK_OPTION_VIOLATION || sqlerrcode == errcodes::unknown_row ||
           sqlerrcode == ERRCODE_TOO_MANY_ROWS;
}

// Whether the error was raised by RAISE. Its author meant the text for everybody who gets the error.
bool is_stated(const ErrorData *error) {
    return error->funcname != nullptr && strcmp(error->funcname, "exec_stmt_raise") == 0;
}

} // namespace

void begin_call(Call *call) {
    if (innermost_call == nullptr) free_stale_stores();
    *call = {innermost_call, GetUserId(), CurrentMemoryContext, current_engine_write()};
    innermost_call = call;
}

void end_call() {
    const Call *call = innermost_call;
    innermost_call = call->outer;
    restore_engine_write(call->write);
    if (call->store != nullptr) call->store->binding.delta_table.rel = call->deltas;
}

void hide_rows_of_owner(Oid caller, MemoryContext context) {
    // The current user is still the one as whom the error was raised: only the abort restores the
    // caller.
    const Oid owner = GetUserId();
    if (owner == caller || !is_about_a_row(geterrcode()) || has_privs_of_role(caller, owner)) return;
    MemoryContextSwitchTo(context);
    ErrorData *error = CopyErrorData();
    FlushErrorState();
    if (!is_stated(error)) {
        // The server's log still gets the detail.
        if (error->detail_log == nullptr) error->detail_log = error->detail;
        error->detail = nullptr;
    }
    ReThrowError(error);
}

} // namespace vend
