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

// Whether it checks a foreign key to another table that has one of the columns.
bool checks_written_key(const Trigger &trigger, Relation relation, std::span<const AttrNumber> written) {
    const ForeignKeyCacheInfo *key = foreign_key_of(relation, trigger.tgconstraint);
    return key == nullptr || are_among(key->conkey, key->nkeys, written);
}

// Whether the UPDATE fires it, whatever its WHEN says. PostgreSQL goes by the columns of the SET list,
// too. In the replica role nothing is sold.
bool is_fired_by_update(const Trigger &trigger, std::span<const AttrNumber> written) {
    if (trigger.tgenabled == TRIGGER_FIRES_ON_REPLICA || !TRIGGER_FOR_UPDATE(trigger.tgtype))
        return false;
    return trigger.tgnattr == 0 || are_among(trigger.tgattr, trigger.tgnattr, written);
}

// On which side of a foreign key the trigger stands, if it is PostgreSQL's own.
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
        return false; // of columns that are not written, see is_plain_table()
    case RI_TRIGGER_FK:
        return written.empty() || checks_written_key(trigger, relation, written);
    default:
        return written.empty() || is_fired_by_update(trigger, written);
    }
}

// Those of foreign keys to other tables, for the executor, as one that has no others.
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

// PostgreSQL decides which checks are needed, as it does after an UPDATE.
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
