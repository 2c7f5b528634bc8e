#include "base/prelude.hpp"

#include "rows/figure.hpp"

#include "base/error_codes.hpp"
#include "base/sql_operators.hpp"
#include "binding/number_type.hpp"
#include "binding/unlimited.hpp"
#include "rows/row_name.hpp"

#include <algorithm>

namespace vend {

FigureColumns stock_columns(const Binding &binding) {
    return {binding.stock, binding.claimed, binding.reserved, binding.stock_version, binding.touch};
}

FigureColumns balance_columns(const Binding &binding) {
    return {binding.balance, binding.balance_claimed, binding.balance_reserved, binding.balance_version,
            binding.balance_touch};
}

std::optional<Figure> changed_in(const FigureColumns &columns, const Figure &figure,
                                 const Change<int64> &change) {
    const auto after = changed(figure, change, columns.has_claims());
    if (!after || after->total > columns.total.figures.max ||
        (columns.has_claims() && after->claimed > columns.claimed.figures.max))
        return std::nullopt;
    return after;
}

int64 left_max(const FigureColumns &columns, const Figure &figure) {
    Figure full = figure;
    full.total = columns.total.figures.max;
    return std::min(left_of(full).value_or(full.total), full.total);
}

bool is_unlimited(const Binding &binding, const FigureInRow &stock) {
    if (!binding.unlimited.is_bound() || stock.not_exact != nullptr) return false;
    return says_unlimited(binding.unlimited,
                          stock.is_null ? std::nullopt : std::optional(stock.figure.total));
}

char *left_sql(const FigureColumns &columns, const char *row) {
    char *sql = psprintf("%s%s::pg_catalog.numeric", row, columns.total.name);
    for (const BoundColumn *part : {&columns.claimed, &columns.reserved})
        if (part->name != nullptr)
            sql = psprintf("(%s " MINUS " coalesce(%s%s::pg_catalog.numeric, 0))", sql, row, part->name);
    return sql;
}

char *change_sql(const FigureColumns &columns) {
    const char *nothing_left = "0";
    for (const BoundColumn *part : {&columns.claimed, &columns.reserved})
        if (part->name != nullptr)
            nothing_left = psprintf("%s " PLUS " coalesce(%s, 0)", nothing_left, part->name);
    char *sql = psprintf("%s = coalesce(%s, %s) " PLUS " $2", columns.total.name, columns.total.name,
                         nothing_left);
    if (columns.has_claims())
        sql = psprintf("%s, %s = coalesce(%s, 0) " PLUS " $3", sql, columns.claimed.name,
                       columns.claimed.name);
    if (columns.touched.name != nullptr)
        sql = psprintf("%s, %s = $%d", sql, columns.touched.name, columns.has_claims() ? 4 : 3);
    if (columns.version.name != nullptr)
        sql = psprintf("%s, %s = coalesce(%s, 0) " PLUS " 1", sql, columns.version.name,
                       columns.version.name);
    return sql;
}

char *figure_sql(const FigureColumns &columns) {
    char *sql = pstrdup(columns.total.name);
    for (const BoundColumn *part : {&columns.claimed, &columns.reserved})
        if (part->name != nullptr) sql = psprintf("%s, %s", sql, part->name);
    return sql;
}

std::optional<Datum> column_value(TupleTableSlot *row, const BoundColumn &column) {
    bool is_null = false;
    const Datum value = slot_getattr(row, column.number, &is_null);
    if (is_null) return std::nullopt;
    return value;
}

Datum time_now(const BoundColumn &column) {
    const Datum now = TimestampTzGetDatum(GetCurrentTimestamp());
    if (column.typmod < 0) return now;
    return DirectFunctionCall2(timestamptz_scale, now, Int32GetDatum(column.typmod));
}

int64 count_in(const Binding &binding, KeyRef key, TupleTableSlot *row, const BoundColumn &column) {
    const auto value = column_value(row, column);
    const auto count = value ? exact_number(column.figures, *value) : 0;
    if (!count) raise_not_exact(binding, key, column);
    return *count;
}

void raise_not_exact(const Binding &binding, KeyRef key, const BoundColumn &column) {
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("column \"%s\" of %s cannot be counted exactly", column.raw_name, row_name(key)),
             table_detail(binding, key),
             errhint("Set the column to a whole number of steps that fits its range.")));
    pg_unreachable();
}

} // namespace vend
