#include "base/prelude.hpp"

#include "table/our_triggers.hpp"

namespace vend {

Oid trigger_function(const char *name) {
    List *names = list_make2(makeString(pstrdup("vend")), makeString(pstrdup(name)));
    return LookupFuncName(names, 0, nullptr, false);
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
