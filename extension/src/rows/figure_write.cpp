#include "base/prelude.hpp"

#include "rows/figure_write.hpp"

#include "base/error_codes.hpp"
#include "binding/number_type.hpp"
#include "rows/execute.hpp"
#include "rows/row_name.hpp"
#include "table/engine_write.hpp"

namespace vend {

void raise_figure_out_of_range(const Binding &binding, KeyRef key) {
    ereport(ERROR,
            (errcode(errcodes::out_of_range), errmsg("the figure of %s is out of range", row_name(key)),
             table_detail(binding, key), errhint("Set its columns to smaller numbers.")));
    pg_unreachable();
}

namespace {

ColumnChange number_change(const BoundColumn &column, int64 number) {
    return {number_to_column(column.figures, number), column.number};
}

// The version after a write. Raises 22003 where the column has no room for it.
int64 next_version(const Binding &binding, KeyRef key, const BoundColumn &column, int64 was) {
    if (was >= column.figures.max)
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("column \"%s\" of %s is out of range", column.raw_name, row_name(key)),
                        table_detail(binding, key), errhint("Set the column to a smaller number.")));
    return was + 1;
}

Figure figure_after(const Binding &binding, const FigureRow &row, const Change<int64> &change) {
    const auto after = changed_in(row.columns, row.figure, change);
    if (!after) raise_figure_out_of_range(binding, row.key);
    return *after;
}

} // namespace

bool write_figure(const Binding &binding, const TableUpdate &update, const FigureRow &row,
                  const Change<int64> &change) {
    const FigureColumns &columns = row.columns;
    const Figure after = figure_after(binding, row, change);
    ColumnChange changes[4];
    std::size_t count = 0;
    if (row.figure.is_total_null || after.total != row.figure.total)
        changes[count++] = number_change(columns.total, after.total);
    if (after.claimed != row.figure.claimed)
        changes[count++] = number_change(columns.claimed, after.claimed);
    if (columns.version.name != nullptr)
        changes[count++] = number_change(
            columns.version, next_version(binding, row.key, columns.version, row.figure.version));
    if (columns.touched.name != nullptr)
        changes[count++] = {time_now(columns.touched), columns.touched.number};
    return update_row(update, row.version, {changes, count});
}

int64 run_figure_change(Store &store, Statement statement, const FigureRow &row,
                        const Change<int64> &change) {
    const Figure after = figure_after(store.binding, row, change);
    const FigureColumns &columns = row.columns;
    Parameter parameters[4] = {
        {row.key.value()}, {number_to_column(columns.total.figures, after.total - row.figure.total)}};
    std::size_t count = 2;
    if (columns.has_claims())
        parameters[count++] = {
            number_to_column(columns.claimed.figures, after.claimed - row.figure.claimed)};
    if (columns.touched.name != nullptr) parameters[count++] = {time_now(columns.touched)};
    const Oid relation = statement == Statement::add_stock ? store.binding.item_table.relation
                                                           : store.binding.wallet_table.relation;
    const Rows rows =
        run_write(store, statement, {parameters, count}, relation, change.sold + change.moved);
    if (rows.count == 0) raise_write_altered(relation);
    int position = 0;
    const auto value = [&](const BoundColumn & /*column*/) { return rows.value(++position); };
    const FigureInRow returned = figure_from(columns, value);
    if (returned.not_exact != nullptr) raise_write_altered(relation);
    free_rows(rows);
    return returned.left;
}

} // namespace vend
