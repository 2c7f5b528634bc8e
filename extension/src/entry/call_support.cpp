#include "base/prelude.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"

// What the planner asks about a function that writes. It is asked once for each plan, so a prepared call
// pays nothing.
//
// Memoize: PostgreSQL puts none above a relation whose target list is volatile, but does not look at the
// function that such a relation calls. So the target list is said to be volatile.
//
// Calls that do not stand in FROM cannot see their plan. What would go wrong with them is refused here,
// by the query: one call written out for each column, and expressions that an UPDATE evaluates again for
// a row that was changed meanwhile.

namespace vend {
namespace {

struct Sought {
    Oid function;
};

bool calls(Node *node, void *context) {
    if (node == nullptr) return false;
    if (IsA(node, FuncExpr) && reinterpret_cast<const FuncExpr *>(node)->funcid ==
                                   static_cast<const Sought *>(context)->function)
        return true;
    if (IsA(node, Query)) return compat::walk_query(reinterpret_cast<Query *>(node), calls, context);
    return compat::walk_expression(node, calls, context);
}

// Whether the node calls the function itself, and not by a query within it.
bool calls_itself(Node *node, void *context) {
    if (node == nullptr || IsA(node, Query)) return false;
    if (IsA(node, FuncExpr) && reinterpret_cast<const FuncExpr *>(node)->funcid ==
                                   static_cast<const Sought *>(context)->function)
        return true;
    return compat::walk_expression(node, calls_itself, context);
}

bool calls_itself(const void *tree, Oid function) {
    Sought sought{function};
    return calls_itself(static_cast<Node *>(const_cast<void *>(tree)), &sought);
}

bool relation_calls(const RangeTblEntry *entry, Oid function) {
    Sought sought{function};
    switch (entry->rtekind) {
    case RTE_FUNCTION:
        return calls(reinterpret_cast<Node *>(entry->functions), &sought);
    case RTE_SUBQUERY:
        return calls(reinterpret_cast<Node *>(entry->subquery), &sought);
    case RTE_VALUES:
        return calls(reinterpret_cast<Node *>(entry->values_lists), &sought);
    case RTE_TABLEFUNC:
        return calls(reinterpret_cast<Node *>(entry->tablefunc), &sought);
    default:
        return false;
    }
}

// What a call costs, in operators: some 50 us.
constexpr double call_cost = 2000;

// The planner takes a function in FROM for called once, whatever it stands beside: another scan of it is
// free. So the cost is laid on its answers, which come back for each row beside it. And where the
// arguments come from other rows, it is told of many answers, as it expects of a function that returns a
// set: then other joins are cheaper before the call.
void have_called_last(RelOptInfo *relation, double cost) {
    constexpr double answers = 100;
    Cost &per_answer = relation->reltarget->cost.per_tuple;
    per_answer = Max(per_answer, cost / Max(relation->rows, 1));
    if (!bms_is_empty(relation->lateral_relids)) relation->rows = Max(relation->rows, answers);
}

// Keeps Memoize away from what calls the function, here and in the queries around.
void look_at_relations(PlannerInfo *root, Oid function, double cost) {
    for (const PlannerInfo *query = root; query != nullptr; query = query->parent_root) {
        if (query->simple_rel_array == nullptr) continue;
        for (int i = 1; i < query->simple_rel_array_size; ++i) {
            RelOptInfo *relation = query->simple_rel_array[i];
            const RangeTblEntry *entry = query->simple_rte_array[i];
            if (relation == nullptr || entry == nullptr || !relation_calls(entry, function)) continue;
            relation->reltarget->has_volatile_expr = VOLATILITY_VOLATILE;
            if (query == root && entry->rtekind == RTE_FUNCTION) have_called_last(relation, cost);
        }
    }
}

const char *name_of(Oid function) {
    return psprintf("vend.%s()", get_func_name(function));
}

// The call of the function that a column of its answer is taken of.
const FuncExpr *called_for_column(const TargetEntry *target, Oid function) {
    if (!IsA(target->expr, FieldSelect)) return nullptr;
    Expr *argument = reinterpret_cast<const FieldSelect *>(target->expr)->arg;
    if (!IsA(argument, FuncExpr)) return nullptr;
    const auto *call = reinterpret_cast<const FuncExpr *>(argument);
    return call->funcid == function ? call : nullptr;
}

// (vend.purchase(...)).* is written out by the parser: a call for each column. The calls have one place
// in the text, but a view does not keep it.
void require_one_call_for_columns(List *targets, Oid function) {
    const TargetEntry *first = nullptr;
    ListCell *cell = nullptr;
    foreach (cell, targets) {
        const auto *target = static_cast<const TargetEntry *>(lfirst(cell));
        const FuncExpr *call = called_for_column(target, function);
        if (call == nullptr) continue;
        const FuncExpr *other = first == nullptr ? nullptr : called_for_column(first, function);
        first = target;
        if (other == nullptr || call->location != other->location || !equal(call, other)) continue;
        ereport(
            ERROR,
            (errcode(errcodes::unsafe_plan),
             errmsg("%s would be called once for each column", name_of(function)),
             errdetail("PostgreSQL writes (%s).* out as one call for each column.", name_of(function)),
             errhint("Write SELECT answer.* FROM vend.%s(...) answer.", get_func_name(function))));
    }
}

bool calls_when_matched(List *actions, Oid function) {
    ListCell *cell = nullptr;
    foreach (cell, actions) {
        const auto *action = static_cast<const MergeAction *>(lfirst(cell));
        if (action->commandType != CMD_INSERT &&
            (calls_itself(action->targetList, function) || calls_itself(action->qual, function)))
            return true;
    }
    return false;
}

bool calls_in_expression(const Query *query, Oid function) {
    return calls_itself(query->targetList, function) || calls_itself(query->jointree, function) ||
           calls_when_matched(query->mergeActionList, function);
}

// Whether its expressions are evaluated again for a row that was changed meanwhile.
bool evaluates_again(const Query *query) {
    return query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE ||
           query->commandType == CMD_MERGE || query->rowMarks != NIL;
}

// Whether the query stands in WITH of the one around it, which plans those first.
bool is_cte(const PlannerInfo *root) {
    const PlannerInfo *around = root->parent_root;
    return list_length(around->cte_plan_ids) < list_length(around->parse->cteList);
}

// Whether it stands in an expression, and not in WITH or FROM.
bool is_in_expression(const PlannerInfo *root) {
    return !is_cte(root) && root->parent_root->simple_rel_array == nullptr;
}

void require_evaluated_once(const PlannerInfo *root, Oid function) {
    if (!calls_in_expression(root->parse, function)) return;
    while (!evaluates_again(root->parse)) {
        if (root->parent_root == nullptr || !is_in_expression(root)) return;
        root = root->parent_root;
    }
    const char *name = get_func_name(function);
    ereport(ERROR,
            (errcode(errcodes::unsafe_plan),
             errmsg("vend.%s() may be called twice for a row that is changed meanwhile", name),
             errdetail("PostgreSQL evaluates the expressions of the statement again for such a row."),
             errhint("Write (SELECT ... FROM vend.%s(...)), which notices it, or call in WITH ... AS "
                     "MATERIALIZED.",
                     name)));
}

// INSERT ... ON CONFLICT DO NOTHING drops rows whose calls are made.
void require_inserted(const PlannerInfo *root, Oid function) {
    if (!calls_itself(root->parse->targetList, function)) return;
    const PlannerInfo *insert = root->parse->commandType == CMD_INSERT || root->parent_root == nullptr
                                    ? root
                                    : root->parent_root;
    if (insert->parse->commandType != CMD_INSERT || insert->parse->onConflict == nullptr ||
        insert->parse->onConflict->action != ONCONFLICT_NOTHING)
        return;
    if (insert != root && is_in_expression(root)) return;
    const char *name = get_func_name(function);
    ereport(ERROR, (errcode(errcodes::unsafe_plan),
                    errmsg("vend.%s() would be called for rows that are not inserted", name),
                    errdetail("ON CONFLICT DO NOTHING drops a row after its call."),
                    errhint("Write INSERT ... SELECT ... FROM vend.%s(...), which notices it.", name)));
}

bool joins(const Query *query) {
    List *from = query->jointree == nullptr ? NIL : query->jointree->fromlist;
    return list_length(from) > 1 || (from != NIL && IsA(linitial(from), JoinExpr));
}

bool is_not_zero(Node *count) {
    if (count == nullptr) return false;
    Node *value = eval_const_expressions(nullptr, static_cast<Node *>(copyObjectImpl(count)));
    if (!IsA(value, Const)) return true;
    const auto *constant = reinterpret_cast<const Const *>(value);
    return !constant->constisnull && DatumGetInt64(constant->constvalue) != 0;
}

bool is_sorted_by_call(const Query *query, Oid function) {
    ListCell *cell = nullptr;
    foreach (cell, query->sortClause) {
        const auto *clause = static_cast<SortGroupClause *>(lfirst(cell));
        if (calls_itself(get_sortgroupref_tle(clause->tleSortGroupRef, query->targetList), function))
            return true;
    }
    return false;
}

// Whether it leaves out rows that it has: of a query that calls, if the call comes first.
bool leaves_rows_out(const Query *query, bool calls_first) {
    return is_not_zero(query->limitOffset) || query->hasDistinctOn ||
           query->limitOption == LIMIT_OPTION_WITH_TIES || (calls_first && query->limitCount != nullptr);
}

bool adds_up(const Query *query) {
    return query->hasAggs || query->groupClause != NIL;
}

// Whether the query, or one around it, may leave a row out whose call is made.
bool may_leave_call_out(const PlannerInfo *root, Oid function) {
    const Query *query = root->parse;
    if (calls_itself(query->jointree, function)) {
        if (joins(query)) return true;
    } else if (!calls_itself(query->targetList, function))
        return false;
    if (adds_up(query)) return false;
    if (leaves_rows_out(query, is_sorted_by_call(query, function))) return true;
    for (; root->parent_root != nullptr && !is_cte(root) && !is_in_expression(root);
         root = root->parent_root) {
        const Query *around = root->parent_root->parse;
        if (joins(around)) return true;
        if (adds_up(around)) return false;
        if (leaves_rows_out(around, around->sortClause != NIL)) return true;
    }
    return false;
}

void require_told(const PlannerInfo *root, Oid function) {
    if (!may_leave_call_out(root, function)) return;
    const char *name = get_func_name(function);
    ereport(
        ERROR,
        (errcode(errcodes::unsafe_plan),
         errmsg("vend.%s() may be called for rows that are not told", name),
         errdetail("The query may leave rows out after it has evaluated the expression."),
         errhint(
             "Write FROM vend.%s(...), which looks at the plan, or call in WITH ... AS MATERIALIZED.",
             name)));
}

void look_at_query(const SupportRequestSimplify *request) {
    const PlannerInfo *root = request->root;
    if (root == nullptr || root->parse == nullptr) return;
    const Oid function = request->fcall->funcid;
    require_one_call_for_columns(root->parse->targetList, function);
    require_one_call_for_columns(root->parse->returningList, function);
    require_evaluated_once(root, function);
    require_inserted(root, function);
    require_told(root, function);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_call_support);

Datum vend_call_support(PG_FUNCTION_ARGS) {
    auto *request = reinterpret_cast<Node *>(PG_GETARG_POINTER(0));
    if (IsA(request, SupportRequestSimplify))
        look_at_query(reinterpret_cast<const SupportRequestSimplify *>(request));
    else if (IsA(request, SupportRequestCost)) {
        auto *cost = reinterpret_cast<SupportRequestCost *>(request);
        cost->per_tuple = call_cost * cpu_operator_cost;
        look_at_relations(cost->root, cost->funcid, cost->per_tuple);
        PG_RETURN_POINTER(cost);
    }
    PG_RETURN_POINTER(nullptr);
}
