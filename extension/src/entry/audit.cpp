#include "base/prelude.hpp"

#include "entry/arguments.hpp"
#include "entry/call.hpp"

using namespace vend;

VEND_FUNCTION(vend_audit);

Datum vend_audit(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const auto *result = reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
    in_call([&] {
        Store &store = open_store(Arguments(fcinfo).optional_string(0), {Right::auditor});
        as_owner(store, [&] {
            const Rows rows = run(store, Statement::audit, {});
            for (uint64 i = 0; i < rows.count; ++i)
                tuplestore_puttuple(result->setResult, rows.table->vals[i]);
        });
    });
    return 0;
}
