#include "base/prelude.hpp"

#include "store/audit_query.hpp"

#include "store/operators.hpp"

namespace vend {
namespace {

// A counter of the store: its table, its columns, and those of the ledger that explain it.
struct Counter {
    const char *finding;
    const char *relation;
    const char *key;
    const char *value;
    const char *ledger_key;
    const char *ledger_change;
};

void begin_finding(StringInfo sql) {
    if (sql->len > 0) appendStringInfoString(sql, " UNION ALL ");
}

// Counters that their ledger does not explain. The table is taken to be right: what was counted on the
// shelf is recorded as an adjustment.
void append_counter(StringInfo sql, const Store &s, const Counter &c) {
    begin_finding(sql);
    appendStringInfo(sql,
                     "SELECT '%s', a.key::pg_catalog.text, a.total, a.value, pg_catalog.format("
                     "'INSERT INTO %%s (id, line, kind, %s, %s, at) VALUES (vend.uuid_v7(), 0, "
                     "''adjustment'', %%L, %%s, now())', %s::pg_catalog.text, a.key, a.value " MINUS
                     " a.total) FROM (",
                     c.finding, c.ledger_key, c.ledger_change, quote_literal_cstr(s.ledger));
    appendStringInfo(
        sql,
        "SELECT coalesce(c.%s, l.key) AS key, coalesce(c.%s, 0)::pg_catalog.numeric AS value, "
        "coalesce(l.total, 0)::pg_catalog.numeric AS total FROM %s AS c FULL JOIN "
        "(SELECT %s AS key, pg_catalog.sum(%s) AS total FROM %s WHERE %s IS NOT NULL GROUP BY "
        "%s) AS l ON c.%s " EQ " l.key) AS a WHERE a.value " NE " a.total",
        c.key, c.value, c.relation, c.ledger_key, c.ledger_change, s.ledger, c.ledger_key, c.ledger_key,
        c.key);
}

// The SQL that sets one column of one ledger row, as an expression over the row e.
char *ledger_update(const Store &s, const char *column, const char *value) {
    return psprintf("pg_catalog.format('BEGIN; ALTER TABLE %%1$s DISABLE TRIGGER vend_append_only; "
                    "UPDATE %%1$s SET %s = %%2$s WHERE id = %%3$L AND line = %%4$s; "
                    "ALTER TABLE %%1$s ENABLE TRIGGER vend_append_only; COMMIT', "
                    "%s::pg_catalog.text, %s, e.id, e.line)",
                    column, quote_literal_cstr(s.ledger), value);
}

// Rows of purchases and refunds that do not say qty * unit_price.
void append_prices(StringInfo sql, const Store &s, const char *kind, const char *sign) {
    char *expected = psprintf("(e.qty::pg_catalog.numeric " TIMES " e.unit_price::pg_catalog.numeric)");
    begin_finding(sql);
    appendStringInfo(sql,
                     "SELECT '%s', e.id::pg_catalog.text, %s, e.amount::pg_catalog.numeric, %s "
                     "FROM %s AS e WHERE e.kind " EQ " '%s' AND %s " NE " e.amount::pg_catalog.numeric",
                     kind, expected, ledger_update(s, "amount", expected), s.ledger, kind, expected);
    // A purchase takes from the shelf and a refund gives back, whatever the row says.
    begin_finding(sql);
    appendStringInfo(sql,
                     "SELECT '%s', e.id::pg_catalog.text, %s pg_catalog.abs(e.qty)::pg_catalog.numeric, "
                     "e.qty::pg_catalog.numeric, %s FROM %s AS e WHERE e.kind " EQ " '%s' AND e.qty " NE
                     " %s pg_catalog.abs(e.qty)",
                     kind, sign, ledger_update(s, "qty", psprintf("%s pg_catalog.abs(e.qty)", sign)),
                     s.ledger, kind, sign);
}

// Purchases of which more was given back than was bought, and refunds of what is no purchase.
void append_refunds(StringInfo sql, const Store &s) {
    begin_finding(sql);
    appendStringInfo(
        sql,
        "SELECT 'refunded', r.ref::pg_catalog.text, coalesce(" MINUS " p.qty, 0)::pg_catalog.numeric, "
        "r.total, NULL FROM (SELECT ref, pg_catalog.sum(qty) AS total FROM %s WHERE kind " EQ
        " 'refund' GROUP BY ref) AS r LEFT JOIN %s AS p ON p.id " EQ " r.ref AND p.line " EQ
        " 0 AND p.kind " EQ " 'purchase' WHERE r.total " GT " coalesce(" MINUS
        " p.qty, 0)::pg_catalog.numeric",
        s.ledger, s.ledger);
}

// Transfers of which the payee did not get what the payer gave; the payer's line is taken to be right.
void append_transfers(StringInfo sql, const Store &s) {
    begin_finding(sql);
    appendStringInfo(sql,
                     "SELECT 'transfer', p.id::pg_catalog.text, " MINUS " p.amount::pg_catalog.numeric, "
                     "coalesce(e.amount, 0)::pg_catalog.numeric, "
                     "CASE WHEN e.id IS NOT NULL THEN %s END "
                     "FROM %s AS p LEFT JOIN %s AS e ON e.id " EQ " p.id AND e.line " EQ " 1 "
                     "WHERE p.kind " EQ " 'transfer' AND p.line " EQ " 0 AND "
                     "coalesce(e.amount, 0)::pg_catalog.numeric " NE " " MINUS
                     " p.amount::pg_catalog.numeric",
                     ledger_update(s, "amount", "(" MINUS " p.amount)"), s.ledger, s.ledger);
}

// Counters below zero, which only a dropped check lets in.
void append_negative(StringInfo sql, const char *finding, const char *relation, const BoundColumn &key,
                     const BoundColumn &value) {
    begin_finding(sql);
    appendStringInfo(sql,
                     "SELECT '%s', %s::pg_catalog.text, 0::pg_catalog.numeric, %s::pg_catalog.numeric, "
                     "pg_catalog.format('UPDATE %%s SET %%I = 0 WHERE %%I = %%L', "
                     "%s::pg_catalog.text, %s, %s, %s) FROM %s WHERE 0 " GT " %s",
                     finding, key.name, value.name, quote_literal_cstr(relation),
                     quote_literal_cstr(value.raw_name), quote_literal_cstr(key.raw_name), key.name,
                     relation, value.name);
}

} // namespace

char *compose_audit(const Store &s) {
    StringInfoData sql;
    initStringInfo(&sql);
    append_counter(&sql, s, {"stock", s.items, s.item_key.name, s.stock.name, "item", "qty"});
    append_negative(&sql, "negative stock", s.items, s.item_key, s.stock);
    if (s.has_wallets()) {
        append_counter(&sql, s,
                       {"balance", s.wallets, s.wallet_key.name, s.balance.name, "wallet", "amount"});
        append_negative(&sql, "negative balance", s.wallets, s.wallet_key, s.balance);
    }
    append_prices(&sql, s, "purchase", MINUS);
    append_prices(&sql, s, "refund", "");
    append_refunds(&sql, s);
    append_transfers(&sql, s);
    appendStringInfoString(&sql, " ORDER BY 1, 2");
    return sql.data;
}

} // namespace vend
