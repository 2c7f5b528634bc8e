#include "base/prelude.hpp"

#include "engine/audit.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"

using namespace vend;

VEND_FUNCTION(vend_audit);

namespace vend {
namespace {

Datum numeric_of(Quantity qty) {
    return DirectFunctionCall1(int8_numeric, Int64GetDatum(qty.value));
}

void add_finding(const ReturnSetInfo *result, const CounterFinding &finding) {
    Datum values[] = {CStringGetTextDatum("counter"), CStringGetTextDatum(finding.item),
                      finding.expected ? numeric_of(*finding.expected) : 0, numeric_of(finding.found),
                      CStringGetTextDatum(finding.repair)};
    bool nulls[] = {false, false, !finding.expected, false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

} // namespace
} // namespace vend

Datum vend_audit(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const auto *result = reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
    in_call([&] {
        Store &store = open_store(Arguments(fcinfo).optional_string(0), {Right::auditor});
        as_owner(store, [&] {
            const Rows rows = run(store, Statement::audit, {});
            for (uint64 i = 0; i < rows.count; ++i)
                tuplestore_puttuple(result->setResult, rows.table->vals[i]);
            ListCell *cell = nullptr;
            foreach (cell, audit_counters(store))
                add_finding(result, *static_cast<const CounterFinding *>(lfirst(cell)));
        });
    });
    return 0;
}
