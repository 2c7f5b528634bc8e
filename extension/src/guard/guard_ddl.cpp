#include "base/prelude.hpp"

#include "guard/guard_ddl.hpp"

#include "base/error_codes.hpp"
#include "binding/registry.hpp"
#include "binding/store_columns.hpp"
#include "core/guard.hpp"
#include "guard/guard.hpp"
#include "setup/ddl.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"

#include <algorithm>
#include <span>

namespace vend {
namespace {

[[noreturn]] void raise_bad_guard(Oid relation, const char *detail) {
    ereport(ERROR, (errcode(errcodes::bad_argument),
                    errmsg("table \"%s\" cannot be guarded like this", relation_label(relation)),
                    errdetail("%s", detail)));
    pg_unreachable();
}

// Opens a table that the caller owns, under the lock that CREATE TRIGGER takes.
Relation open_own(Oid id, LOCKMODE lock) {
    const Oid owner = relation_owner(id);
    if (OidIsValid(owner) && !has_privs_of_role(GetUserId(), owner))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("must be owner of table \"%s\"", relation_label(id))));
    Relation relation = OidIsValid(owner) ? try_relation_open(id, lock) : nullptr;
    if (relation == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table %u does not exist", id)));
    if (relation->rd_rel->relkind != RELKIND_RELATION &&
        relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is not a table", relation_label(id))));
    return relation;
}

// The store of a table, and the rows of the columns that a store may bind in it. Nothing where the table
// belongs to no store.
struct Bound {
    const RegistryRow *store = nullptr;
    std::span<const StoreColumn> columns;
};

Bound bound(Oid relation) {
    ListCell *cell = nullptr;
    foreach (cell, registered_stores()) {
        const auto *row = static_cast<const RegistryRow *>(lfirst(cell));
        if (relation_named(row->item) == relation) return {row, item_columns};
        if (row->wallet != nullptr && relation_named(row->wallet) == relation)
            return {row, wallet_columns};
        if (relation_named(row->ledger) == relation || relation_named(row->delta) == relation)
            raise_bad_guard(relation, psprintf("Nobody but store \"%s\" changes its rows.", row->name));
    }
    return {};
}

// Sales write columns without a look at the guard. A version that they count up can be the guard's.
void require_not_the_engines(const GuardDefinition &definition, const Bound &bound) {
    const auto require = [&](const char *name, auto may_be) {
        for (const StoreColumn &column : bound.columns) {
            const char *bound_name = bound.store->*column.name;
            if (bound_name != nullptr && strcmp(bound_name, name) == 0 && !may_be(column.use))
                raise_bad_guard(definition.relation,
                                psprintf("Column \"%s\" is what a store counts in.", name));
        }
    };
    require(definition.version_column, may_be_version);
    for (const char *column : definition.columns)
        require(column, [](ColumnUse use) { return !is_written_past_triggers(use); });
}

void require_columns(Relation relation, const GuardDefinition &definition) {
    const Oid id = definition.relation;
    if (const char *fault = version_column_fault(relation, definition.version_column))
        raise_bad_guard(id, fault);
    if (definition.columns.empty()) raise_bad_guard(id, "There is no column to guard.");
    for (auto column = definition.columns.begin(); column != definition.columns.end(); ++column) {
        if (const char *fault = guarded_column_fault(relation, *column)) raise_bad_guard(id, fault);
        if (strcmp(*column, definition.version_column) == 0)
            raise_bad_guard(id, psprintf("Column \"%s\" is the version itself.", *column));
        if (std::any_of(definition.columns.begin(), column,
                        [&](const char *other) { return strcmp(other, *column) == 0; }))
            raise_bad_guard(id, psprintf("Column \"%s\" is named twice.", *column));
    }
}

// Partitions of a table get its row triggers. Tables that inherit from it do not.
void warn_of_children(Relation relation) {
    if (relation->rd_rel->relkind == RELKIND_RELATION &&
        find_inheritance_children(RelationGetRelid(relation), NoLock) != NIL)
        ereport(WARNING, (errmsg("tables that inherit from \"%s\" are not guarded with it",
                                 relation_label(RelationGetRelid(relation))),
                          errhint("Call vend.guard_version() for each of them.")));
}

void create_guard(const char *table, const GuardDefinition &definition, bool is_before) {
    StringInfoData arguments;
    initStringInfo(&arguments);
    appendStringInfo(&arguments, "%s, %s", quote_literal_cstr(definition.version_column),
                     quote_literal_cstr(definition.convention));
    for (const char *column : definition.columns)
        appendStringInfo(&arguments, ", %s", quote_literal_cstr(column));
    create_trigger(table, guard_trigger, is_before ? "BEFORE UPDATE" : "AFTER UPDATE", "ROW",
                   trigger_functions::guard, arguments.data);
}

} // namespace

void guard_table(const GuardDefinition &definition) {
    if (!convention_from(definition.convention))
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("unknown convention \"%s\"", definition.convention),
                        errhint("Use read or next.")));
    const Oid function = trigger_function(trigger_functions::guard);
    Relation relation = open_own(definition.relation, ShareRowExclusiveLock);
    if (guard_of(relation, function, true) != nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_DUPLICATE_OBJECT),
                 errmsg("table \"%s\" has a version guard already", relation_label(definition.relation)),
                 errhint("Take it off first with vend.unguard_version().")));
    require_columns(relation, definition);
    const Bound store = bound(definition.relation);
    require_not_the_engines(definition, store);
    // A row that moves to another partition fires no AFTER UPDATE trigger.
    if (store.store != nullptr && relation->rd_rel->relispartition)
        raise_bad_guard(definition.relation, "It is a partition, and a table of a store.");
    warn_of_children(relation);
    const char *table = quoted_relation_name(relation);
    // A BEFORE trigger makes each UPDATE lock the row first, and each sale is an UPDATE. PostgreSQL
    // locks rows of partitions first in any case, since they may move.
    const bool is_before =
        store.store == nullptr || relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    relation_close(relation, NoLock);
    create_guard(table, definition, is_before);
}

void unguard_table(Oid id) {
    const Oid function = trigger_function(trigger_functions::guard);
    Relation relation = open_own(id, AccessExclusiveLock);
    const Trigger *guard = guard_of(relation, function, true);
    if (guard == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("table \"%s\" has no version guard", relation_label(id))));
    const char *trigger = quote_identifier(pstrdup(guard->tgname));
    const char *sql = psprintf("DROP TRIGGER %s ON %s", trigger, quoted_relation_name(relation));
    relation_close(relation, NoLock);
    run_ddl(sql);
}

} // namespace vend
