#include "base/prelude.hpp"

#include "plan/plan_tree.hpp"

#include "base/compat.hpp"

namespace vend {
namespace {

struct SubPlanSearch {
    int number;
    const SubPlan *found;
};

bool reads_columns(Node *node, void *context) {
    if (node == nullptr) return false;
    if (IsA(node, Var)) {
        const auto *var = reinterpret_cast<const Var *>(node);
        const auto *columns = static_cast<const Columns *>(context);
        if (static_cast<int>(var->varno) != columns->varno) return false;
        if (columns->all) return true;
        return var->varattno == 0 || (var->varattno > 0 && bms_is_member(var->varattno, columns->set));
    }
    return compat::walk_expression(node, reads_columns, context);
}

bool uses_parameter(Node *node, void *context) {
    if (node == nullptr) return false;
    if (IsA(node, Param)) {
        const auto *param = reinterpret_cast<const Param *>(node);
        return param->paramkind == PARAM_EXEC &&
               list_member_int(static_cast<const List *>(context), param->paramid);
    }
    return compat::walk_expression(node, uses_parameter, context);
}

bool has_subplan(Node *node, void *context) {
    if (node == nullptr) return false;
    auto *search = static_cast<SubPlanSearch *>(context);
    if (IsA(node, SubPlan) && reinterpret_cast<const SubPlan *>(node)->plan_id == search->number) {
        search->found = reinterpret_cast<const SubPlan *>(node);
        return true;
    }
    return compat::walk_expression(node, has_subplan, context);
}

bool is_node(Node *node, void *context) {
    return node != nullptr && (node == context || compat::walk_expression(node, is_node, context));
}

// The walkers of PostgreSQL take pointers to non-const nodes. Ours change nothing.
Node *as_node(const void *expression) {
    return static_cast<Node *>(const_cast<void *>(expression));
}

bool scans_no_set(Plan *plan) {
    ListCell *cell = nullptr;
    foreach (cell, reinterpret_cast<const FunctionScan *>(plan)->functions)
        if (expression_returns_set(static_cast<const RangeTblFunction *>(lfirst(cell))->funcexpr))
            return false;
    return true;
}

bool is_plain_aggregate(Plan *plan) {
    const auto *agg = reinterpret_cast<const Agg *>(plan);
    return agg->aggstrategy == AGG_PLAIN && agg->groupingSets == NIL;
}

bool is_limited_to_one(Plan *plan) {
    const auto *limit = reinterpret_cast<const Limit *>(plan);
    if (limit->limitOption != LIMIT_OPTION_COUNT || limit->limitCount == nullptr ||
        !IsA(limit->limitCount, Const))
        return false;
    const auto *count = reinterpret_cast<const Const *>(limit->limitCount);
    return !count->constisnull && DatumGetInt64(count->constvalue) <= 1;
}

} // namespace

bool reads(const void *expression, Columns columns) {
    return reads_columns(as_node(expression), &columns);
}

bool uses_parameters(const void *expression, const List *numbers) {
    return uses_parameter(as_node(expression), const_cast<List *>(numbers));
}

const SubPlan *find_subplan(const void *expression, int number) {
    SubPlanSearch search{number, nullptr};
    (void)has_subplan(as_node(expression), &search);
    return search.found;
}

bool has_node(const void *expression, const Node *node) {
    return is_node(as_node(expression), as_node(node));
}

List *children(Plan *plan) {
    List *plans = NIL;
    if (outerPlan(plan) != nullptr) plans = lappend(plans, outerPlan(plan));
    if (innerPlan(plan) != nullptr) plans = lappend(plans, innerPlan(plan));
    switch (nodeTag(plan)) {
    case T_SubqueryScan:
        return lappend(plans, reinterpret_cast<SubqueryScan *>(plan)->subplan);
    case T_Append:
        return list_concat(plans, reinterpret_cast<Append *>(plan)->appendplans);
    case T_MergeAppend:
        return list_concat(plans, reinterpret_cast<MergeAppend *>(plan)->mergeplans);
    case T_CustomScan:
        return list_concat(plans, reinterpret_cast<CustomScan *>(plan)->custom_plans);
    default:
        return plans;
    }
}

const SubPlan *init_plan(const PlannedStmt *statement, int number) {
    const SubPlan *found = nullptr;
    visit_plans(statement, [&](Plan *plan, int /*subplan*/) {
        visit_nodes(plan, [&](Plan *node) {
            ListCell *cell = nullptr;
            foreach (cell, node->initPlan) {
                const auto *init = static_cast<const SubPlan *>(lfirst(cell));
                if (init->plan_id == number) found = init;
            }
        });
    });
    return found;
}

bool gives_one_row(Plan *plan) {
    if (plan == nullptr || plan->qual != NIL) return false;
    switch (nodeTag(plan)) {
    case T_Result:
        return reinterpret_cast<const Result *>(plan)->resconstantqual == nullptr &&
               (outerPlan(plan) == nullptr || gives_one_row(outerPlan(plan)));
    case T_Agg:
        return is_plain_aggregate(plan);
    case T_FunctionScan:
        return scans_no_set(plan);
    case T_SubqueryScan:
        return gives_one_row(reinterpret_cast<SubqueryScan *>(plan)->subplan);
    case T_Material:
    case T_Memoize:
    case T_Sort:
        return gives_one_row(outerPlan(plan));
    case T_NestLoop:
        return join_clauses(plan) == NIL && gives_one_row(outerPlan(plan)) &&
               gives_one_row(innerPlan(plan));
    default:
        return false;
    }
}

bool gives_no_second_row(Plan *plan) {
    switch (nodeTag(plan)) {
    case T_Result:
        return outerPlan(plan) == nullptr || gives_no_second_row(outerPlan(plan));
    case T_Agg:
        return is_plain_aggregate(plan);
    case T_FunctionScan:
        return scans_no_set(plan);
    case T_Limit:
        return is_limited_to_one(plan) || gives_no_second_row(outerPlan(plan));
    case T_SubqueryScan:
        return gives_no_second_row(reinterpret_cast<SubqueryScan *>(plan)->subplan);
    case T_Material:
    case T_Memoize:
    case T_Sort:
    case T_Unique:
    case T_WindowAgg:
        return gives_no_second_row(outerPlan(plan));
    case T_NestLoop:
        return gives_no_second_row(outerPlan(plan)) &&
               (reinterpret_cast<const Join *>(plan)->inner_unique ||
                gives_no_second_row(innerPlan(plan)));
    default:
        return false;
    }
}

bool is_join(Plan *plan) {
    return IsA(plan, NestLoop) || IsA(plan, HashJoin) || IsA(plan, MergeJoin);
}

List *join_clauses(Plan *plan) {
    List *clauses = list_copy(reinterpret_cast<const Join *>(plan)->joinqual);
    if (IsA(plan, HashJoin))
        return list_concat(clauses, reinterpret_cast<const HashJoin *>(plan)->hashclauses);
    if (IsA(plan, MergeJoin))
        return list_concat(clauses, reinterpret_cast<const MergeJoin *>(plan)->mergeclauses);
    return clauses;
}

List *nest_params(Plan *plan) {
    return IsA(plan, NestLoop) ? reinterpret_cast<const NestLoop *>(plan)->nestParams : NIL;
}

const RangeTblFunction *scanned_function(Plan *plan, const Node *expression) {
    if (expression == nullptr || !IsA(plan, FunctionScan)) return nullptr;
    ListCell *cell = nullptr;
    foreach (cell, reinterpret_cast<const FunctionScan *>(plan)->functions) {
        const auto *function = static_cast<const RangeTblFunction *>(lfirst(cell));
        if (function->funcexpr == expression) return function;
    }
    return nullptr;
}

} // namespace vend
