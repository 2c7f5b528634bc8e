#include "base/prelude.hpp"

#include "plan/call_plan.hpp"

#include "base/error_codes.hpp"
#include "plan/plan_tree.hpp"

#include <algorithm>
#include <optional>
#include <span>

// The model. A call in FROM knows its own FuncExpr, and reaches the finished plan through the state of
// the executor. It looks for the node that makes the call and follows the answers upwards, through
// joins, sorts, filters and subplans, to the rows that the query returns or stores. Two things can go
// wrong on the way:
//
// - An answer appears twice: the plan makes one call for many rows, by Memoize, a join with rows from
//   which the arguments do not come, an InitPlan, or a subplan whose rows do not set the arguments.
// - An answer is left out: the plan makes the call and then drops its row, by a node that does not look
//   at the answer, such as a join, a filter, LIMIT after a sort, OFFSET, or FOR UPDATE ... SKIP LOCKED.
//
// Both are refused. A node that looks at the answer may leave it out (WHERE status <> 'purchased') or
// repeat it (a join by its id), and an aggregate has used each answer once. A CTE is the safe place: its
// calls are made for its own rows, whatever the query does with them.
//
// The plan does not show how many rows an UPDATE finds changed, or an INSERT finds in conflict. For such
// statements the calls are counted and compared with the rows that were written, when the executor ends.
// That is early enough to make the statement fail.
//
// The plan is only read, so no locks matter here. Unknown nodes pass answers through unchanged.
//
// docs/architecture.md explains this in "The caller's plan".

namespace vend {
namespace {

constexpr const char *memoized = "The plan makes one call for all rows with equal arguments (Memoize).";
constexpr const char *shared =
    "The plan makes one call and repeats its answer for each row that a join adds.";
constexpr const char *left_out_by_join =
    "The plan makes the call before a join that may leave the row out.";
constexpr const char *left_out_by_filter =
    "The plan makes the call before a condition that may leave the row out and does not look at the answer.";
constexpr const char *left_out_by_limit = "The plan makes more calls than LIMIT or OFFSET lets through.";
constexpr const char *left_out_by_distinct = "The plan makes more calls than DISTINCT ON lets through.";
constexpr const char *left_out_by_lock =
    "The plan makes the call before it locks the row (FOR UPDATE or FOR SHARE), which may leave it out.";
constexpr const char *made_once = "The plan makes one call for all rows of the query around it.";
constexpr const char *made_by_merge =
    "MERGE would make the call again for a row that was changed meanwhile.";

struct PlannedCall {
    const PlannedStmt *statement;
    const Node *expression;
    const char *function;
    bool gives_set;
};

// What to find in a plan: the call, or a subplan that makes it.
struct Caller {
    const Node *expression;
    int subplan;
};

// What has happened to the answers up to a node, as it returns its rows to the node above.
struct Answers {
    Bitmapset *columns = nullptr;    // the targets of the node that are computed from answers
    Bitmapset *renewed_by = nullptr; // the parameters whose change makes the call run again
    bool is_set = false;             // one call returns many rows
    bool are_many = false;           // more than one row
    bool are_all_made = false;       // all calls are made before the first answer goes on
    bool are_told = false;           // used once each, by an aggregate or the like
    bool match_rows = true;          // one row for each call
};

// Where the caller was found.
struct Place {
    int subplan; // 0: in the main plan
    Answers answers;
    const SubPlan *by; // the reference to the subplan that makes the call
    bool in_condition; // the caller is in a condition on the rows of the node
};

// Counts the calls where the plan does not show how many rows are written.
struct Watch {
    const EState *state;
    const char *function;
    uint64 calls;
    bool each_is_told;      // at least one row for each call
    bool each_is_told_once; // at most one
};

[[noreturn]] void refuse(const char *function, const char *detail) {
    ereport(
        ERROR,
        (errcode(errcodes::unsafe_plan),
         errmsg("calls of %s do not match the rows of the query", function), errdetail("%s", detail),
         errhint("Choose the rows in one WITH query and call in the next, with arguments from the row: "
                 "WITH todo AS MATERIALIZED (SELECT ...), done AS MATERIALIZED (SELECT ... FROM todo, "
                 "%.*s(todo.item, ...)) SELECT ... FROM done.",
                 static_cast<int>(strcspn(function, "(")), function)));
}

// Requires that each condition looks at the answer, so that the answer itself decides whether it is left
// out.
void require_answers_in(const PlannedCall &call, List *conditions, Columns columns, Answers &answers) {
    ListCell *cell = nullptr;
    foreach (cell, conditions) {
        if (!reads(lfirst(cell), columns)) refuse(call.function, left_out_by_filter);
        answers.match_rows = false;
    }
}

// Whether the call runs again for each row of the outer side.
bool is_renewed_by_outer(Plan *plan, const Answers &answers) {
    ListCell *cell = nullptr;
    foreach (cell, nest_params(plan))
        if (bms_is_member(static_cast<const NestLoopParam *>(lfirst(cell))->paramno, answers.renewed_by))
            return true;
    return false;
}

// Whether the answer is a parameter of the inner side.
bool is_answer_passed_on(Plan *plan, Columns columns) {
    ListCell *cell = nullptr;
    foreach (cell, nest_params(plan)) {
        const auto *param = static_cast<const NestLoopParam *>(lfirst(cell));
        if (reads(param->paramval, columns) && bms_is_member(param->paramno, innerPlan(plan)->extParam))
            return true;
    }
    return false;
}

// Whether the join returns each row of the side exactly once, whatever the answer is.
bool keeps_each_row(Plan *plan, bool is_outer) {
    const auto *join = reinterpret_cast<const Join *>(plan);
    Plan *other = is_outer ? innerPlan(plan) : outerPlan(plan);
    if (IsA(other, Hash)) other = outerPlan(other);
    if (join->jointype == (is_outer ? JOIN_LEFT : JOIN_RIGHT))
        return (is_outer && join->inner_unique) || gives_no_second_row(other);
    return join->jointype == JOIN_INNER && join_clauses(plan) == NIL && gives_one_row(other);
}

void pass_join(const PlannedCall &call, Plan *plan, bool is_outer, Answers &answers) {
    const Columns columns{is_outer ? OUTER_VAR : INNER_VAR, answers.columns, false};
    List *clauses = join_clauses(plan);
    const bool reads_ahead = !IsA(plan, NestLoop);
    if (!is_outer && is_renewed_by_outer(plan, answers)) {
        require_answers_in(call, clauses, columns, answers);
        answers.renewed_by = bms_union(answers.renewed_by, outerPlan(plan)->allParam);
        answers.are_all_made = answers.is_set;
        answers.are_many = true;
        const JoinType type = reinterpret_cast<const Join *>(plan)->jointype;
        if (type != JOIN_INNER && type != JOIN_LEFT) answers.match_rows = false;
    } else if (reads(clauses, columns) || (is_outer && is_answer_passed_on(plan, columns))) {
        answers.are_all_made |= reads_ahead || !is_outer;
        answers.are_many = true;
        answers.match_rows = answers.match_rows && keeps_each_row(plan, is_outer);
    } else {
        const bool has_clauses = clauses != NIL || (is_outer && nest_params(plan) != NIL);
        if (!keeps_each_row(plan, is_outer))
            refuse(call.function, has_clauses ? left_out_by_join : shared);
        answers.are_all_made |= reads_ahead;
    }
    require_answers_in(call, plan->qual, columns, answers);
}

bool is_no_offset(const Node *offset) {
    if (offset == nullptr) return true;
    if (!IsA(offset, Const)) return false;
    const auto *value = reinterpret_cast<const Const *>(offset);
    return value->constisnull || DatumGetInt64(value->constvalue) == 0;
}

bool is_no_count(const Node *count) {
    return count == nullptr ||
           (IsA(count, Const) && reinterpret_cast<const Const *>(count)->constisnull);
}

void pass_limit(const PlannedCall &call, const Limit *limit, const Answers &answers) {
    if (!is_no_offset(limit->limitOffset)) refuse(call.function, left_out_by_limit);
    if (is_no_count(limit->limitCount) || !answers.are_many) return;
    // WITH TIES reads one row more than it returns.
    if (answers.are_all_made || limit->limitOption == LIMIT_OPTION_WITH_TIES)
        refuse(call.function, left_out_by_limit);
}

// DISTINCT compares all columns that it returns. DISTINCT ON returns more columns than it compares, so
// it drops rows that differ.
void pass_unique(const PlannedCall &call, Plan *plan) {
    const auto *unique = reinterpret_cast<const Unique *>(plan);
    const std::span<const AttrNumber> compared(unique->uniqColIdx, unique->numCols);
    ListCell *cell = nullptr;
    foreach (cell, plan->targetlist) {
        const auto *target = static_cast<const TargetEntry *>(lfirst(cell));
        if (!target->resjunk && std::ranges::find(compared, target->resno) == compared.end())
            refuse(call.function, left_out_by_distinct);
    }
}

// Applies what a node that is no join does to the answers of its child.
void pass_node(const PlannedCall &call, Plan *plan, Columns columns, Answers &answers) {
    switch (nodeTag(plan)) {
    case T_Agg:
    case T_Group:
    case T_SetOp:
    case T_RecursiveUnion:
        answers.are_told = true;
        return;
    case T_Unique:
        pass_unique(call, plan);
        answers.are_told = true;
        return;
    case T_Memoize:
        refuse(call.function, memoized);
    case T_LockRows:
        refuse(call.function, left_out_by_lock);
    case T_Limit:
        pass_limit(call, reinterpret_cast<const Limit *>(plan), answers);
        break;
    case T_WindowAgg:
        if (reinterpret_cast<const WindowAgg *>(plan)->runCondition != NIL || plan->qual != NIL)
            refuse(call.function, left_out_by_filter);
        answers.are_all_made = true;
        break;
    case T_Sort:
    case T_IncrementalSort:
    case T_Hash:
    case T_MergeAppend:
        answers.are_all_made = true;
        break;
    default:
        break;
    }
    require_answers_in(call, plan->qual, columns, answers);
}

// Applies what a node does to the answers of its child.
void pass(const PlannedCall &call, Plan *plan, Plan *child, Answers &answers) {
    const bool is_outer = !is_join(plan) || child == outerPlan(plan);
    const int varno =
        IsA(plan, SubqueryScan)
            ? static_cast<int>(reinterpret_cast<const SubqueryScan *>(plan)->scan.scanrelid)
            : (is_outer ? OUTER_VAR : INNER_VAR);
    const Columns columns{varno, answers.columns, false};
    if (IsA(plan, ModifyTable)) return;
    if (!answers.are_told) {
        if (is_join(plan))
            pass_join(call, plan, is_outer, answers);
        else
            pass_node(call, plan, columns, answers);
    }
    answers.columns = targets(plan->targetlist, [&](const void *node) { return reads(node, columns); });
}

// The answers of the caller, if this node makes it run.
std::optional<Place> place_in(const PlannedCall &call, const Caller &caller, Plan *plan) {
    Place place{};
    Answers &answers = place.answers;
    if (const RangeTblFunction *function = scanned_function(plan, caller.expression)) {
        const auto *scan = reinterpret_cast<const FunctionScan *>(plan);
        const Columns columns{static_cast<int>(scan->scan.scanrelid), nullptr, true};
        answers.columns =
            targets(plan->targetlist, [&](const void *node) { return reads(node, columns); });
        answers.renewed_by = function->funcparams;
        answers.is_set = answers.are_many = answers.are_all_made = call.gives_set;
        require_answers_in(call, plan->qual, columns, answers);
        return place;
    }
    if (caller.expression != nullptr && !IsA(plan, ProjectSet)) return std::nullopt;
    answers.columns = targets(plan->targetlist, [&](const void *expression) {
        if (caller.expression != nullptr) return has_node(expression, caller.expression);
        const SubPlan *subplan = find_subplan(expression, caller.subplan);
        if (subplan != nullptr) place.by = subplan;
        return subplan != nullptr;
    });
    if (caller.expression == nullptr && IsA(plan, ModifyTable)) {
        const auto *modify = reinterpret_cast<const ModifyTable *>(plan);
        if (find_subplan(modify->mergeActionLists, caller.subplan) != nullptr)
            refuse(call.function, made_by_merge);
        if (place.by == nullptr) place.by = find_subplan(modify->returningLists, caller.subplan);
    }
    if (answers.columns == nullptr && place.by == nullptr && caller.expression == nullptr) {
        place.by = find_subplan(plan->qual, caller.subplan);
        if (place.by == nullptr && is_join(plan))
            place.by = find_subplan(join_clauses(plan), caller.subplan);
        place.in_condition = place.by != nullptr;
        answers.match_rows = !place.in_condition;
    }
    if (answers.columns == nullptr && place.by == nullptr) return std::nullopt;
    answers.renewed_by = plan->allParam;
    answers.is_set = answers.are_all_made = caller.expression != nullptr;
    answers.are_many = answers.is_set || !gives_no_second_row(plan);
    return place;
}

// The answers as the top node of the plan returns them.
std::optional<Place> place_below(const PlannedCall &call, const Caller &caller, Plan *plan) {
    if (plan == nullptr) return std::nullopt;
    check_stack_depth();
    if (auto place = place_in(call, caller, plan)) return place;
    ListCell *cell = nullptr;
    foreach (cell, children(plan)) {
        auto *child = static_cast<Plan *>(lfirst(cell));
        if (auto place = place_below(call, caller, child)) {
            pass(call, plan, child, place->answers);
            return place;
        }
    }
    return std::nullopt;
}

// Finds the caller in the plans of the statement. Nothing when it is in no target list and no condition.
std::optional<Place> place_of(const PlannedCall &call, const Caller &caller) {
    std::optional<Place> found;
    visit_plans(call.statement, [&](Plan *plan, int subplan) {
        if (found) return;
        found = place_below(call, caller, plan);
        if (found) found->subplan = subplan;
    });
    return found;
}

bool is_renewed_by_row(const SubPlan *subplan, const Answers &answers) {
    ListCell *cell = nullptr;
    foreach (cell, subplan->parParam)
        if (bms_is_member(lfirst_int(cell), answers.renewed_by)) return true;
    return false;
}

// The node whose rows the statement counts. Null when it is not a ModifyTable, or is a MERGE.
const ModifyTable *counted_node(const PlannedStmt *statement) {
    if (!IsA(statement->planTree, ModifyTable)) return nullptr;
    const auto *modify = reinterpret_cast<const ModifyTable *>(statement->planTree);
    return modify->canSetTag && modify->operation != CMD_MERGE ? modify : nullptr;
}

bool writes_parameters(Plan *plan, const List *numbers) {
    if (!IsA(plan, ModifyTable)) return false;
    const auto *modify = reinterpret_cast<const ModifyTable *>(plan);
    return uses_parameters(modify->returningLists, numbers) ||
           uses_parameters(modify->onConflictSet, numbers);
}

// An InitPlan makes its call once, and each row that uses its value repeats the answer.
Watch watch_init_plan(const PlannedCall &call, const SubPlan *init) {
    Watch watch{};
    const bool is_counted = counted_node(call.statement) != nullptr;
    visit_plans(call.statement, [&](Plan *plan, int subplan) {
        visit_nodes(plan, [&](Plan *node) {
            if (!writes_parameters(node, init->setParam) &&
                !uses_parameters(node->targetlist, init->setParam))
                return;
            if (is_counted && subplan == 0)
                watch.each_is_told = watch.each_is_told_once = true;
            else if (!gives_no_second_row(node))
                refuse(call.function, made_once);
        });
    });
    return watch;
}

// Follows the answers to the rows of the query. The result says what has to be counted at run time.
Watch watch_for(const PlannedCall &call) {
    Watch watch{};
    auto place = place_of(call, {call.expression, 0});
    while (place && place->subplan != 0) {
        const int number = place->subplan;
        if (const SubPlan *init = init_plan(call.statement, number))
            return init->subLinkType == CTE_SUBLINK ? watch : watch_init_plan(call, init);
        const auto around = place_of(call, {nullptr, number});
        if (!around) return watch;
        if (around->answers.are_many && !is_renewed_by_row(around->by, place->answers)) {
            if (around->in_condition) return watch; // the condition passes all rows, or none
            refuse(call.function, made_once);
        }
        const bool match_rows = place->answers.match_rows && around->answers.match_rows;
        place = around;
        place->answers.match_rows = match_rows;
    }
    if (place) {
        const Answers &answers = place->answers;
        watch.each_is_told = answers.match_rows && !answers.are_told && !answers.is_set &&
                             counted_node(call.statement) != nullptr;
    }
    return watch;
}

// Whether a BEFORE trigger may have put the inserted row somewhere else.
bool may_be_redirected(const EState *state) {
    if (state->es_plannedstmt->commandType != CMD_INSERT) return false;
    ListCell *cell = nullptr;
    foreach (cell, state->es_opened_result_relations) {
        const TriggerDesc *triggers = static_cast<const ResultRelInfo *>(lfirst(cell))->ri_TrigDesc;
        if (triggers != nullptr && triggers->trig_insert_before_row) return true;
    }
    return false;
}

// Called when the executor ends. An error makes the statement fail.
void compare_with_rows(Datum argument) {
    const auto *watch = reinterpret_cast<const Watch *>(DatumGetPointer(argument));
    const uint64 rows = watch->state->es_processed;
    const bool are_lost = watch->each_is_told && rows < watch->calls && !may_be_redirected(watch->state);
    if (are_lost || (watch->each_is_told_once && rows > watch->calls))
        refuse(watch->function, psprintf("Calls: " UINT64_FORMAT ", rows written: " UINT64_FORMAT ".",
                                         watch->calls, rows));
}

// Whether the call is the whole plan, as it usually is.
bool is_all_of_plan(const PlannedStmt *statement, const Node *expression) {
    return scanned_function(statement->planTree, expression) != nullptr;
}

Watch *new_watch(FunctionCallInfo fcinfo, EState *state, const char *function) {
    const PlannedCall call{state->es_plannedstmt, fcinfo->flinfo->fn_expr, function,
                           fcinfo->flinfo->fn_retset};
    auto *watch = static_cast<Watch *>(MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Watch)));
    *watch = watch_for(call);
    watch->state = state;
    watch->function = function;
    if (watch->each_is_told || watch->each_is_told_once)
        RegisterExprContextCallback(CreateExprContext(state), compare_with_rows, PointerGetDatum(watch));
    return watch;
}

} // namespace

void require_one_call_for_each_row(FunctionCallInfo fcinfo, const char *function) {
    static Watch none{};
    const Node *result = fcinfo->resultinfo;
    if (result == nullptr || !IsA(result, ReturnSetInfo)) return;
    FmgrInfo *info = fcinfo->flinfo;
    if (info->fn_extra == nullptr) {
        EState *state = reinterpret_cast<const ReturnSetInfo *>(result)->econtext->ecxt_estate;
        if (state == nullptr || state->es_plannedstmt == nullptr || info->fn_expr == nullptr) return;
        if (state->es_epq_active != nullptr)
            ereport(ERROR,
                    (errcode(errcodes::lost_race),
                     errmsg("a row that %s was called for was changed meanwhile", function),
                     errdetail(
                         "PostgreSQL calls the function once more, for the newest version of the row."),
                     errhint("Run the transaction again, or lock the rows before the call: WITH todo AS "
                             "MATERIALIZED (SELECT ... FOR UPDATE).")));
        info->fn_extra = is_all_of_plan(state->es_plannedstmt, info->fn_expr)
                             ? &none
                             : new_watch(fcinfo, state, function);
    }
    ++static_cast<Watch *>(info->fn_extra)->calls;
}

} // namespace vend
