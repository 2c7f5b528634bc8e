#pragma once
// Composes the query behind vend.audit(), which finds everything in a store that does not add up, and
// the statement that records in the ledger what figures gained or lost while nobody journalled them.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "rows/figure.hpp"

#include <span>

namespace vend {

// A kind of figure, stock or balance: its table and columns, and the columns of the ledger that explain
// it.
struct AuditedFigure {
    const char *finding;
    const char *source; // a query of all such figures, with the columns key and value
    const char *relation;
    const char *key;
    const char *key_type; // of the ledger, to which the key is cast
    FigureColumns columns;
    const char *ledger_key;
    const char *ledger_change;
    const char *ledger_sum; // what a row of the ledger changes of the figure
};
char *compose_stock(const Binding &binding); // the source of stocks
AuditedFigure item_figure(const Binding &binding);
AuditedFigure wallet_figure(const Binding &binding);

// Records the differences that the audit would find as adjustments. $1 is their time.
char *compose_adjustments(const Binding &binding, const AuditedFigure &figure);

// The checks of the audit, in order.
struct AuditLook {
    const char *name;
    char *sql;
};
std::span<const AuditLook> audit_looks(const Binding &binding);

// The query of all checks, in the current memory context. Its columns are finding, key, expected, found,
// repair.
char *compose_audit(const Binding &binding);
// The query of one check. It shows no repair, because a repair would rely on checks that have failed.
char *compose_look(const AuditLook &look);

} // namespace vend
