#pragma once
// The query behind vend.audit(), everything in a store that does not add up, and the statement that
// brings a ledger up to counters that were written while nobody journalled.

#include "base/prelude.hpp"

#include "binding/store.hpp"

#include <span>

namespace vend {

// A counter of the store: its table, its columns, and those of the ledger that explain it.
struct AuditedFigure {
    const char *finding;
    const char *source; // of all that the counter has: a query with the columns key and value
    const char *relation;
    const char *key;
    const char *value;
    const char *ledger_key;
    const char *ledger_change;
};
char *compose_stock(const Binding &binding); // of items
AuditedFigure item_counter(const Binding &binding);
AuditedFigure wallet_counter(const Binding &binding);

// $1 at. Records what the audit would find of a counter, as adjustments.
char *compose_adjustments(const Binding &binding, const AuditedFigure &counter);

// What the audit looks at, one thing after the other.
struct AuditLook {
    const char *name;
    char *sql;
};
std::span<const AuditLook> audit_looks(const Binding &binding);

// Columns: finding, key, expected, found, repair. Allocated in the current memory context.
char *compose_audit(const Binding &binding);
// The same of one look. It gives no repair, which would trust what could not be looked at.
char *compose_look(const AuditLook &look);

} // namespace vend
