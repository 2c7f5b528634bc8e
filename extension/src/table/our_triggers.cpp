#include "base/prelude.hpp"

#include "table/our_triggers.hpp"

namespace vend {

Oid trigger_function(const char *name) {
    const oidvector *no_arguments = buildoidvector(nullptr, 0);
    const Oid function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
                                         PointerGetDatum(no_arguments),
                                         ObjectIdGetDatum(get_namespace_oid("vend", false)));
    if (!OidIsValid(function))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("function vend.%s() does not exist", name)));
    return function;
}

const Trigger *guard_of(Relation relation, Oid function, bool with_disabled) {
    const TriggerDesc *triggers = relation->trigdesc;
    if (triggers == nullptr) return nullptr;
    for (int i = 0; i < triggers->numtriggers; ++i) {
        const Trigger &trigger = triggers->triggers[i];
        if (trigger.tgfoid == function &&
            (with_disabled || trigger.tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
             trigger.tgenabled == TRIGGER_FIRES_ALWAYS))
            return &trigger;
    }
    return nullptr;
}

} // namespace vend
