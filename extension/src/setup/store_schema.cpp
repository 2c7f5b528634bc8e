#include "base/prelude.hpp"

#include "setup/store_schema.hpp"

#include "base/error_codes.hpp"
#include "setup/ddl.hpp"
#include "table/catalog.hpp"

namespace vend {

Oid schema_owner(Oid schema) {
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
    ReleaseSysCache(tuple);
    return owner;
}

// The owner of a schema could replace the tables in it.
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

} // namespace vend
