#include "base/prelude.hpp"

#include "table/plain.hpp"

#include "base/compat.hpp"
#include "table/fired_triggers.hpp"

#include <algorithm>

namespace vend {
namespace {

bool is_users_function(Oid function, void * /*context*/) {
    return function >= FirstNormalObjectId;
}

bool runs_users_code(Node *node, void *context) {
    if (node == nullptr) return false;
    if (check_functions_in_node(node, is_users_function, context)) return true;
    if (IsA(node, CoerceToDomain)) return true;
    if (IsA(node, Var) && reinterpret_cast<Var *>(node)->vartype >= FirstNormalObjectId) return true;
    return compat::walk_expression(node, runs_users_code, context);
}

// Whether the type comes with functions of a user. Enums do not.
bool is_users_type(Oid type) {
    return type >= FirstNormalObjectId && !type_is_enum(type);
}

// Whether the expression runs no code of a user and is immutable. Code of a user could call pg_vend from
// within the write, and the compiled checks of a table are shared by all of its writes.
bool is_harmless(Node *expression) {
    return !runs_users_code(expression, nullptr) && !contain_mutable_functions(expression);
}

bool is_harmless_index(Relation index) {
    for (int i = 0; i < RelationGetDescr(index)->natts; ++i)
        if (is_users_type(TupleDescAttr(RelationGetDescr(index), i)->atttypid)) return false;
    for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); ++i)
        if (index->rd_opfamily[i] >= FirstNormalObjectId) return false;
    return index->rd_index->indimmediate &&
           is_harmless(reinterpret_cast<Node *>(RelationGetIndexExpressions(index))) &&
           is_harmless(reinterpret_cast<Node *>(RelationGetIndexPredicate(index)));
}

template <typename Matches> bool has_index(Relation relation, Matches matches) {
    ListCell *cell = nullptr;
    bool found = false;
    foreach (cell, RelationGetIndexList(relation)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        found = found || matches(index);
        index_close(index, AccessShareLock);
    }
    return found;
}

bool has_users_index(Relation relation) {
    return has_index(relation, [](Relation index) { return !is_harmless_index(index); });
}

Node *check_expression(const ConstrCheck &check) {
    return static_cast<Node *>(stringToNode(check.ccbin));
}

bool has_users_check(const TupleConstr *constraints) {
    for (int i = 0; i < constraints->num_check; ++i)
        if (!is_harmless(check_expression(constraints->check[i]))) return true;
    return false;
}

// Whether a foreign key may point to one of the columns.
bool are_key_columns(Relation relation, std::span<const AttrNumber> columns) {
    Bitmapset *keys = RelationGetIndexAttrBitmap(relation, INDEX_ATTR_BITMAP_KEY);
    const bool found = std::ranges::any_of(columns, [&](AttrNumber column) {
        return column > 0 && bms_is_member(column - FirstLowInvalidHeapAttributeNumber, keys);
    });
    bms_free(keys);
    return found;
}

} // namespace

bool is_plain_table(Relation relation, std::span<const AttrNumber> written,
                    std::span<const Oid> our_functions) {
    if (relation->rd_rules != nullptr || relation->rd_rel->relispartition ||
        relation->rd_rel->relkind != RELKIND_RELATION)
        return false;
    if (are_key_columns(relation, written)) return false;
    for (const AttrNumber column : written)
        if (column > 0 && get_typtype(TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid) ==
                              TYPTYPE_DOMAIN)
            return false; // writing a domain runs its checks
    if (fires_users_trigger(relation, written, our_functions)) return false;
    if (const TupleConstr *constraints = RelationGetDescr(relation)->constr)
        if (compat::has_generated(constraints) || has_users_check(constraints)) return false;
    return !has_users_index(relation);
}

void compile_checks(Table *table, Relation relation, MemoryContext context) {
    const TupleConstr *constraints = RelationGetDescr(relation)->constr;
    if (constraints == nullptr || constraints->num_check == 0) return;
    MemoryContext caller = MemoryContextSwitchTo(context);
    table->checks = static_cast<ExprState **>(palloc0(sizeof(ExprState *) * constraints->num_check));
    for (int i = 0; i < constraints->num_check; ++i)
        if (compat::is_enforced(constraints->check[i]))
            table->checks[i] = ExecInitExpr(
                expression_planner(reinterpret_cast<Expr *>(check_expression(constraints->check[i]))),
                nullptr);
    MemoryContextSwitchTo(caller);
}

bool has_other_unique_index(Relation relation, Oid key_index) {
    return has_index(relation, [&](Relation index) {
        return RelationGetRelid(index) != key_index &&
               (index->rd_index->indisunique || index->rd_index->indisexclusion);
    });
}

TableShape shape_of(Relation relation) {
    const TupleConstr *constraints = RelationGetDescr(relation)->constr;
    return {compat::file_of(relation), RelationGetDescr(relation)->natts,
            constraints == nullptr ? 0 : constraints->num_check,
            relation->trigdesc == nullptr ? 0 : relation->trigdesc->numtriggers,
            relation->rd_rules != nullptr};
}

bool is_same(const TableShape &a, const TableShape &b) {
    return a.file == b.file && a.columns == b.columns && a.checks == b.checks &&
           a.triggers == b.triggers && a.has_rules == b.has_rules;
}

} // namespace vend
