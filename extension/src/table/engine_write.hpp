#pragma once
// The engine's own writes, by which triggers tell them from everybody else's.

#include "base/prelude.hpp"

namespace vend {

// An update of one counter. The journal trigger recognises it by relation and trigger depth (a write
// of a user's trigger is one level deeper), checks that the row changed by exactly what was
// decided, and journals nothing, because the engine records the movement itself.
struct EngineWrite {
    Oid relation = InvalidOid;
    int64 change = 0;
    int trigger_depth = 0;
    uint64 rows_seen = 0;
    EngineWrite *outer = nullptr;
};

// The engine write that the trigger now firing belongs to, if it belongs to one.
EngineWrite *engine_write_of(Oid relation);

// For the scope of a call: an error leaves a pointer into a frame that is gone, and the scope
// restores what was there before.
EngineWrite *current_engine_write();
void restore_engine_write(EngineWrite *write);

// Raises 27000: the row that came back is not the row that was decided on.
[[noreturn]] void raise_write_altered(Oid relation);

} // namespace vend
