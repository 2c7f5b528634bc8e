#pragma once
// Everything in a store that does not add up. Whatever the state of the store, the audit reports: what
// cannot be looked at is a finding itself, and the looks after it go on.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/checked.hpp"

#include <optional>

namespace vend {

struct Finding {
    const char *finding = nullptr;
    const char *key = nullptr;
    std::optional<Quantity> expected;
    std::optional<Quantity> found;
    const char *repair = nullptr; // SQL
};

// Gives an error as a finding, and its text as a warning; raises those that are not about what was
// looked at: a cancelled query, a deadlock.
Finding not_looked_at(const char *finding, const char *key, ErrorData *error);

// Where the rows of vend.audit() go.
struct AuditSink {
    Tuplestorestate *rows;
    TupleDesc descriptor;
};
void add_finding(const AuditSink &sink, const Finding &finding);

void audit_tables(Store &store, const AuditSink &sink);
void audit_partitions(Store &store, const AuditSink &sink);

// Counters of items on which something is pending, or which change while this looks, are passed over.
void audit_counters(Store &store, const AuditSink &sink);

} // namespace vend
