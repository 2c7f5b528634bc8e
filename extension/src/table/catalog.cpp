#include "base/prelude.hpp"

#include "table/catalog.hpp"

#include <algorithm>

namespace vend {

bool split_relation_name(const char *quoted_name, const char **schema, const char **relation) {
    List *names = NIL;
    if (!SplitIdentifierString(pstrdup(quoted_name), '.', &names) || list_length(names) != 2)
        return false;
    *schema = static_cast<const char *>(linitial(names));
    *relation = static_cast<const char *>(lsecond(names));
    return true;
}

// Does not check USAGE of the schema, as a query would: the caller has rights on the store, not on its
// schema.
Oid relation_named(const char *quoted_name) {
    const char *schema_name = nullptr;
    const char *relation = nullptr;
    if (quoted_name == nullptr || !split_relation_name(quoted_name, &schema_name, &relation))
        return InvalidOid;
    const Oid schema = get_namespace_oid(schema_name, true);
    return OidIsValid(schema) ? get_relname_relid(relation, schema) : InvalidOid;
}

Oid relation_owner(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

char *relation_label(Oid relation) {
    const char *name = get_rel_name(relation);
    if (name == nullptr) return pstrdup("?");
    return psprintf("%s.%s", get_namespace_name(get_rel_namespace(relation)), name);
}

char *quoted_relation_name(Relation relation) {
    return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                      RelationGetRelationName(relation));
}

bool has_columns(Oid relation, std::initializer_list<const char *> columns) {
    return OidIsValid(relation) && std::ranges::all_of(columns, [&](const char *column) {
               return get_attnum(relation, column) > 0;
           });
}

AttrNumber primary_key_column(Relation relation) {
    list_free(RelationGetIndexList(relation)); // sets rd_pkindex
    const Oid id = relation->rd_pkindex;
    if (!OidIsValid(id)) return InvalidAttrNumber;
    Relation index = index_open(id, AccessShareLock);
    AttrNumber column = InvalidAttrNumber;
    if (index->rd_index->indnkeyatts == 1) column = index->rd_index->indkey.values[0];
    index_close(index, AccessShareLock);
    return column;
}

} // namespace vend
