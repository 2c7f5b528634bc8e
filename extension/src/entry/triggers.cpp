#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "binding/binding.hpp"
#include "binding/era_table.hpp"
#include "binding/open_store.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "engine/journal.hpp"
#include "entry/call.hpp"
#include "rows/call.hpp"
#include "setup/migration.hpp"
#include "shared/counters.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/our_triggers.hpp"

#include <algorithm>

namespace vend {
namespace {

const TriggerData *trigger_data(FunctionCallInfo fcinfo, const char *function) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s was not called by the trigger manager", function)));
    return reinterpret_cast<const TriggerData *>(fcinfo->context);
}

void require_after_row(const TriggerData *trigger, const char *function) {
    if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s must be fired AFTER ... FOR EACH ROW", function)));
}

// Whether rows that are written in the origin role are journalled. Where the journal was switched off,
// the table has another state, which has counters of its own.
bool is_journal_on(Relation relation) {
    const Oid journal = trigger_function(trigger_functions::journal);
    const TriggerDesc *triggers = relation->trigdesc;
    return std::any_of(triggers->triggers, triggers->triggers + triggers->numtriggers,
                       [&](const Trigger &trigger) {
                           return trigger.tgfoid == journal && TRIGGER_FOR_ROW(trigger.tgtype) &&
                                  trigger.tgenabled == TRIGGER_FIRES_ON_ORIGIN;
                       });
}

void forget_counters_of(const TriggerData *trigger) {
    if (!has_counters()) return;
    in_call([&] {
        Store &store = open_store_of_trigger(trigger);
        as_owner(store, [&] {
            const TriggerData event = as_of_bound_table(store, trigger);
            // The row of a partition may be part of the engine's write to the table.
            if (engine_write_of(RelationGetRelid(event.tg_relation)) == nullptr)
                forget_counters(store, &event);
        });
    });
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_journal);
VEND_FUNCTION(vend_append_only);
VEND_FUNCTION(vend_invalidate_counters);
VEND_FUNCTION(vend_delta);
VEND_FUNCTION(vend_key_era);
VEND_FUNCTION(vend_registry_changed);
VEND_FUNCTION(vend_watch_migration);

Datum vend_journal(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.journal()");
    const bool is_truncate = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
    if (!is_truncate) require_after_row(trigger, "vend.journal()");
    in_call([&] {
        Store &store = open_store_of_trigger(trigger);
        // A partition may be of a kind that a bound table must not be.
        require_table(store.binding, trigger->tg_relation, true);
        as_owner(store, [&] {
            const TriggerData event = as_of_bound_table(store, trigger);
            if (is_truncate)
                journal_truncation(store, &event);
            else
                journal_row(store, &event);
        });
    });
    return PointerGetDatum(nullptr);
}

Datum vend_append_only(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.append_only()");
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("ledger \"%s\" is append-only",
                           relation_label(RelationGetRelid(trigger->tg_relation))),
                    errhint("Record a movement that corrects the earlier one.")));
    return PointerGetDatum(nullptr);
}

// This trigger and the next one fire always. In the replica role, that is under replication or a
// restore, nothing is journalled. PostgreSQL decides which triggers a row fires when it writes the row,
// and the statement may set another role before they fire: so this function does not look at the role. A
// write that was journalled has already closed the counter where that was needed.
Datum vend_invalidate_counters(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.invalidate_counters()");
    require_after_row(trigger, "vend.invalidate_counters()");
    if (engine_write_of(RelationGetRelid(trigger->tg_relation)) == nullptr &&
        is_journal_on(trigger->tg_relation))
        forget_counters_of(trigger);
    return PointerGetDatum(nullptr);
}

Datum vend_delta(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.delta()");
    const bool is_truncate = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
    if (!is_truncate) require_after_row(trigger, "vend.delta()");
    if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("table \"%s\" cannot be written directly",
                               relation_label(RelationGetRelid(trigger->tg_relation))),
                        errdetail("It has the deltas that sales in escrow have not settled yet."),
                        errhint("vend.settle() settles them and empties the table.")));
    // TRUNCATE gives the table another file, and no counter was loaded from that one.
    if (!is_truncate) forget_counters_of(trigger);
    return PointerGetDatum(nullptr);
}

// A data-only restore may insert rows, as it does into the ledger. No row may be updated or deleted.
Datum vend_key_era(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.key_era()");
    const bool is_truncate = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
    if (!is_truncate) require_after_row(trigger, "vend.key_era()");
    const Oid eras = RelationGetRelid(trigger->tg_relation);
    if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) &&
        SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA && engine_write_of(eras) == nullptr)
        ereport(
            ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("rows of table \"%s\" cannot be changed directly", relation_label(eras)),
             errdetail("They say which row a key of the ledger means."),
             errhint("Change the keys of items and wallets instead: their triggers write this table.")));
    if (!is_truncate) announce_eras(trigger->tg_relation);
    return PointerGetDatum(nullptr);
}

Datum vend_registry_changed(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo, "vend.registry_changed()");
    invalidate_registry(trigger->tg_relation);
    return PointerGetDatum(nullptr);
}

Datum vend_watch_migration(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("vend.watch_migration() was not called by the event trigger manager")));
    watch_migration();
    PG_RETURN_VOID();
}
