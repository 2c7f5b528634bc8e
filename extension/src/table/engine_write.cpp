#include "base/prelude.hpp"

#include "table/engine_write.hpp"

#include "base/error_codes.hpp"
#include "table/catalog.hpp"

namespace vend {
namespace {

EngineWrite *innermost_write = nullptr;

} // namespace

EngineWrite *engine_write_of(Oid relation) {
    if (innermost_write == nullptr || innermost_write->relation != relation) return nullptr;
    const int depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0));
    return innermost_write->trigger_depth == depth ? innermost_write : nullptr;
}

EngineWrite *current_engine_write() {
    return innermost_write;
}

void restore_engine_write(EngineWrite *write) {
    innermost_write = write;
}

void raise_write_altered(Oid relation) {
    ereport(ERROR, (errcode(errcodes::write_altered),
                    errmsg("a write of pg_vend to \"%s\" did not have the effect that was decided",
                           relation_label(relation)),
                    errdetail("A trigger or rule on the table suppressed or altered the write."),
                    errhint("Change the trigger or rule so that writes of pg_vend pass unaltered.")));
    pg_unreachable();
}

} // namespace vend
