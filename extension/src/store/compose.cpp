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
    "id, line, kind, item, qty, wallet, amount, unit_price, ref, at, refusal, refusal_qty"

StatementText insert_entry(const Store &s, const char *on_conflict) {
    const TypeList types{UUIDOID, INT4OID,           TEXTOID,      s.item_type.type,
                         INT8OID, s.buyer_type.type, s.money.type, s.money.type,
                         UUIDOID, TIMESTAMPTZOID,    TEXTOID,      INT8OID};
    return text_of(psprintf("INSERT INTO %s (" LEDGER_COLUMNS ") "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                            "%sRETURNING " LEDGER_COLUMNS,
                            s.ledger, on_conflict),
                   s.ledger_table.relation, types, types);
}

// $1 at. What a TRUNCATE is about to take away, as adjustments.
StatementText journal_truncate(const Store &s, const Counter &c, Oid type) {
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
    case Statement::add_stock:
        return text_of(psprintf("UPDATE %s SET %s = %s " PLUS " $2, %s = %s " PLUS " 1 WHERE %s " EQ
                                " $1 RETURNING %s",
                                s.items, s.stock.name, s.stock.name, s.stock_version.name,
                                s.stock_version.name, s.item_key.name, s.stock.name),
                       s.item_table.relation, {s.item_type.type, INT8OID}, {INT8OID});
    case Statement::bump_version:
        return text_of(psprintf("UPDATE %s SET %s = %s " PLUS " 1 WHERE %s " EQ " $1", s.items,
                                s.version.name, s.version.name, s.item_key.name),
                       s.item_table.relation, {s.item_type.type}, {});
    case Statement::set_lock_mode:
        return text_of(psprintf("UPDATE %s SET %s = $2 WHERE %s " EQ " $1 RETURNING %s", s.items,
                                s.lock_mode.name, s.item_key.name, s.stock.name),
                       s.item_table.relation, {s.item_type.type, TEXTOID}, {INT8OID});
    case Statement::unsettled_items:
        return text_of(psprintf("SELECT DISTINCT item FROM %s ORDER BY item", s.deltas),
                       s.delta_table.relation, {}, {s.item_type.type});
    case Statement::add_balance:
        return text_of(psprintf("UPDATE %s SET %s = %s " PLUS " $2 WHERE %s " EQ " $1 RETURNING %s",
                                s.wallets, s.balance.name, s.balance.name, s.wallet_key.name,
                                s.balance.name),
                       s.wallet_table.relation, {s.buyer_type.type, s.money.type}, {s.money.type});
    case Statement::refunded:
        return text_of(psprintf("SELECT coalesce(pg_catalog.sum(qty), 0)::pg_catalog.int8 FROM %s "
                                "WHERE ref " EQ " $1 AND kind " EQ " 'refund' AND item " EQ " $2",
                                s.ledger),
                       s.ledger_table.relation, {UUIDOID, s.item_type.type}, {INT8OID});
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
    case Statement::audit:
        return text_of(compose_audit(s), s.ledger_table.relation, {},
                       {TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, TEXTOID});
    }
    pg_unreachable();
}

} // namespace vend
