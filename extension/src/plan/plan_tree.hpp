#pragma once
// Reads finished plans, as far as is needed to follow the answers of a call through them.

#include "base/prelude.hpp"

namespace vend {

// Columns of a child node, as the parent node refers to them.
struct Columns {
    int varno;
    const Bitmapset *set;
    bool all; // all columns, whatever is in the set
};

// Whether the expression uses one of the columns.
bool reads(const void *expression, Columns columns);

// Whether the expression uses one of the executor's parameters with these numbers.
bool uses_parameters(const void *expression, const List *numbers);

// Finds the reference to a subplan in an expression. Null when there is none.
const SubPlan *find_subplan(const void *expression, int number);

// Whether the expression contains this node itself, not an equal one.
bool has_node(const void *expression, const Node *node);

// The numbers of the targets whose expressions pass test().
template <typename Test> Bitmapset *targets(List *list, Test test) {
    Bitmapset *found = nullptr;
    ListCell *cell = nullptr;
    foreach (cell, list) {
        const auto *target = static_cast<const TargetEntry *>(lfirst(cell));
        if (test(target->expr)) found = bms_add_member(found, target->resno);
    }
    return found;
}

// The plans whose rows the node reads.
List *children(Plan *plan);

// Calls visit(node) for a plan and all nodes below it.
template <typename Visit> void visit_nodes(Plan *plan, Visit visit) {
    if (plan == nullptr) return;
    check_stack_depth();
    visit(plan);
    ListCell *cell = nullptr;
    foreach (cell, children(plan)) visit_nodes(static_cast<Plan *>(lfirst(cell)), visit);
}

// Calls visit(plan, number) for the main plan, number 0, and for each subplan.
template <typename Visit> void visit_plans(const PlannedStmt *statement, Visit visit) {
    visit(statement->planTree, 0);
    ListCell *cell = nullptr;
    foreach (cell, statement->subplans)
        visit(static_cast<Plan *>(lfirst(cell)), foreach_current_index(cell) + 1);
}

// The InitPlan or CTE with this number. Null when the subplan is neither.
const SubPlan *init_plan(const PlannedStmt *statement, int number);

// Whether the plan returns exactly one row, whatever the tables contain.
bool gives_one_row(Plan *plan);
// Whether the plan returns at most one row.
bool gives_no_second_row(Plan *plan);

bool is_join(Plan *plan);
// All conditions of a join, in a new list.
List *join_clauses(Plan *plan);
// The parameters that a nested loop passes to its inner side. Empty for other nodes.
List *nest_params(Plan *plan);

// The function of a FunctionScan whose expression this is. Null when the node has no such function.
const RangeTblFunction *scanned_function(Plan *plan, const Node *expression);

} // namespace vend
