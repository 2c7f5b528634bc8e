#include "base/prelude.hpp"

#include "setup/grants.hpp"

#include "base/error_codes.hpp"
#include "binding/registry.hpp"
#include "core/right.hpp"
#include "setup/ddl.hpp"
#include "setup/ownership.hpp"
#include "table/catalog.hpp"

#include <algorithm>

namespace vend {
namespace {

Right right_named(const char *name) {
    const auto right = right_from(name);
    if (!right)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown right \"%s\"", name),
                        errhint("The rights are buyer, cashier, operator and auditor.")));
    return *right;
}

// Reads the store's registry row. Raises 55000 where the view of the rights does not exist.
RegistryRow own_store_with_rights(const char *store) {
    RegistryRow row = own_store(store);
    if (!OidIsValid(relation_named(row.role)))
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("the binding of store \"%s\" is not valid", store),
                        errdetail("View %s does not exist.", row.role),
                        errhint("Undo the change, or end the binding with vend.detach_store().")));
    return row;
}

} // namespace

void grant_right(const char *store, const char *right, Oid role) {
    (void)right_named(right);
    const RegistryRow row = own_store_with_rights(store);
    run_ddl(psprintf("GRANT SELECT (%s) ON %s TO %s", quote_identifier(right), row.role,
                     quote_identifier(GetUserNameFromId(role, false))));
}

void revoke_right(const char *store, const char *right, Oid role) {
    const AttrNumber column = right_column(right_named(right));
    const RegistryRow row = own_store_with_rights(store);
    const char *role_name = GetUserNameFromId(role, false);
    run_ddl(psprintf("REVOKE SELECT (%s) ON %s FROM %s", quote_identifier(right), row.role,
                     quote_identifier(role_name)));
    const Oid view = relation_named(row.role);
    if (!has_privs_of_role(role, relation_owner(view)) &&
        pg_attribute_aclcheck(view, column, role, ACL_SELECT) == ACLCHECK_OK)
        ereport(
            WARNING,
            (errmsg("role \"%s\" still has the right of a %s on store \"%s\"", role_name, right, store),
             errdetail("It has the right from PUBLIC, through another role or from another grantor.")));
}

} // namespace vend
