#include "base/prelude.hpp"

#include "binding/rights.hpp"

#include "binding/registry.hpp"
#include "table/catalog.hpp"

#include <algorithm>

namespace vend {

bool has_right(Oid user, Oid role_relation, std::initializer_list<Right> sufficient) {
    return std::ranges::any_of(sufficient, [&](Right right) {
        return pg_attribute_aclcheck(role_relation, right_column(right), user, ACL_SELECT) ==
               ACLCHECK_OK;
    });
}

bool is_permitted(const Store &store, std::initializer_list<Right> sufficient) {
    const Oid user = GetUserId();
    return has_privs_of_role(user, store.binding.owner) ||
           has_right(user, store.binding.role_relation, sufficient);
}

bool is_permitted_unresolved(const char *name, std::initializer_list<Right> sufficient) {
    const RegistryRow row = registered_store(name);
    const Oid role_relation = relation_named(row.role);
    for (const char *bound : {row.item, row.wallet, row.ledger, row.delta}) {
        const Oid owner = bound == nullptr ? InvalidOid : relation_owner(relation_named(bound));
        if (!OidIsValid(owner)) continue;
        return has_privs_of_role(GetUserId(), owner) ||
               (OidIsValid(role_relation) && has_right(GetUserId(), role_relation, sufficient));
    }
    return superuser();
}

} // namespace vend
