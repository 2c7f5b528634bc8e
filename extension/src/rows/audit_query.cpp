#include "base/prelude.hpp"

#include "rows/audit_query.hpp"

#include "base/sql_operators.hpp"
#include "binding/key_type.hpp"
#include "rows/figure.hpp"
#include "table/our_triggers.hpp"

namespace vend {
namespace {

// The order in which findings are repaired. The repair of a figure relies on the rows of the ledger, so
// it comes last.
enum Rank { rank_ledger, rank_refunded, rank_deltas, rank_figure, rank_negative };

void begin_finding(StringInfo sql, Rank rank) {
    appendStringInfo(sql, "SELECT %d AS rank, ", rank);
}

// Appends a subquery `a` (key, value, total) of the figures that differ from the sum of their ledger
// rows.
void append_differences(StringInfo sql, const Binding &b, const AuditedFigure &c) {
    appendStringInfo(
        sql,
        "(SELECT coalesce(c.key, l.key) AS key, coalesce(c.value, 0) AS value, "
        "coalesce(l.total, 0)::pg_catalog.numeric AS total FROM (%s) AS c FULL JOIN "
        "(SELECT %s AS key, pg_catalog.sum(%s) AS total FROM %s WHERE %s IS NOT NULL GROUP BY "
        "%s) AS l ON c.key " EQ " l.key) AS a WHERE a.value " NE " a.total",
        c.source, c.ledger_key, c.ledger_sum, b.ledger, c.ledger_key, c.ledger_key);
}

// Appends the check for figures that differ from the sum of their ledger rows. The repair trusts the
// table, as after counting the shelf, and records the difference as an adjustment.
void append_figure(StringInfo sql, const Binding &b, const AuditedFigure &c) {
    begin_finding(sql, rank_figure);
    appendStringInfo(
        sql,
        "'%s' AS finding, a.key::pg_catalog.text AS key, a.total AS expected, a.value AS found, "
        "pg_catalog.format('INSERT INTO %%s (id, line, kind, %s, %s, at) VALUES "
        "(vend.uuid_v7(), 0, ''adjustment'', %%L, %%s, now())', %s::pg_catalog.text, a.key, "
        "a.value " MINUS " a.total) AS repair FROM ",
        c.finding, c.ledger_key, c.ledger_change, quote_literal_cstr(b.ledger));
    append_differences(sql, b, c);
}

// SQL that runs a statement which one of our triggers would refuse.
char *without_trigger(const char *relation, const char *trigger, const char *sql,
                      const char *enable = "ENABLE") {
    return psprintf("BEGIN; ALTER TABLE %s DISABLE TRIGGER %s; %s; ALTER TABLE %s %s TRIGGER %s; COMMIT",
                    relation, trigger, sql, relation, enable, trigger);
}

// An expression that makes the SQL to set one column of one ledger row. Column, value, id and line are
// expressions, too.
char *ledger_update(const Binding &b, const char *column, const char *value, const char *id,
                    const char *line) {
    return psprintf("pg_catalog.format(%s, %s, %s, %s, %s, %s::pg_catalog.text)",
                    quote_literal_cstr(without_trigger("%5$s", append_only_trigger,
                                                       "UPDATE %5$s SET %1$I = %2$s WHERE id = %3$L AND "
                                                       "line = %4$s")),
                    column, value, id, line, quote_literal_cstr(b.ledger));
}

// Appends the check for ledger rows that do not fit their kind. For example, a purchase takes units and
// its amount is quantity times unit price (the unit price is null where the caller stated the amount),
// and a deposit moves no units. An adjustment has an item or a wallet, not both. The check calculates in
// numeric, which does not overflow.
void append_ledger_rows(StringInfo sql, const Binding &b) {
    begin_finding(sql, rank_ledger);
    appendStringInfo(
        sql,
        "e.kind, e.id::pg_catalog.text, f.expected, f.found, CASE WHEN f.expected IS NOT NULL THEN %s END "
        "FROM (SELECT id, line, kind, item, wallet, qty::pg_catalog.numeric, amount::pg_catalog.numeric, "
        "unit_price::pg_catalog.numeric FROM %s) AS e CROSS JOIN LATERAL (VALUES ('qty', e.qty, CASE "
        "WHEN e.kind " EQ " 'purchase' OR e.kind " EQ " 'write_off' "
        "THEN " MINUS " pg_catalog.abs(e.qty) "
        "WHEN e.kind " EQ " 'refund' OR e.kind " EQ " 'restock' THEN pg_catalog.abs(e.qty) "
        "WHEN e.kind " NE " 'adjustment' OR e.item IS NULL THEN 0 "
        "WHEN e.wallet IS NULL THEN e.qty END), "
        "('amount', e.amount, CASE "
        "WHEN e.kind " EQ " 'purchase' AND e.unit_price IS NULL AND e.item IS NOT NULL AND e.qty " NE
        " 0 THEN " MINUS " pg_catalog.abs(e.amount) "
        "WHEN e.kind " EQ " 'purchase' THEN " MINUS " pg_catalog.abs(e.qty) " TIMES " e.unit_price "
        "WHEN e.kind " EQ " 'withdrawal' OR (e.kind " EQ " 'transfer' AND e.line " EQ " 0) "
        "THEN " MINUS " pg_catalog.abs(e.amount) "
        "WHEN e.kind " EQ " 'deposit' OR e.kind " EQ " 'transfer' OR e.kind " EQ " 'refund' "
        "THEN pg_catalog.abs(e.amount) "
        "WHEN e.kind " NE " 'adjustment' OR e.wallet IS NULL THEN 0 "
        "WHEN e.item IS NULL THEN e.amount END)) AS f (figure, found, expected) "
        "WHERE f.expected IS NULL OR f.expected " NE " f.found",
        ledger_update(b, "f.figure", "f.expected", "e.id", "e.line"), b.ledger);
}

// Appends the check for lines of purchases that were refunded by more than was bought or paid, and for
// refunds that refer to no purchase. The repair takes the last refund for the wrong one.
void append_refunds(StringInfo sql, const Binding &b, const char *finding, const char *figure) {
    begin_finding(sql, rank_refunded);
    const char *cut = psprintf("greatest(0, last.%s " MINUS " (r.total " MINUS " r.figure))", figure);
    appendStringInfo(
        sql,
        "'%s', r.ref::pg_catalog.text, r.figure, r.total, CASE WHEN r.id IS NOT NULL THEN %s END "
        "FROM (SELECT b.ref, coalesce(b.ref_line, 0) AS ref_line, p.id, "
        "pg_catalog.abs(p.%s::pg_catalog.numeric) AS figure, "
        "pg_catalog.sum(b.%s)::pg_catalog.numeric AS total "
        "FROM %s AS b LEFT JOIN %s AS p ON p.id " EQ " b.ref AND p.line " EQ
        " coalesce(b.ref_line, 0) AND p.kind " EQ " 'purchase' "
        "WHERE b.kind " EQ " 'refund' GROUP BY b.ref, coalesce(b.ref_line, 0), p.id, p.%s) AS r "
        "LEFT JOIN LATERAL (SELECT b.id, b.line, b.%s FROM %s AS b WHERE b.ref " EQ
        " r.ref AND b.kind " EQ " 'refund' AND coalesce(b.ref_line, 0) " EQ " r.ref_line "
        "AND b.%s " GT " 0 ORDER BY b.at DESC, b.id DESC LIMIT 1) AS last ON true "
        "WHERE %s r.total " GT " r.figure",
        finding, ledger_update(b, quote_literal_cstr(figure), cut, "last.id", "last.line"), figure,
        figure, b.ledger, b.ledger, figure, figure, b.ledger, figure,
        strcmp(figure, "qty") == 0 ? "r.id IS NULL OR" : "");
}

// Appends the check for transfers in which the payee did not get what the payer gave. The repair trusts
// the payer's line.
void append_transfers(StringInfo sql, const Binding &b) {
    begin_finding(sql, rank_ledger);
    appendStringInfo(
        sql,
        "'transfer', p.id::pg_catalog.text, p.paid, coalesce(e.amount, 0)::pg_catalog.numeric, "
        "CASE WHEN e.id IS NOT NULL THEN %s END "
        "FROM (SELECT id, pg_catalog.abs(amount::pg_catalog.numeric) AS paid FROM %s WHERE kind " EQ
        " 'transfer' AND line " EQ " 0) AS p LEFT JOIN %s AS e ON e.id " EQ " p.id AND e.line " EQ " 1 "
        "WHERE coalesce(e.amount, 0)::pg_catalog.numeric " NE " p.paid",
        ledger_update(b, "'amount'", "p.paid", "e.id", "e.line"), b.ledger, b.ledger);
}

// Appends the check for figures below zero that no direct write explains: an engine write has taken too
// much. What the adjustments of a key have taken is a backorder or debt of the owner's, and adds up.
// There is no repair, because to set the figure to 0 would forget the units or money that are owed.
void append_negative(StringInfo sql, const Binding &b, const char *finding, const AuditedFigure &c) {
    begin_finding(sql, rank_negative);
    appendStringInfo(sql,
                     "'%s', c.key::pg_catalog.text, 0::pg_catalog.numeric, c.value, "
                     "NULL::pg_catalog.text FROM (%s) AS c JOIN %s AS r ON r.%s::%s " EQ
                     " c.key AND 0 " GT " %s LEFT JOIN (SELECT %s AS key, pg_catalog.sum(%s) AS taken "
                     "FROM %s WHERE kind " EQ " 'adjustment' AND 0 " GT " %s GROUP BY %s) AS a "
                     "ON a.key " EQ " c.key WHERE 0 " GT " c.value AND coalesce(a.taken, 0) " GT
                     " c.value",
                     finding, c.source, c.relation, c.key, c.key_type, left_sql(c.columns, "r."),
                     c.ledger_key, c.ledger_change, b.ledger, c.ledger_change, c.ledger_key);
}

// Appends the check for items whose deltas take more than the row has, so that they cannot be settled.
void append_unsettleable(StringInfo sql, const Binding &b) {
    const char *insert = without_trigger(
        "%1$s", delta_trigger, "INSERT INTO %1$s (item, qty) VALUES (%2$L, %3$s)", "ENABLE ALWAYS");
    begin_finding(sql, rank_deltas);
    appendStringInfo(sql,
                     "'negative stock', c.key::pg_catalog.text, 0::pg_catalog.numeric, c.value, "
                     "pg_catalog.format(%s, %s::pg_catalog.text, c.key, " MINUS " c.value) "
                     "FROM (%s) AS c JOIN %s AS i ON i.%s::%s " EQ " c.key WHERE 0 " GT
                     " c.value AND %s " GE " 0",
                     quote_literal_cstr(insert), quote_literal_cstr(b.deltas), compose_stock(b), b.items,
                     b.item_key.name, kept_key_type(b.item_type), left_sql(stock_columns(b), "i."));
}

} // namespace

// What is left in a row. It is 0 where the item is unlimited.
char *counted_stock(const Binding &b) {
    char *left = left_sql(stock_columns(b), "");
    if (b.unlimited.is_null)
        return psprintf("CASE WHEN %s IS NULL THEN 0 ELSE %s END", b.stock.name, left);
    if (b.unlimited.stock)
        return psprintf("CASE WHEN %s " EQ " (" INT64_FORMAT ") THEN 0 ELSE %s END", b.stock.name,
                        b.unlimited.stock->value, left);
    return left;
}

// The sum of each item's row and its deltas. Where the row is gone, the sum of the deltas.
char *compose_stock(const Binding &b) {
    return psprintf("SELECT x.key, pg_catalog.sum(x.value) AS value FROM "
                    "(SELECT %s::%s AS key, %s AS value FROM %s "
                    "UNION ALL SELECT item, qty FROM %s) AS x GROUP BY x.key",
                    b.item_key.name, kept_key_type(b.item_type), counted_stock(b), b.items, b.deltas);
}

AuditedFigure item_figure(const Binding &b) {
    return {"stock",
            compose_stock(b),
            b.items,
            b.item_key.name,
            kept_key_type(b.item_type),
            stock_columns(b),
            "item",
            "qty",
            "coalesce(stock_change, qty)"};
}

AuditedFigure wallet_figure(const Binding &b) {
    const char *source =
        psprintf("SELECT %s::%s AS key, %s AS value FROM %s", b.wallet_key.name,
                 kept_key_type(b.buyer_type), left_sql(balance_columns(b), ""), b.wallets);
    return {"balance",          source,   b.wallets, b.wallet_key.name, kept_key_type(b.buyer_type),
            balance_columns(b), "wallet", "amount",  "amount"};
}

char *compose_adjustments(const Binding &b, const AuditedFigure &f) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql,
                     "INSERT INTO %s (id, line, kind, %s, %s, at) "
                     "SELECT vend.uuid_v7(), 0, 'adjustment', a.key, a.value " MINUS
                     " a.total, $1 FROM ",
                     b.ledger, f.ledger_key, f.ledger_change);
    append_differences(&sql, b, f);
    return sql.data;
}

std::span<const AuditLook> audit_looks(const Binding &b) {
    constexpr std::size_t looks_max = 9;
    auto *looks = static_cast<AuditLook *>(palloc(sizeof(AuditLook) * looks_max));
    std::size_t count = 0;
    const auto add = [&](const char *name, auto append) {
        StringInfoData sql;
        initStringInfo(&sql);
        append(&sql);
        looks[count++] = {name, sql.data};
    };
    if (b.has_items()) {
        add("stock", [&](StringInfo sql) { append_figure(sql, b, item_figure(b)); });
        add("negative stock",
            [&](StringInfo sql) { append_negative(sql, b, "negative stock", item_figure(b)); });
        add("deltas", [&](StringInfo sql) { append_unsettleable(sql, b); });
    }
    if (b.has_wallets()) {
        add("balance", [&](StringInfo sql) { append_figure(sql, b, wallet_figure(b)); });
        add("negative balance",
            [&](StringInfo sql) { append_negative(sql, b, "negative balance", wallet_figure(b)); });
    }
    add("ledger", [&](StringInfo sql) { append_ledger_rows(sql, b); });
    add("refunds", [&](StringInfo sql) { append_refunds(sql, b, "refunded", "qty"); });
    add("refunded money", [&](StringInfo sql) { append_refunds(sql, b, "refunded amount", "amount"); });
    add("transfers", [&](StringInfo sql) { append_transfers(sql, b); });
    return {looks, count};
}

char *compose_audit(const Binding &b) {
    StringInfoData sql;
    initStringInfo(&sql);
    for (const AuditLook &look : audit_looks(b))
        appendStringInfo(&sql, "%s%s", sql.len > 0 ? " UNION ALL " : "", look.sql);
    // A repair is shown only when all that it relies on is in order.
    return psprintf("SELECT finding, key, expected, found, "
                    "CASE WHEN rank " EQ " pg_catalog.min(rank) OVER () THEN repair END "
                    "FROM (%s) AS findings ORDER BY rank, finding, key, expected, found",
                    sql.data);
}

char *compose_look(const AuditLook &look) {
    return psprintf("SELECT finding, key, expected, found, NULL::pg_catalog.text AS repair "
                    "FROM (%s) AS findings (rank, finding, key, expected, found, repair) "
                    "ORDER BY finding, key, expected, found",
                    look.sql);
}

} // namespace vend
