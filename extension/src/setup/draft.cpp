#include "base/prelude.hpp"

#include "setup/draft.hpp"

#include "binding/binding.hpp"
#include "binding/columns.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"

namespace vend {

Binding draft_of(const char *name, Stage stage) {
    Binding draft;
    draft.context = CurrentMemoryContext;
    draft.name = const_cast<char *>(name);
    draft.stage = stage;
    return draft;
}

void require_relations(const RegistryRow &row, Stage stage) {
    for (char *RegistryRow::*const column : registry_relations)
        if (row.*column != nullptr && !OidIsValid(relation_named(row.*column)))
            raise_invalid(draft_of(row.name, stage), psprintf("Table %s does not exist.", row.*column));
}

void require_bindable(const RegistryRow &row, Stage stage) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_vend draft", ALLOCSET_SMALL_SIZES);
    Binding draft = draft_of(row.name, stage);
    draft.context = context;
    as_role(relation_owner(relation_named(main_table(row))), [&] { resolve_binding(row, &draft); });
    MemoryContextDelete(context);
}

} // namespace vend
