#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "core/guard.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "guard/check.hpp"
#include "guard/guard.hpp"
#include "guard/guard_ddl.hpp"
#include "guard/guard_rows.hpp"
#include "guard/update_if.hpp"
#include "rows/call.hpp"

namespace vend {
namespace {

enum GuardVersionArgument : int { arg_to_guard, arg_version_column, arg_columns, arg_convention };
enum UpdateIfArgument : int { arg_guarded, arg_guarded_key, arg_read_version, arg_changes };

const TriggerData *trigger_data(FunctionCallInfo fcinfo) {
    const auto *trigger =
        CALLED_AS_TRIGGER(fcinfo) ? reinterpret_cast<const TriggerData *>(fcinfo->context) : nullptr;
    if (trigger == nullptr || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
        !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("vend.guard() must be fired BEFORE or AFTER UPDATE ... FOR EACH ROW")));
    // A row of a foreign table has no place at which a second write could find it.
    if (!TRIGGER_FIRED_BEFORE(trigger->tg_event) &&
        trigger->tg_relation->rd_rel->relkind != RELKIND_RELATION)
        ereport(ERROR,
                (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                 errmsg("vend.guard() cannot be fired AFTER UPDATE of \"%s\", which is not a table",
                        RelationGetRelationName(trigger->tg_relation))));
    return trigger;
}

// What the trigger's arguments mean is found out once a statement and table.
const Guard &guard_of_trigger(FunctionCallInfo fcinfo, const TriggerData *trigger) {
    FmgrInfo *function = fcinfo->flinfo;
    const auto *guard = static_cast<const Guard *>(function->fn_extra);
    if (guard == nullptr || guard->relation != RelationGetRelid(trigger->tg_relation)) {
        guard = resolve_guard(*trigger->tg_trigger, trigger->tg_relation, function->fn_mcxt);
        function->fn_extra = const_cast<Guard *>(guard);
    }
    return *guard;
}

std::span<const char *const> column_names(const Arguments &arguments) {
    const Arguments::Elements elements = arguments.elements(arg_columns, "columns");
    auto **names = static_cast<const char **>(palloc(sizeof(char *) * (elements.values.size() + 1)));
    for (std::size_t i = 0; i < elements.values.size(); ++i) {
        const auto value = elements.at(i);
        if (!value)
            ereport(ERROR, (errcode(errcodes::null_argument), errmsg("columns must not contain null")));
        names[i] = TextDatumGetCString(*value);
    }
    return {names, elements.values.size()};
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_guard);
VEND_FUNCTION(vend_guard_version);
VEND_FUNCTION(vend_unguard_version);
VEND_FUNCTION(vend_update_if);

Datum vend_guard(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = trigger_data(fcinfo);
    const Guard &guard = guard_of_trigger(fcinfo, trigger);
    const GuardedRow row = check_update(trigger, guard);
    if (row.verdict == GuardVerdict::pass) return PointerGetDatum(trigger->tg_newtuple);
    if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
        return PointerGetDatum(counted_up(trigger, guard, row.was));
    in_call([&] { count_up(trigger->tg_relation, guard, &trigger->tg_newtuple->t_self, row.was); });
    return PointerGetDatum(nullptr);
}

Datum vend_guard_version(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.guard_version()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        GuardDefinition definition;
        definition.relation = arguments.oid(arg_to_guard, "relation");
        definition.version_column = arguments.string(arg_version_column, "version_column");
        definition.columns = column_names(arguments);
        definition.convention = arguments.string(arg_convention, "convention");
        guard_table(definition);
    });
    PG_RETURN_VOID();
}

Datum vend_unguard_version(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.unguard_version()");
    in_call([&] { unguard_table(Arguments(fcinfo).oid(arg_to_guard, "relation")); });
    PG_RETURN_VOID();
}

Datum vend_update_if(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.update_if()");
    int64 version = 0;
    in_call([&] {
        const Arguments arguments(fcinfo);
        const Oid relation = arguments.oid(arg_guarded, "relation");
        const int64 expected = arguments.bigint(arg_read_version, "expected_version");
        const Datum changes = arguments.jsonb(arg_changes, "changes");
        arguments.require(arg_guarded_key, "key");
        KeyedTable table = open_keyed(relation);
        const Datum key = arguments.key(arg_guarded_key, table.key_type, "key");
        version = update_if(table, key, expected, changes);
        close_keyed(table);
    });
    PG_RETURN_INT64(version);
}
