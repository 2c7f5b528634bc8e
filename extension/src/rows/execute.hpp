#pragma once
// Runs the statements of the engine as kept plans.

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

// The rows of the last statement; they live until the call of ours ends, or until they are freed.
struct Rows {
    uint64 count = 0;
    SPITupleTable *table = nullptr;

    // The value of a column (from 1) of the first row.
    [[nodiscard]] std::optional<Datum> value(int column) const;
    // Of any row, a column that is never null.
    [[nodiscard]] Datum value_at(uint64 row, int column) const;
    // The same for a column that the engine cannot do without; raises 55000 when it is null.
    [[nodiscard]] Datum required(int column) const;
};

// Each statement's take kilobytes: to be freed by who runs thousands in one call.
void free_rows(const Rows &rows);

// Runs a statement with a snapshot of its own, or with the one that is given. Raises 55000 when the rows
// are not of the relation and types that the store was bound to.
Rows run(Store &store, Statement statement, std::span<const Parameter> parameters,
         Snapshot snapshot = InvalidSnapshot);
Rows run(Store &store, Statement statement, std::initializer_list<Parameter> parameters);

// Runs an UPDATE of one row's counter. Raises 27000 when a trigger or rule kept the row from changing by
// what was decided.
Rows run_write(Store &store, Statement statement, std::initializer_list<Parameter> parameters,
               Oid relation, int64 change);

// Raises 55000 under session_replication_role = replica, where triggers that uphold the ledger do not
// fire.
void require_triggers();

} // namespace vend
