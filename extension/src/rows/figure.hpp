#pragma once
// The columns of a figure in a binding: how they are read, written and subtracted in SQL.
// core/figure.hpp says what they mean and which of them a movement writes.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/store.hpp"
#include "core/figure.hpp"

#include <optional>

namespace vend {

struct FigureColumns {
    const BoundColumn &total;
    const BoundColumn &claimed;
    const BoundColumn &reserved;
    const BoundColumn &version;
    const BoundColumn &touched;

    [[nodiscard]] bool has_claims() const { return claimed.name != nullptr; }
};
FigureColumns stock_columns(const Binding &binding);
FigureColumns balance_columns(const Binding &binding);

// The figure of a row. A null counts as 0 in claims and reservations, and a null total as nothing left.
struct FigureInRow {
    Figure figure; // 0 in all columns where it is not exact
    int64 left = 0;
    bool is_null = false;                   // the total
    const BoundColumn *not_exact = nullptr; // has no whole number of steps, or is out of range
};

// Reads a figure without its version. value(column) is the value in a column, or nothing where it is
// null; it is asked for total, claims and reservations in this order, where the store binds them.
template <typename Value> FigureInRow figure_from(const FigureColumns &columns, Value value) {
    FigureInRow row;
    const auto number = [&](const BoundColumn &column) -> int64 {
        if (column.name == nullptr) return 0;
        const auto datum = value(column);
        if (!datum && &column == &columns.total) row.is_null = true;
        const auto exact = datum ? exact_number(column.figures, *datum) : 0;
        if (!exact) row.not_exact = &column;
        return exact.value_or(0);
    };
    row.figure.total = number(columns.total);
    row.figure.claimed = number(columns.claimed);
    row.figure.reserved = number(columns.reserved);
    if (row.is_null) row.figure = with_nothing_left(row.figure);
    row.figure.is_total_null = row.is_null;
    const auto left = left_of(row.figure);
    if (!left) row.not_exact = &columns.total;
    if (row.not_exact != nullptr) row.figure = {};
    row.left = row.not_exact == nullptr ? *left : 0;
    return row;
}

// Whether the figure of an item says that the item is unlimited.
bool is_unlimited(const Binding &binding, const FigureInRow &stock);

// The figure after a change. Nothing where a column has no room for it.
std::optional<Figure> changed_in(const FigureColumns &columns, const Figure &figure,
                                 const Change<int64> &change);

// The most that can be left while the claims stay as they are.
int64 left_max(const FigureColumns &columns, const Figure &figure);

// SQL for what is left in a row, as numeric. `row` is the alias of the row and a dot, or empty.
char *left_sql(const FigureColumns &columns, const char *row);
// The SET list of an UPDATE whose parameters from $2 on are the changes of the total and of the claims,
// and the time, as far as the store binds these columns. And the columns that the UPDATE returns, in the
// order in which figure_from() asks for them.
char *change_sql(const FigureColumns &columns);
char *figure_sql(const FigureColumns &columns);

// The value of a column. Nothing where it is null.
std::optional<Datum> column_value(TupleTableSlot *row, const BoundColumn &column);

// The time now in the type of the column. A column without a time zone gets that of UTC, whatever the
// session says: the settling worker has a session of its own.
Datum time_now(const BoundColumn &column);

// The number in a column that counts something. Null is 0.
int64 count_in(const Binding &binding, KeyRef key, TupleTableSlot *row, const BoundColumn &column);

// Raises 55000 for a column of a row whose value cannot be counted with.
[[noreturn]] void raise_not_exact(const Binding &binding, KeyRef key, const BoundColumn &column);

} // namespace vend
