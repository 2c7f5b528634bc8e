#include "base/prelude.hpp"

#include "rows/compose.hpp"

#include "base/sql_operators.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/store_columns.hpp"
#include "rows/audit_query.hpp"
#include "rows/figure.hpp"
#include "table/table.hpp"

#include <initializer_list>

namespace vend {
namespace {

using TypeList = std::initializer_list<Oid>;

StatementText text_of(char *sql, Oid relation, TypeList parameters, TypeList columns) {
    StatementText text;
    text.sql = sql;
    for (const Oid type : parameters) text.parameter_types[text.parameter_count++] = type;
    text.shape.relation = relation;
    for (const Oid type : columns) text.shape.column_types[text.shape.column_count++] = type;
    return text;
}

// The columns of a ledger row, in the order of the parameters and of the RETURNING list.
#define LEDGER_COLUMNS                                                                                   \
    "id, line, kind, item, qty, wallet, amount, unit_price, list_price, ref, at, refusal, refusal_qty, " \
    "ref_line, item_era, wallet_era, stock_change"

StatementText insert_entry(const Binding &b, const char *on_conflict) {
    const TypeList types{UUIDOID,        INT4OID,
                         TEXTOID,        b.item_type.stored_as,
                         INT8OID,        b.buyer_type.stored_as,
                         b.money.type,   b.money.type,
                         b.money.type,   UUIDOID,
                         TIMESTAMPTZOID, TEXTOID,
                         INT8OID,        INT4OID,
                         INT4OID,        INT4OID,
                         INT8OID};
    return text_of(
        psprintf("INSERT INTO %s (" LEDGER_COLUMNS ") "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
                 "%sRETURNING " LEDGER_COLUMNS,
                 b.ledger, on_conflict),
        b.ledger_table.relation, types, types);
}

// Selects figures that cannot be counted, and their number: the key is null, or the figure is null, NaN,
// not a whole number of steps, or too large.
StatementText uncountable(const AuditedFigure &c, Oid relation, const NumberType &figures) {
    const char *range = figures.is_wide ? psprintf("OR pg_catalog.abs(c.value) " GT " (" INT64_FORMAT
                                                   "::pg_catalog.numeric OPERATOR(pg_catalog./) "
                                                   "1e%d::pg_catalog.numeric) ",
                                                   figures.max, figures.scale)
                                        : "";
    return text_of(psprintf("SELECT c.key::pg_catalog.text, coalesce(c.value::pg_catalog.text, 'null'), "
                            "pg_catalog.count(*) OVER () FROM (%s) AS c "
                            "WHERE c.key IS NULL OR c.value IS NULL OR c.value " EQ
                            " 'NaN'::pg_catalog.numeric OR c.value " NE
                            " pg_catalog.trunc(c.value, %d) %s"
                            "ORDER BY c.key IS NOT NULL, c.key LIMIT 20",
                            c.source, figures.scale, range),
                   relation, {}, {TEXTOID, TEXTOID, INT8OID});
}

constexpr const char *locking = " FOR NO KEY UPDATE";
constexpr const char *locking_or_skip = " FOR NO KEY UPDATE SKIP LOCKED";

// Selects the bound columns of the row with key $1.
StatementText select_row(const char *relation, const Table &table, const KeyType &type,
                         std::span<const BoundColumn *const> columns, const char *how) {
    StringInfoData list;
    initStringInfo(&list);
    StatementText text = text_of(nullptr, table.relation, {type.type}, {});
    for (const BoundColumn *column : columns) {
        if (column->name == nullptr) continue;
        appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", column->name);
        text.shape.column_types[text.shape.column_count++] = column->type;
    }
    text.sql = psprintf("SELECT %s FROM %s WHERE %s %s $1%s", list.data, relation, columns[0]->name,
                        type.equals, how);
    return text;
}

// Finds out whether the role that runs the statement may see the row with key $1.
StatementText look_at(const char *relation, const Table &table, const KeyType &type,
                      const BoundColumn &key) {
    return text_of(psprintf("SELECT true FROM %s WHERE %s %s $1", relation, key.name, type.equals),
                   table.relation, {type.type}, {BOOLOID});
}

StatementText select_item(const Binding &b, const char *how) {
    return select_row(b.items, b.item_table, b.item_type.untyped(), bound_columns(b, item_columns), how);
}

StatementText select_wallet(const Binding &b, const char *how) {
    return select_row(b.wallets, b.wallet_table, b.buyer_type.untyped(),
                      bound_columns(b, wallet_columns), how);
}

// Null counts as 0.
char *increment(const BoundColumn &column, const char *by) {
    return psprintf("%s = coalesce(%s, 0) " PLUS " %s", column.name, column.name, by);
}

// Records the figures that a TRUNCATE is about to remove as adjustments. $1 is their time.
StatementText journal_truncate(const Binding &b, const AuditedFigure &c, Oid type) {
    return text_of(psprintf("INSERT INTO %s (id, line, kind, %s, %s, at) "
                            "SELECT vend.uuid_v7(), 0, 'adjustment', c.key, (" MINUS " c.value)::%s, $1 "
                            "FROM (%s) AS c WHERE c.value " NE " 0",
                            b.ledger, c.ledger_key, c.ledger_change, format_type_be_qualified(type),
                            c.source),
                   b.ledger_table.relation, {TIMESTAMPTZOID}, {});
}

StatementText journal_differences(const Binding &b, const AuditedFigure &c) {
    return text_of(compose_adjustments(b, c), b.ledger_table.relation, {TIMESTAMPTZOID}, {});
}

// The eras of one kind of keys: the column of the key in key_era and in the ledger, the key's type, the
// table of the rows, and the key in that table.
struct ErasOf {
    const char *key;
    Oid type;
    const char *relation;
    const char *row_key;
};

ErasOf item_eras(const Binding &b) {
    return {"item", b.item_type.stored_as, b.items,
            psprintf("r.%s::%s", b.item_key.name, kept_key_type(b.item_type))};
}

ErasOf wallet_eras(const Binding &b) {
    return {"wallet", b.buyer_type.stored_as, b.wallets,
            psprintf("r.%s::%s", b.wallet_key.name, kept_key_type(b.buyer_type))};
}

// Statements on eras, see rows/eras.hpp. In the formats, %1$s is the table of the eras, %2$s the column
// of the key, %3$s the table of the rows, %4$s their key, and %5$s the ledger.
StatementText compose_eras(const Binding &b, Statement statement, const ErasOf &of) {
    const auto sql = [&](const char *format) {
        return psprintf(format, b.eras, of.key, of.relation, of.row_key, b.ledger);
    };
    const Oid eras = b.era_relation;
    switch (statement) {
    case Statement::item_era:
    case Statement::wallet_era:
        return text_of(sql("SELECT era, now_%2$s IS NOT NULL AND now_%2$s " EQ " %2$s AND now_era " EQ
                           " era FROM %1$s WHERE %2$s " EQ " $1 ORDER BY era DESC LIMIT 1"),
                       eras, {of.type}, {INT4OID, BOOLOID});
    case Statement::item_now:
    case Statement::wallet_now:
        return text_of(sql("SELECT now_%2$s, now_era FROM %1$s WHERE %2$s " EQ " $1 AND era " EQ " $2"),
                       eras, {of.type, INT4OID}, {of.type, INT4OID});
    case Statement::move_item_eras:
    case Statement::move_wallet_eras:
        return text_of(sql("UPDATE %1$s SET now_%2$s = $3, now_era = $4 "
                           "WHERE now_%2$s " EQ " $1 AND now_era " EQ " $2"),
                       eras, {of.type, INT4OID, of.type, INT4OID}, {});
    case Statement::add_item_era:
    case Statement::add_wallet_era:
        return text_of(sql("INSERT INTO %1$s (%2$s, era, now_%2$s, now_era) VALUES ($1, $2, $3, $4) "
                           "ON CONFLICT DO NOTHING"),
                       eras, {of.type, INT4OID, of.type, INT4OID}, {});
    case Statement::end_lost_item_eras:
    case Statement::end_lost_wallet_eras:
        return text_of(sql("UPDATE %1$s AS e SET now_%2$s = NULL, now_era = NULL "
                           "WHERE e.now_%2$s IS NOT NULL AND NOT EXISTS (SELECT FROM %3$s AS r "
                           "WHERE %4$s " EQ " e.now_%2$s)"),
                       eras, {}, {});
    case Statement::add_lost_item_eras:
    case Statement::add_lost_wallet_eras:
        return text_of(sql("INSERT INTO %1$s (%2$s, era) SELECT l.%2$s, coalesce(l.%2$s_era, 0) "
                           "FROM %5$s AS l WHERE l.%2$s IS NOT NULL AND l.kind " EQ " 'purchase' "
                           "AND NOT EXISTS (SELECT FROM %3$s AS r WHERE %4$s " EQ " l.%2$s) "
                           "GROUP BY l.%2$s, coalesce(l.%2$s_era, 0) ON CONFLICT DO NOTHING"),
                       eras, {}, {});
    case Statement::end_all_item_eras:
    case Statement::end_all_wallet_eras:
        return text_of(sql("UPDATE %1$s SET now_%2$s = NULL, now_era = NULL "
                           "WHERE now_%2$s IS NOT NULL"),
                       eras, {}, {});
    default: // add_all_item_eras, add_all_wallet_eras
        return text_of(sql("INSERT INTO %1$s (%2$s, era) SELECT %4$s, 0 FROM %3$s AS r "
                           "ON CONFLICT DO NOTHING"),
                       eras, {}, {});
    }
}

// Changes the figure of the row with key $1.
StatementText update_figure(const Table &table, const char *relation, const BoundColumn &key,
                            const KeyType &type, const FigureColumns &columns) {
    StatementText text =
        text_of(psprintf("UPDATE %s SET %s WHERE %s %s $1 RETURNING %s", relation, change_sql(columns),
                         key.name, type.equals, figure_sql(columns)),
                table.relation, {type.type, columns.total.figures.type}, {});
    if (columns.has_claims())
        text.parameter_types[text.parameter_count++] = columns.claimed.figures.type;
    if (columns.touched.name != nullptr)
        text.parameter_types[text.parameter_count++] = columns.touched.base_type;
    for (const BoundColumn *column : {&columns.total, &columns.claimed, &columns.reserved})
        if (column->name != nullptr) text.shape.column_types[text.shape.column_count++] = column->type;
    return text;
}

StatementText update_stock(const Binding &b) {
    return update_figure(b.item_table, b.items, b.item_key, b.item_type.untyped(), stock_columns(b));
}

StatementText update_balance(const Binding &b) {
    return update_figure(b.wallet_table, b.wallets, b.wallet_key, b.buyer_type.untyped(),
                         balance_columns(b));
}

StatementText select_refunded(const Binding &b) {
    return text_of(psprintf("SELECT coalesce(pg_catalog.sum(qty), 0)::pg_catalog.int8, "
                            "coalesce(pg_catalog.sum(amount), 0)::%s FROM %s "
                            "WHERE ref " EQ " $1 AND kind " EQ " 'refund' AND "
                            "coalesce(ref_line, 0) " EQ " $2",
                            format_type_be_qualified(b.money.type), b.ledger),
                   b.ledger_table.relation, {UUIDOID, INT4OID}, {INT8OID, b.money.type});
}

StatementText bump_version(const Binding &b) {
    return text_of(psprintf("UPDATE %s SET %s WHERE %s %s $1", b.items, increment(b.version, "1"),
                            b.item_key.name, b.item_type.equals),
                   b.item_table.relation, {b.item_type.type}, {});
}

StatementText select_unsettled(const Binding &b) {
    return text_of(psprintf("SELECT DISTINCT item FROM %s ORDER BY item", b.deltas),
                   b.delta_table.relation, {}, {b.item_type.stored_as});
}

StatementText update_lock_mode(const Binding &b) {
    return text_of(psprintf("UPDATE %s SET %s = $2 WHERE %s %s $1 RETURNING %s", b.items,
                            b.lock_mode.name, b.item_key.name, b.item_type.equals, b.stock.name),
                   b.item_table.relation, {b.item_type.type, TEXTOID}, {b.stock.type});
}

} // namespace

StatementText compose(const Binding &b, Statement statement) {
    switch (statement) {
    case Statement::look_at_item:
        return look_at(b.items, b.item_table, b.item_type.untyped(), b.item_key);
    case Statement::look_at_wallet:
        return look_at(b.wallets, b.wallet_table, b.buyer_type.untyped(), b.wallet_key);
    case Statement::read_item:
        return select_item(b, "");
    case Statement::lock_item:
        return select_item(b, locking);
    case Statement::lock_item_or_skip:
        return select_item(b, locking_or_skip);
    case Statement::read_wallet:
        return select_wallet(b, "");
    case Statement::lock_wallet:
        return select_wallet(b, locking);
    case Statement::lock_wallet_or_skip:
        return select_wallet(b, locking_or_skip);
    case Statement::add_stock:
        return update_stock(b);
    case Statement::bump_version:
        return bump_version(b);
    case Statement::set_lock_mode:
        return update_lock_mode(b);
    case Statement::unsettled_items:
        return select_unsettled(b);
    case Statement::add_balance:
        return update_balance(b);
    case Statement::refunded:
        return select_refunded(b);
    case Statement::item_era:
    case Statement::item_now:
    case Statement::move_item_eras:
    case Statement::add_item_era:
    case Statement::end_lost_item_eras:
    case Statement::add_lost_item_eras:
    case Statement::end_all_item_eras:
    case Statement::add_all_item_eras:
        return compose_eras(b, statement, item_eras(b));
    case Statement::wallet_era:
    case Statement::wallet_now:
    case Statement::move_wallet_eras:
    case Statement::add_wallet_era:
    case Statement::end_lost_wallet_eras:
    case Statement::add_lost_wallet_eras:
    case Statement::end_all_wallet_eras:
    case Statement::add_all_wallet_eras:
        return compose_eras(b, statement, wallet_eras(b));
    case Statement::record:
        return insert_entry(b, "");
    case Statement::remember:
        return insert_entry(b, "ON CONFLICT (id, line) DO NOTHING ");
    case Statement::journal_item_truncate:
        return journal_truncate(b, item_figure(b), INT8OID);
    case Statement::journal_wallet_truncate:
        return journal_truncate(b, wallet_figure(b), b.money.type);
    case Statement::journal_item_differences:
        return journal_differences(b, item_figure(b));
    case Statement::journal_wallet_differences:
        return journal_differences(b, wallet_figure(b));
    case Statement::uncountable_item:
        return uncountable(item_figure(b), b.item_table.relation, b.stock.figures);
    case Statement::uncountable_wallet:
        return uncountable(wallet_figure(b), b.wallet_table.relation, b.balance.figures);
    case Statement::audit:
        return text_of(compose_audit(b), b.ledger_table.relation, {},
                       {TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, TEXTOID});
    }
    pg_unreachable();
}

} // namespace vend
