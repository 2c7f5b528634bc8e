#include "base/prelude.hpp"

#include "setup/take_over.hpp"

#include "binding/registry.hpp"
#include "setup/ddl.hpp"
#include "setup/ownership.hpp"
#include "setup/store_triggers.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

// Whether triggers on one table fire for rows of the other: both are one table, or one is a partition of
// the other.
bool shares_rows(Oid a, Oid b) {
    const auto is_in = [](Oid partition, Oid table) {
        return get_rel_relispartition(partition) &&
               list_member_oid(get_partition_ancestors(partition), table);
    };
    return a == b || is_in(a, b) || is_in(b, a);
}

// The relations that a registry row names, in the order of registry_relations. InvalidOid where a name
// means no relation.
using RelationIds = std::array<Oid, std::size(registry_relations)>;
RelationIds relations_of(const RegistryRow &row) {
    RelationIds ids{};
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (const char *name = row.*registry_relations[i]) ids[i] = relation_named(name);
    return ids;
}

} // namespace

void forget_dropped_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) return;
    if (OidIsValid(relation_named(main_table(row))) || OidIsValid(relation_named(row.ledger)))
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
    forget_dropped_store(row.name); // another call may have bound them while this one waited
    require_unbound(row);
    drop_triggers(row);
}

} // namespace vend
