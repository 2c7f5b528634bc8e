#include "base/prelude.hpp"

#include "rows/execute.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "binding/statement.hpp"
#include "rows/compose.hpp"
#include "table/engine_write.hpp"

namespace vend {
namespace {

// Whether a statement reads whole tables. Such statements run rarely and are planned as usual.
bool reads_whole_tables(Statement statement) {
    switch (statement) {
    case Statement::journal_item_truncate:
    case Statement::journal_wallet_truncate:
    case Statement::journal_item_differences:
    case Statement::journal_wallet_differences:
    case Statement::uncountable_item:
    case Statement::uncountable_wallet:
    case Statement::end_lost_item_eras:
    case Statement::end_lost_wallet_eras:
    case Statement::add_lost_item_eras:
    case Statement::add_lost_wallet_eras:
    case Statement::end_all_item_eras:
    case Statement::end_all_wallet_eras:
    case Statement::add_all_item_eras:
    case Statement::add_all_wallet_eras:
    case Statement::audit:
        return true;
    default:
        return false;
    }
}

// Plans a statement that finds its rows by a unique key. The planner must not choose a sequential scan
// because the table is small today: the plan is kept, the table grows, and under SERIALIZABLE a
// sequential scan conflicts with every write. The preference is in force for the planning only. Triggers
// of users run during the execution, and their statements are planned under their own settings.
void plan_with_indexes(SPIPlanPtr plan) {
    const bool seqscan = enable_seqscan;
    const bool bitmapscan = enable_bitmapscan;
    PG_TRY();
    {
        enable_seqscan = false;
        enable_bitmapscan = false;
        CachedPlan *cached = SPI_plan_get_cached_plan(plan);
        if (cached != nullptr) ReleaseCachedPlan(cached, CurrentResourceOwner);
    }
    PG_FINALLY();
    {
        enable_seqscan = seqscan;
        enable_bitmapscan = bitmapscan;
    }
    PG_END_TRY();
}

// Whether the statement runs in exactly the snapshot that it is given. Other statements also see all
// that this transaction has written.
bool is_read(Statement statement) {
    return statement == Statement::read_item || statement == Statement::read_wallet;
}

const CachedPlanSource *source_of(SPIPlanPtr plan) {
    return static_cast<const CachedPlanSource *>(linitial(SPI_plan_get_plan_sources(plan)));
}

// A plan with policies is one user's.
bool is_planned(SPIPlanPtr plan) {
    const CachedPlanSource *source = source_of(plan);
    return (!source->dependsOnRLS || source->rewriteRoleId == GetUserId()) && source->is_valid &&
           source->gplan != nullptr && source->gplan->is_valid && compat::search_path_matches(source);
}

SPIPlanPtr plan_of(Store &store, Statement statement) {
    SPIPlanPtr &plan = store.plans.kept[static_cast<std::size_t>(statement)];
    if (plan == nullptr) {
        StatementText text = compose(store.binding, statement);
        SPIPlanPtr made = SPI_prepare_cursor(text.sql, text.parameter_count, text.parameter_types,
                                             CURSOR_OPT_GENERIC_PLAN);
        if (made == nullptr)
            ereport(ERROR,
                    (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not prepare \"%s\": %s", text.sql,
                                                             SPI_result_code_string(SPI_result))));
        SPI_keepplan(made);
        plan = made;
        store.plans.shapes[static_cast<std::size_t>(statement)] = text.shape;
    }
    if (!reads_whole_tables(statement) && !is_planned(plan)) plan_with_indexes(plan);
    return plan;
}

bool has_shape(SPIPlanPtr plan, const Rows &rows, const Shape &shape) {
    const CachedPlanSource *source = source_of(plan);
    if (!list_member_oid(source->relationOids, shape.relation)) return false;
    if (rows.table == nullptr) return shape.column_count == 0;
    const TupleDesc descriptor = rows.table->tupdesc;
    if (descriptor->natts != shape.column_count) return false;
    for (int i = 0; i < shape.column_count; ++i)
        if (TupleDescAttr(descriptor, i)->atttypid != shape.column_types[i]) return false;
    return true;
}

// Whether a rule has redirected the write to another table. Such a rule can still return the same rows.
bool writes_elsewhere(SPIPlanPtr plan, const Shape &shape) {
    ListCell *cell = nullptr;
    foreach (cell, source_of(plan)->query_list) {
        const auto *query = static_cast<const Query *>(lfirst(cell));
        if (query->canSetTag && query->resultRelation != 0)
            return rt_fetch(query->resultRelation, query->rtable)->relid != shape.relation;
    }
    return false;
}

} // namespace

std::optional<Datum> Rows::value(int column) const {
    bool is_null = false;
    const Datum datum = SPI_getbinval(table->vals[0], table->tupdesc, column, &is_null);
    if (is_null) return std::nullopt;
    return datum;
}

Datum Rows::value_at(uint64 row, int column) const {
    bool is_null = false;
    return SPI_getbinval(table->vals[row], table->tupdesc, column, &is_null);
}

Datum Rows::required(int column) const {
    const auto datum = value(column);
    if (!datum)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("column \"%s\" of a row of the store is null",
                               SPI_fname(table->tupdesc, column)),
                        errhint("Fill the column in and declare it NOT NULL.")));
    return *datum;
}

void free_rows(const Rows &rows) {
    if (rows.table != nullptr) SPI_freetuptable(rows.table);
}

Rows run(Store &store, Statement statement, std::initializer_list<Parameter> parameters) {
    return run(store, statement, std::span(parameters.begin(), parameters.size()));
}

Rows run(Store &store, Statement statement, std::span<const Parameter> parameters, Snapshot snapshot) {
    Datum values[parameters_max] = {};
    char nulls[parameters_max] = {};
    int count = 0;
    for (const Parameter &parameter : parameters) {
        values[count] = parameter.value;
        nulls[count] = parameter.is_null ? 'n' : ' ';
        ++count;
    }
    SPIPlanPtr plan = plan_of(store, statement);
    const int result = snapshot == InvalidSnapshot
                           ? SPI_execute_plan(plan, values, nulls, false, 0)
                           : SPI_execute_snapshot(plan, values, nulls, snapshot, InvalidSnapshot,
                                                  is_read(statement), true, 0);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not run a statement of store \"%s\": %s", store.binding.name,
                               SPI_result_code_string(result))));
    const Rows rows{SPI_processed, SPI_tuptable};
    const Shape &shape = store.plans.shapes[static_cast<std::size_t>(statement)];
    if (writes_elsewhere(plan, shape)) raise_write_altered(shape.relation);
    if (!has_shape(plan, rows, shape))
        ereport(ERROR,
                (errcode(errcodes::not_in_state),
                 errmsg("the tables of store \"%s\" were changed during the call", store.binding.name),
                 errhint("Do not alter the tables in a trigger or function that runs in the call.")));
    return rows;
}

Rows run_write(Store &store, Statement statement, std::span<const Parameter> parameters, Oid relation,
               int64 change) {
    EngineWrite write;
    write.relation = relation;
    write.change = change;
    write.is_of_figure = statement == Statement::add_stock || statement == Statement::add_balance;
    write.trigger_depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)) + 1;
    write.outer = current_engine_write();
    restore_engine_write(&write);
    const Rows rows = run(store, statement, parameters);
    restore_engine_write(write.outer);
    if (rows.count > 1 || rows.count != write.rows_seen) raise_write_altered(relation);
    return rows;
}

void require_triggers() {
    if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("pg_vend cannot write while session_replication_role is \"replica\""),
                        errdetail("The triggers that uphold the ledger do not fire in that role."),
                        errhint("SET session_replication_role = origin.")));
}

} // namespace vend
