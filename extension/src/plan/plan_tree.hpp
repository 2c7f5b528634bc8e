#pragma once
// A finished plan, as far as the answers of a call need to be followed through it.

#include "base/prelude.hpp"

namespace vend {

// The columns of a node below, as the node above names them.
struct Columns {
    int varno;
    const Bitmapset *set;
    bool all; // whatever is in the set
};

bool reads(const void *expression, Columns columns);

bool uses_parameters(const void *expression, const List *numbers);

// None if the expression does not have the subplan of that number.
const SubPlan *find_subplan(const void *expression, int number);

// Whether the expression has that very node.
bool has_node(const void *expression, const Node *node);

// The targets for which test() holds.
template <typename Test> Bitmapset *targets(List *list, Test test) {
    Bitmapset *found = nullptr;
    ListCell *cell = nullptr;
    foreach (cell, list) {
        const auto *target = static_cast<const TargetEntry *>(lfirst(cell));
        if (test(target->expr)) found = bms_add_member(found, target->resno);
    }
    return found;
}

// The plans that it reads.
List *children(Plan *plan);

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

// The InitPlan or CTE of that number.
const SubPlan *init_plan(const PlannedStmt *statement, int number);

// Whether it gives exactly one row, whatever the tables have.
bool gives_one_row(Plan *plan);
bool gives_no_second_row(Plan *plan);

bool is_join(Plan *plan);
List *join_clauses(Plan *plan);
List *nest_params(Plan *plan);

// The function of the node that is that expression.
const RangeTblFunction *scanned_function(Plan *plan, const Node *expression);

} // namespace vend
