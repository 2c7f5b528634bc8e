#pragma once
// Runs the statements of the engine. In a plain store these are only rare ones, such as those of refunds
// and the audit. In other stores, each write of a sale is a statement, too, so that the owner's triggers
// and rules run as they always do.
//
// Each statement of a store is prepared once for a session and kept, always with a generic plan: it
// finds its row by a unique key, so no parameter could make another plan better. Plans live as long as
// the store is cached (free_stale_stores()). Statements take the locks that SQL takes, and run in a new
// snapshot unless the caller passes one.
//
// What must stay true of a write: it changes what was decided, or the whole call fails. The statement
// must not write to another table, and must change the figure of its row by exactly the amount that was
// decided (27000). Its rows must have the relation and the types that the binding promises (55000). The
// journal trigger checks the change and counts the rows; it knows the write by the EngineWrite that
// run_write() sets.
//
// docs/architecture.md explains this in "Statements and plans" and in "Whose write is this?".

#include "base/prelude.hpp"

#include "binding/statement.hpp"
#include "binding/store.hpp"

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace vend {

struct Parameter {
    Datum value = 0;
    bool is_null = false;
};

inline constexpr Parameter null_parameter{0, true};

inline Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// The rows of the last statement. They live until the call ends or free_rows() frees them.
struct Rows {
    uint64 count = 0;
    SPITupleTable *table = nullptr;

    // The value of a column (from 1) of the first row.
    [[nodiscard]] std::optional<Datum> value(int column) const;
    // The value of a column of any row. The column must never be null.
    [[nodiscard]] Datum value_at(uint64 row, int column) const;
    // The value of a column of the first row. Raises 55000 when it is null.
    [[nodiscard]] Datum required(int column) const;
};

// Frees the rows of a statement. They take kilobytes, so a call that runs thousands of statements frees
// them.
void free_rows(const Rows &rows);

// Runs a statement in a new snapshot, or in the one that is passed. Raises 55000 when the rows do not
// have the relation and types that the store was bound to.
Rows run(Store &store, Statement statement, std::span<const Parameter> parameters,
         Snapshot snapshot = InvalidSnapshot);
Rows run(Store &store, Statement statement, std::initializer_list<Parameter> parameters);

// Runs an UPDATE of one row, whose figure changes by `change`. Raises 27000 when a trigger or rule has
// kept the figure from changing by that.
Rows run_write(Store &store, Statement statement, std::span<const Parameter> parameters, Oid relation,
               int64 change);

// Raises 55000 under session_replication_role = replica, in which the triggers that uphold the ledger do
// not fire.
void require_triggers();

} // namespace vend
