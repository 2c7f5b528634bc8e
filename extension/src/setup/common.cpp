#include "base/prelude.hpp"

#include "setup/common.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "binding/binding.hpp"
#include "binding/columns.hpp"
#include "binding/number_type.hpp"
#include "setup/companions.hpp"
#include "setup/ddl.hpp"
#include "setup/ownership.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

// Whether the triggers of one stand on rows of the other: they are the same, or one is a partition of
// the other.
bool shares_rows(Oid a, Oid b) {
    const auto is_in = [](Oid partition, Oid table) {
        return get_rel_relispartition(partition) &&
               list_member_oid(get_partition_ancestors(partition), table);
    };
    return a == b || is_in(a, b) || is_in(b, a);
}

// What the names of a row mean, in the order of registry_relations; InvalidOid where that is nothing.
using RelationIds = std::array<Oid, std::size(registry_relations)>;
RelationIds relations_of(const RegistryRow &row) {
    RelationIds ids{};
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (const char *name = row.*registry_relations[i]) ids[i] = relation_named(name);
    return ids;
}

// The type that a text means; none where it means none.
NumberType parsed_money_type(const char *text) {
    Oid type = InvalidOid;
    int32 typmod = -1;
    MemoryContext context = CurrentMemoryContext;
    PG_TRY();
    { compat::parse_type(text, &type, &typmod); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
            ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
            PG_RE_THROW();
        FlushErrorState(); // the transaction fails with the error that follows
        type = InvalidOid;
    }
    PG_END_TRY();
    return number_type_of(type, typmod).value_or(NumberType{});
}

} // namespace

void require_store_name(const char *name) {
    if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("name of a store must have 1 to %d bytes", NAMEDATALEN - 1)));
    // pg_dump leaves these schemas out.
    for (const char *reserved : {"vend", "information_schema"})
        if (strcmp(name, reserved) == 0)
            ereport(ERROR, (errcode(errcodes::bad_argument),
                            errmsg("a store cannot be called \"%s\"", reserved),
                            errdetail("The schema of that name is not the user's.")));
}

void require_direct_writes(const char *direct_writes) {
    if (strcmp(direct_writes, "journal") != 0 && strcmp(direct_writes, "refuse") != 0)
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("unknown direct_writes \"%s\"", direct_writes),
                 errhint("Use journal or refuse.")));
}

void require_buyers(const char *buyers) {
    if (strcmp(buyers, "any") != 0 && strcmp(buyers, "own") != 0)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown buyers \"%s\"", buyers),
                        errhint("Use any, or own: each buyer may then name only the wallet that "
                                "vend.current_buyer holds.")));
}

const char *money_type_sql(const char *money_type) {
    const NumberType money = parsed_money_type(money_type);
    if (money.type != INT8OID && money.type != NUMERICOID)
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("money_type cannot be \"%s\"", money_type),
                 errhint("Use bigint, for the smallest coin, or numeric(p,s) with at most 18 digits.")));
    return format_type_with_typemod(money.type, money.typmod);
}

Oid schema_owner(Oid schema) {
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
    ReleaseSysCache(tuple);
    return owner;
}

// Tables in a schema of somebody else's could be replaced by him.
bool provide_schema(const char *name, Oid owner) {
    const Oid schema = get_namespace_oid(name, true);
    if (!OidIsValid(schema)) {
        run_ddl(psprintf("CREATE SCHEMA %s AUTHORIZATION %s", quote_identifier(name),
                         quote_identifier(GetUserNameFromId(owner, false))));
        return true;
    }
    const Oid theirs = schema_owner(schema);
    if (!has_privs_of_role(GetUserId(), theirs) || !has_privs_of_role(owner, theirs))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("schema \"%s\" belongs to another role", name)));
    return false;
}

Store draft_of(const char *name, Stage stage) {
    Store draft;
    draft.context = CurrentMemoryContext;
    draft.name = const_cast<char *>(name);
    draft.stage = stage;
    return draft;
}

void give_relations(const List *names, Oid owner) {
    ListCell *cell = nullptr;
    foreach (cell, names) {
        const auto *name = static_cast<const char *>(lfirst(cell));
        const Oid id = relation_named(name);
        if (OidIsValid(id) && relation_owner(id) != owner)
            run_ddl(psprintf("ALTER TABLE %s OWNER TO %s", name,
                             quote_identifier(GetUserNameFromId(owner, false))));
    }
}

void require_relations(const RegistryRow &row, Stage stage) {
    for (char *RegistryRow::*const column : registry_relations)
        if (row.*column != nullptr && !OidIsValid(relation_named(row.*column)))
            raise_invalid(draft_of(row.name, stage), psprintf("Table %s does not exist.", row.*column));
}

void require_bindable(const RegistryRow &row, Stage stage) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_vend draft", ALLOCSET_SMALL_SIZES);
    Store draft = draft_of(row.name, stage);
    draft.context = context;
    as_role(relation_owner(relation_named(row.item)), [&] { resolve_binding(row, &draft); });
    MemoryContextDelete(context);
}

void forget_dropped_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) return;
    if (OidIsValid(relation_named(row.item)) || OidIsValid(relation_named(row.ledger)))
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("store \"%s\" already exists", name),
                        errhint("Choose another name, or end it with vend.detach_store().")));
    require_owner_of(row);
    (void)delete_registry(name);
}

void require_unbound(const RegistryRow &row) {
    const RelationIds ours = relations_of(row);
    ListCell *cell = nullptr;
    foreach (cell, registered_stores()) {
        const auto *other = static_cast<const RegistryRow *>(lfirst(cell));
        for (const Oid theirs : relations_of(*other))
            for (std::size_t i = 0; i < ours.size(); ++i)
                if (OidIsValid(theirs) && OidIsValid(ours[i]) && shares_rows(ours[i], theirs))
                    ereport(ERROR,
                            (errcode(ERRCODE_DUPLICATE_OBJECT),
                             errmsg("table %s belongs to store \"%s\"", row.*registry_relations[i],
                                    other->name),
                             errhint("End that store's binding first, with vend.detach_store().")));
    }
}

void take_over(const RegistryRow &row) {
    require_owner_of(row);
    for (const char *relation : {row.item, row.wallet, row.ledger, row.delta})
        if (relation != nullptr && OidIsValid(relation_named(relation)))
            run_ddl(psprintf("LOCK TABLE %s", relation));
    forget_dropped_store(row.name); // somebody else may have bound them while this call waited
    require_unbound(row);
    drop_triggers(row);
}

} // namespace vend
