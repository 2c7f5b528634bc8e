#include "base/prelude.hpp"

#include "binding/meant_store.hpp"

#include "base/error_codes.hpp"
#include "binding/registry.hpp"
#include "binding/rights.hpp"
#include "core/right.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <span>

namespace vend {
namespace {

struct ListedStore {
    char *name = nullptr;
    Oid owner = InvalidOid; // invalid: the store cannot be used
    Oid role_relation = InvalidOid;
    bool has_grants = false; // some role was granted a right on the store
};

struct Listing {
    MemoryContext context = nullptr;
    uint64 as_of = 0;
    std::span<ListedStore> stores;
    // The relations and schemas that the listing was made from, sorted.
    std::span<Oid> relations;
    std::span<uint32> schemas;
    bool has_missing = false; // a name means no relation now, and may mean one after any change
};

Listing *listing = nullptr;
uint64 listing_changes = 1; // counts the changes after which the listing may be wrong
uint64 answer_changes = 1;  // counts the changes after which an answer may be wrong

struct Answer {
    Oid user = InvalidOid;
    uint64 as_of = 0;
    char name[NAMEDATALEN] = {};
};
// The place of an answer follows from the user's oid.
std::array<Answer, 16> answers{};

template <typename Value> bool is_among(std::span<Value> sorted, Value value) {
    return std::ranges::binary_search(sorted, value);
}

void count_listing_change() {
    ++listing_changes;
    ++answer_changes;
}

bool has_column_grants(Oid relation) {
    CatCList *columns = SearchSysCacheList1(ATTNUM, ObjectIdGetDatum(relation));
    bool is_found = false;
    for (int i = 0; i < columns->n_members; ++i)
        is_found =
            is_found || !heap_attisnull(&columns->members[i]->tuple, Anum_pg_attribute_attacl, nullptr);
    ReleaseSysCacheList(columns);
    return is_found;
}

// A listing while it is made.
struct ListingDraft {
    MemoryContext context = nullptr;
    ListedStore *stores = nullptr;
    Oid *relations = nullptr;
    uint32 *schemas = nullptr;
    std::size_t store_count = 0;
    std::size_t relation_count = 0;
    std::size_t schema_count = 0;
    bool has_missing = false;
};

template <typename Value> Value *allocate_values(MemoryContext context, int count) {
    return static_cast<Value *>(
        MemoryContextAllocHuge(context, sizeof(Value) * (static_cast<std::size_t>(count) + 1)));
}

// Finds the oid and the owner of the view with one look-up.
void find_view(const char *quoted_name, ListingDraft *draft, ListedStore *store) {
    const char *schema_name = nullptr;
    const char *name = nullptr;
    if (!split_relation_name(quoted_name, &schema_name, &name)) return;
    const Oid schema = get_namespace_oid(schema_name, true);
    if (!OidIsValid(schema)) return;
    HeapTuple tuple = SearchSysCache2(RELNAMENSP, CStringGetDatum(name), ObjectIdGetDatum(schema));
    if (!HeapTupleIsValid(tuple)) return;
    const auto *form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    store->role_relation = form->oid;
    store->owner = form->relowner;
    ReleaseSysCache(tuple);
    draft->relations[draft->relation_count++] = store->role_relation;
    draft->schemas[draft->schema_count++] = schema_hash(schema);
}

void list_store(const RegistryRow &row, ListingDraft *draft) {
    ListedStore &store = draft->stores[draft->store_count++];
    store = {};
    store.name = MemoryContextStrdup(draft->context, row.name);
    find_view(row.role, draft, &store);
    if (OidIsValid(store.role_relation))
        store.has_grants = has_column_grants(store.role_relation);
    else
        draft->has_missing = true;
}

// Makes a new listing. While there is none, each change counts as a change of it, so no change is
// missed.
void make_listing() {
    if (listing != nullptr) {
        MemoryContext old = listing->context;
        listing = nullptr;
        MemoryContextDelete(old);
    }
    const uint64 as_of = listing_changes;
    const List *rows = registered_roles();
    const int count = list_length(rows);
    ListingDraft draft;
    draft.context = AllocSetContextCreate(CurrentMemoryContext, "pg_vend listing", ALLOCSET_SMALL_SIZES);
    draft.stores = allocate_values<ListedStore>(draft.context, count);
    draft.relations = allocate_values<Oid>(draft.context, count);
    draft.schemas = allocate_values<uint32>(draft.context, count);
    ListCell *cell = nullptr;
    foreach (cell, rows) list_store(*static_cast<const RegistryRow *>(lfirst(cell)), &draft);
    draft.relations[draft.relation_count++] = registry_relation();

    auto *made = new (MemoryContextAlloc(draft.context, sizeof(Listing))) Listing;
    made->context = draft.context;
    made->as_of = as_of;
    made->stores = {draft.stores, draft.store_count};
    made->relations = {draft.relations, draft.relation_count};
    made->schemas = {draft.schemas, draft.schema_count};
    made->has_missing = draft.has_missing;
    std::ranges::sort(made->relations);
    std::ranges::sort(made->schemas);
    MemoryContextSetParent(draft.context, CacheMemoryContext);
    listing = made;
}

// Whether the user may use the store, judged without resolving it. The view has the same owner as the
// tables, so the answer is right even for a store whose tables are broken.
bool is_usable(const ListedStore &store, Oid user) {
    if (!OidIsValid(store.owner)) return false;
    if (has_privs_of_role(user, store.owner)) return true;
    return store.has_grants &&
           has_right(user, store.role_relation,
                     {Right::buyer, Right::cashier, Right::stock_keeper, Right::auditor});
}

// The only store, or the only one of several that the user can use. So a call does not become ambiguous
// because somebody else makes a store.
const char *only_usable_store(Oid user) {
    if (listing == nullptr || listing->as_of != listing_changes) make_listing();
    const std::span<ListedStore> stores = listing->stores;
    if (stores.empty())
        ereport(ERROR, (errcode(errcodes::unknown_store), errmsg("there is no store"),
                        errhint("Make one with vend.create_store().")));
    if (stores.size() == 1) return stores[0].name;
    const char *usable = nullptr;
    int count = 0;
    for (const ListedStore &store : stores) {
        if (!is_usable(store, user)) continue;
        usable = store.name;
        ++count;
    }
    if (count == 0)
        ereport(ERROR, (errcode(errcodes::not_permitted), errmsg("permission denied for every store"),
                        errhint("The owner of a store gives rights with vend.grant_role().")));
    if (count > 1)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("it is not clear which store is meant"),
                        errdetail("The caller can use %d of %d stores.", count,
                                  static_cast<int>(stores.size())),
                        errhint("Name one with store => ..., or set vend.default_store.")));
    return usable;
}

} // namespace

const char *only_meant_store() {
    // Changes that were committed before this call count, as if the registry were read.
    AcceptInvalidationMessages();
    const Oid user = GetUserId();
    Answer &known = answers[user % answers.size()];
    if (known.user == user && known.as_of == answer_changes) return pstrdup(known.name);
    const uint64 as_of = answer_changes;
    const char *name = pstrdup(only_usable_store(user));
    if (strlen(name) < NAMEDATALEN) {
        known = {user, as_of};
        (void)strlcpy(known.name, name, NAMEDATALEN);
    }
    return name;
}

void note_changed_relation(Oid relation) {
    if (listing == nullptr || !OidIsValid(relation) || listing->has_missing ||
        is_among(listing->relations, relation))
        count_listing_change();
}

void note_changed_schema(uint32 hash) {
    if (listing == nullptr || hash == 0 || listing->has_missing || is_among(listing->schemas, hash))
        count_listing_change();
}

void note_changed_roles() {
    ++answer_changes;
}

uint32 schema_hash(Oid schema) {
    return GetSysCacheHashValue1(NAMESPACEOID, ObjectIdGetDatum(schema));
}

} // namespace vend
