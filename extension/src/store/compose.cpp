#include "base/prelude.hpp"

#include "store/compose.hpp"

#include "store/audit_query.hpp"
#include "store/operators.hpp"

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

// The columns of a ledger row, in the order of the parameters and of what comes back.
#define LEDGER_COLUMNS                                                                                  \
    "id, line, kind, item, qty, wallet, amount, unit_price, list_price, ref, at, refusal, refusal_qty"

StatementText insert_entry(const Store &s, const char *on_conflict) {
    const TypeList types{UUIDOID,           INT4OID,      TEXTOID,      s.item_type.kept, INT8OID,
                         s.buyer_type.kept, s.money.type, s.money.type, s.money.type,     UUIDOID,
                         TIMESTAMPTZOID,    TEXTOID,      INT8OID};
    return text_of(psprintf("INSERT INTO %s (" LEDGER_COLUMNS ") "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                            "%sRETURNING " LEDGER_COLUMNS,
                            s.ledger, on_conflict),
                   s.ledger_table.relation, types, types);
}

// One counter that is of no key, null, below zero, or no whole number of steps. NaN sorts above every
// number.
StatementText uncountable(const AuditedCounter &c, Oid relation, const NumberType &figures) {
    return text_of(
        psprintf(
            "SELECT c.key::pg_catalog.text, coalesce(c.value::pg_catalog.text, 'null') FROM (%s) AS c "
            "WHERE c.key IS NULL OR c.value IS NULL OR 0 " GT " c.value OR c.value " EQ
            " 'NaN'::pg_catalog.numeric OR c.value " NE " pg_catalog.trunc(c.value, %d) LIMIT 1",
            c.source, figures.scale),
        relation, {}, {TEXTOID, TEXTOID});
}

constexpr const char *locking = " FOR NO KEY UPDATE";
constexpr const char *locking_or_skip = " FOR NO KEY UPDATE SKIP LOCKED";

// $1 a key. What is bound of its row.
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

StatementText select_item(const Store &s, const char *how) {
    return select_row(s.items, s.item_table, s.item_type, s.item_columns(), how);
}

StatementText select_wallet(const Store &s, const char *how) {
    return select_row(s.wallets, s.wallet_table, s.buyer_type, s.wallet_columns(), how);
}

char *increment(const BoundColumn &column, const char *by) {
    return psprintf("%s = %s " PLUS " %s", column.name, column.name, by);
}

// $1 at. What a TRUNCATE is about to take away, as adjustments.
StatementText journal_truncate(const Store &s, const AuditedCounter &c, Oid type) {
    return text_of(psprintf("INSERT INTO %s (id, line, kind, %s, %s, at) "
                            "SELECT vend.uuid_v7(), 0, 'adjustment', c.key, (" MINUS " c.value)::%s, $1 "
                            "FROM (%s) AS c WHERE c.value " NE " 0",
                            s.ledger, c.ledger_key, c.ledger_change, format_type_be_qualified(type),
                            c.source),
                   s.ledger_table.relation, {TIMESTAMPTZOID}, {});
}

} // namespace

StatementText compose(const Store &s, Statement statement) {
    switch (statement) {
    case Statement::read_item:
        return select_item(s, "");
    case Statement::lock_item:
        return select_item(s, locking);
    case Statement::lock_item_or_skip:
        return select_item(s, locking_or_skip);
    case Statement::read_wallet:
        return select_wallet(s, "");
    case Statement::lock_wallet:
        return select_wallet(s, locking);
    case Statement::lock_wallet_or_skip:
        return select_wallet(s, locking_or_skip);
    case Statement::add_stock:
        return text_of(
            psprintf("UPDATE %s SET %s%s WHERE %s %s $1 RETURNING %s", s.items, increment(s.stock, "$2"),
                     s.has_stock_versions() ? psprintf(", %s", increment(s.stock_version, "1")) : "",
                     s.item_key.name, s.item_type.equals, s.stock.name),
            s.item_table.relation, {s.item_type.type, s.stock.figures.type}, {s.stock.type});
    case Statement::bump_version:
        return text_of(psprintf("UPDATE %s SET %s WHERE %s %s $1", s.items, increment(s.version, "1"),
                                s.item_key.name, s.item_type.equals),
                       s.item_table.relation, {s.item_type.type}, {});
    case Statement::set_lock_mode:
        return text_of(psprintf("UPDATE %s SET %s = $2 WHERE %s %s $1 RETURNING %s", s.items,
                                s.lock_mode.name, s.item_key.name, s.item_type.equals, s.stock.name),
                       s.item_table.relation, {s.item_type.type, TEXTOID}, {s.stock.type});
    case Statement::unsettled_items:
        return text_of(psprintf("SELECT DISTINCT item FROM %s ORDER BY item", s.deltas),
                       s.delta_table.relation, {}, {s.item_type.kept});
    case Statement::add_balance:
        return text_of(
            psprintf("UPDATE %s SET %s WHERE %s %s $1 RETURNING %s", s.wallets,
                     increment(s.balance, "$2"), s.wallet_key.name, s.buyer_type.equals, s.balance.name),
            s.wallet_table.relation, {s.buyer_type.type, s.balance.figures.type}, {s.balance.type});
    case Statement::refunded:
        return text_of(psprintf("SELECT coalesce(pg_catalog.sum(qty), 0)::pg_catalog.int8 FROM %s "
                                "WHERE ref " EQ " $1 AND kind " EQ " 'refund' AND item " EQ " $2",
                                s.ledger),
                       s.ledger_table.relation, {UUIDOID, s.item_type.kept}, {INT8OID});
    case Statement::record:
        return insert_entry(s, "");
    case Statement::remember:
        return insert_entry(s, "ON CONFLICT (id, line) DO NOTHING ");
    case Statement::journal_item_truncate:
        return journal_truncate(s, item_counter(s), INT8OID);
    case Statement::journal_wallet_truncate:
        return journal_truncate(s, wallet_counter(s), s.money.type);
    case Statement::journal_item_differences:
        return text_of(compose_adjustments(s, item_counter(s)), s.ledger_table.relation,
                       {TIMESTAMPTZOID}, {});
    case Statement::journal_wallet_differences:
        return text_of(compose_adjustments(s, wallet_counter(s)), s.ledger_table.relation,
                       {TIMESTAMPTZOID}, {});
    case Statement::uncountable_item:
        return uncountable(item_counter(s), s.item_table.relation, s.stock.figures);
    case Statement::uncountable_wallet:
        return uncountable(wallet_counter(s), s.wallet_table.relation, s.balance.figures);
    case Statement::audit:
        return text_of(compose_audit(s), s.ledger_table.relation, {},
                       {TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, TEXTOID});
    }
    pg_unreachable();
}

} // namespace vend
