#include "base/prelude.hpp"

#include "binding/era_table.hpp"

#include "table/catalog.hpp"

namespace vend {

char *eras_beside(const char *ledger) {
    const char *schema = nullptr;
    const char *relation = nullptr;
    if (!split_relation_name(ledger, &schema, &relation)) return pstrdup(ledger);
    return quote_qualified_identifier(schema, "key_era");
}

bool may_have_reborn_keys(Oid era_relation) {
    const Oid index = get_relname_relid(reborn_index, get_rel_namespace(era_relation));
    Relation relation = OidIsValid(index) ? try_relation_open(index, AccessShareLock) : nullptr;
    if (relation == nullptr) return true;
    // The first block of an index is its metadata. Any entry, committed or not, has added a second
    // block.
    const bool may_have =
        relation->rd_rel->relkind != RELKIND_INDEX || RelationGetNumberOfBlocks(relation) > 1;
    relation_close(relation, NoLock);
    return may_have;
}

void announce_eras(Relation eras) {
    CacheInvalidateRelcache(eras);
    SharedInvalidationMessage message{};
    message.rc.id = SHAREDINVALRELCACHE_ID;
    message.rc.dbId = MyDatabaseId;
    message.rc.relId = RelationGetRelid(eras);
    SendSharedInvalidMessages(&message, 1);
}

} // namespace vend
