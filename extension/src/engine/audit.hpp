#pragma once
// Finds everything in a store that does not add up. The audit reports whatever the state of the store: a
// check that fails is a finding itself, and the audit goes on with the next check.

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
    const char *repair = nullptr; // the SQL that repairs it
};

// Turns an error of a check into a finding, and its text into a warning. Raises errors that are not
// about the store: a cancelled query, a deadlock.
Finding not_looked_at(const char *finding, const char *key, ErrorData *error);

// Takes the rows of vend.audit().
struct AuditSink {
    Tuplestorestate *rows;
    TupleDesc descriptor;
};
void add_finding(const AuditSink &sink, const Finding &finding);

void audit_tables(Store &store, const AuditSink &sink);
void audit_partitions(Store &store, const AuditSink &sink);

// Compares counters with rows and deltas. Skips a counter that has pending units or changes meanwhile.
void audit_counters(Store &store, const AuditSink &sink);

} // namespace vend
