#pragma once
// Marks the writes of the engine, so that triggers can tell them from everybody else's.

#include "base/prelude.hpp"

namespace vend {

// An update of one figure that is being executed. The journal trigger recognises the update by its
// relation and trigger depth (a write of a user's trigger is one level deeper). The trigger checks that
// the figure changed by exactly `change`, and journals nothing, because the engine records the movement
// itself.
struct EngineWrite {
    Oid relation = InvalidOid;
    int64 change = 0;
    bool is_of_figure = false; // its version counts up, also where claims and total change alike
    int trigger_depth = 0;
    uint64 rows_seen = 0;
    EngineWrite *outer = nullptr;
};

// The engine write that fired the running trigger on the relation. Null where it was another write.
EngineWrite *engine_write_of(Oid relation);

// Saves and restores the innermost engine write. Each call and each subtransaction does so: an error
// leaves a pointer into a stack frame that is gone.
EngineWrite *current_engine_write();
void restore_engine_write(EngineWrite *write);

// Raises 27000: the row that was written is not the row that was decided.
[[noreturn]] void raise_write_altered(Oid relation);

} // namespace vend
