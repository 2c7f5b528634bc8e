#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "binding/open_store.hpp"
#include "binding/rights.hpp"
#include "binding/store.hpp"
#include "core/right.hpp"
#include "engine/audit.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "rows/call.hpp"
#include "table/subtransaction.hpp"

using namespace vend;

VEND_FUNCTION(vend_audit);

namespace vend {
namespace {

// Opens the store. Where its binding is broken, that is a finding.
Store *open_audited(const char *name, const AuditSink &sink) {
    Store *store = nullptr;
    ErrorData *error = in_subtransaction([&] { store = &open_store(name, {Right::auditor}); });
    if (error == nullptr) return store;
    if (error->sqlerrcode == errcodes::unknown_store || error->sqlerrcode == errcodes::not_permitted ||
        !is_permitted_unresolved(name, {Right::auditor}))
        ReThrowError(error);
    add_finding(sink, not_looked_at("binding", name, error));
    return nullptr;
}

} // namespace
} // namespace vend

Datum vend_audit(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const auto *result = reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
    const AuditSink sink{result->setResult, result->setDesc};
    in_call([&] {
        Store *store = open_audited(store_name(Arguments(fcinfo).optional_string(0)), sink);
        if (store == nullptr) return;
        as_owner(*store, [&] {
            audit_tables(*store, sink);
            audit_partitions(*store, sink);
            audit_counters(*store, sink);
        });
    });
    return 0;
}
