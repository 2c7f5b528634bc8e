#include "base/prelude.hpp"

#include "setup/ownership.hpp"

#include "base/error_codes.hpp"
#include "table/catalog.hpp"

namespace vend {
namespace {

[[noreturn]] void raise_not_owner(const char *name, const char *detail, const char *hint = nullptr) {
    ereport(ERROR, (errcode(errcodes::not_permitted), errmsg("permission denied for store \"%s\"", name),
                    errdetail("%s", detail), hint == nullptr ? 0 : errhint("%s", hint)));
    pg_unreachable();
}

} // namespace

void require_owner_of(const RegistryRow &row) {
    bool is_left = false;
    for (const char *name : {row.item, row.wallet, row.ledger, row.delta}) {
        const Oid owner = name == nullptr ? InvalidOid : relation_owner(relation_named(name));
        if (!OidIsValid(owner)) continue;
        is_left = true;
        if (!has_privs_of_role(GetUserId(), owner))
            raise_not_owner(row.name, psprintf("Table %s belongs to another role.", name));
    }
    const Oid creator = get_role_oid(row.creator, true);
    if (!is_left && !has_privs_of_role(GetUserId(), ROLE_PG_DATABASE_OWNER) &&
        !(OidIsValid(creator) && has_privs_of_role(GetUserId(), creator)))
        raise_not_owner(row.name,
                        psprintf("Its tables are gone, and it was made by role \"%s\".", row.creator),
                        "That role or the owner of the database ends it with vend.detach_store().");
}

RegistryRow own_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) raise_unknown_store(name);
    require_owner_of(row);
    return row;
}

} // namespace vend
