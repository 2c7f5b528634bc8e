#pragma once
// Writes the columns of a figure, directly or by a statement, as core/figure.hpp decides.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "binding/store.hpp"
#include "core/figure.hpp"
#include "rows/figure.hpp"
#include "table/table.hpp"

namespace vend {

// A row of a figure, as it was read.
struct FigureRow {
    KeyRef key;
    RowVersion version;
    const FigureColumns &columns;
    const Figure &figure;
};
// Write the columns of the figure that change, and count its version up. Raise 22003 where a column has
// no room. write_figure() writes exactly the version that was read, and returns false where that is not
// the newest. run_figure_change() writes a locked row by a statement, and returns what is left.
bool write_figure(const Binding &binding, const TableUpdate &update, const FigureRow &row,
                  const Change<int64> &change);
int64 run_figure_change(Store &store, Statement statement, const FigureRow &row,
                        const Change<int64> &change);

[[noreturn]] void raise_figure_out_of_range(const Binding &binding, KeyRef key);

} // namespace vend
