#include "base/prelude.hpp"

#include "table/fired_triggers.hpp"

#include <algorithm>

namespace vend {
namespace {

bool are_among(const AttrNumber *columns, int count, std::span<const AttrNumber> written) {
    return std::any_of(columns, columns + count, [&](AttrNumber column) {
        return std::ranges::find(written, column) != written.end();
    });
}

const ForeignKeyCacheInfo *foreign_key_of(Relation relation, Oid constraint) {
    ListCell *cell = nullptr;
    foreach (cell, RelationGetFKeyList(relation)) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        if (key->conoid == constraint) return key;
    }
    return nullptr;
}

// Whether the trigger checks a foreign key of this table that contains one of the written columns.
bool checks_written_key(const Trigger &trigger, Relation relation, std::span<const AttrNumber> written) {
    const ForeignKeyCacheInfo *key = foreign_key_of(relation, trigger.tgconstraint);
    return key == nullptr || are_among(key->conkey, key->nkeys, written);
}

// Whether an UPDATE of these columns fires the trigger; its WHEN is ignored. Like PostgreSQL, this
// compares the columns of the SET list, not the values. Triggers for the replica role do not count:
// nothing is sold in that role.
bool is_fired_by_update(const Trigger &trigger, std::span<const AttrNumber> written) {
    if (trigger.tgenabled == TRIGGER_FIRES_ON_REPLICA || !TRIGGER_FOR_UPDATE(trigger.tgtype))
        return false;
    return trigger.tgnattr == 0 || are_among(trigger.tgattr, trigger.tgnattr, written);
}

// The side of the foreign key that an internal trigger belongs to. RI_TRIGGER_NONE for other triggers.
int side_of_key(const Trigger &trigger) {
    return trigger.tgisinternal ? RI_FKey_trigger_type(trigger.tgfoid) : RI_TRIGGER_NONE;
}

bool is_users_trigger(const Trigger &trigger, Relation relation, std::span<const AttrNumber> written,
                      std::span<const Oid> our_functions) {
    if (trigger.tgenabled == TRIGGER_DISABLED ||
        std::ranges::find(our_functions, trigger.tgfoid) != our_functions.end())
        return false;
    switch (side_of_key(trigger)) {
    case RI_TRIGGER_PK:
        return false; // is_plain_table() has made sure that no such column is written
    case RI_TRIGGER_FK:
        return written.empty() || checks_written_key(trigger, relation, written);
    default:
        return written.empty() || is_fired_by_update(trigger, written);
    }
}

// A copy of the table's triggers that has only the checks of its foreign keys to other tables.
TriggerDesc *key_triggers(Relation relation) {
    TriggerDesc *triggers = CopyTriggerDesc(relation->trigdesc);
    Trigger *end =
        std::remove_if(triggers->triggers, triggers->triggers + triggers->numtriggers,
                       [](const Trigger &trigger) { return side_of_key(trigger) != RI_TRIGGER_FK; });
    triggers->numtriggers = static_cast<int>(end - triggers->triggers);
    return triggers;
}

} // namespace

bool fires_users_trigger(Relation relation, std::span<const AttrNumber> written,
                         std::span<const Oid> our_functions) {
    const TriggerDesc *triggers = relation->trigdesc;
    return triggers != nullptr &&
           std::any_of(triggers->triggers, triggers->triggers + triggers->numtriggers,
                       [&](const Trigger &trigger) {
                           return is_users_trigger(trigger, relation, written, our_functions);
                       });
}

KeyChecks key_checks_of(Relation relation) {
    KeyChecks checks = KeyChecks::of_no_row;
    ListCell *cell = nullptr;
    foreach (cell, RelationGetFKeyList(relation)) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        checks = std::max(checks, key->nkeys == 1 ? KeyChecks::of_own_rows : KeyChecks::of_all_rows);
    }
    return checks;
}

// The executor's own function decides which checks are needed, as after an UPDATE.
void check_foreign_keys(Relation relation, ItemPointerData was, TupleTableSlot *is) {
    if (relation->trigdesc == nullptr) return;
    EState *state = CreateExecutorState();
    MemoryContext caller = MemoryContextSwitchTo(state->es_query_cxt);
    ResultRelInfo *result = makeNode(ResultRelInfo);
    result->ri_RelationDesc = relation;
    result->ri_TrigDesc = key_triggers(relation);
    result->ri_TrigFunctions =
        static_cast<FmgrInfo *>(palloc0(sizeof(FmgrInfo) * relation->trigdesc->numtriggers));
    state->es_opened_result_relations = list_make1(result);
    AfterTriggerBeginQuery();
    ExecARUpdateTriggers(state, result, nullptr, nullptr, &was, nullptr, is, NIL, nullptr, false);
    AfterTriggerEndQuery(state);
    ExecResetTupleTable(state->es_tupleTable, false);
    MemoryContextSwitchTo(caller);
    FreeExecutorState(state);
}

} // namespace vend
