#include "base/prelude.hpp"

#include "engine/journal.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "store/ddl.hpp"

using namespace vend;

VEND_FUNCTION(vend_create_store);
VEND_FUNCTION(vend_detach_store);
VEND_FUNCTION(vend_grant_role);
VEND_FUNCTION(vend_revoke_role);

Datum vend_create_store(PG_FUNCTION_ARGS) {
    require_writable("vend.create_store()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        StoreDefinition definition;
        definition.name = arguments.string(0, "name");
        definition.item_key_type = arguments.oid(1, "item_key_type");
        definition.wallet_key_type = arguments.oid(2, "wallet_key_type");
        definition.direct_writes = arguments.string(3, "direct_writes");
        definition.wallets = arguments.boolean(4, "wallets");
        definition.prices = arguments.boolean(5, "prices");
        definition.money_type = arguments.string(6, "money_type");
        if (!create_store(definition)) return;
        Store &store = open_store(definition.name, {});
        require_definition(store, definition);
        as_owner(store, [&] { journal_differences(store); });
    });
    PG_RETURN_VOID();
}

Datum vend_detach_store(PG_FUNCTION_ARGS) {
    require_writable("vend.detach_store()");
    in_call([&] { detach_store(Arguments(fcinfo).string(0, "name")); });
    PG_RETURN_VOID();
}

Datum vend_grant_role(PG_FUNCTION_ARGS) {
    require_writable("vend.grant_role()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        grant_right(store_name(arguments.optional_string(2)), arguments.string(0, "right"),
                    arguments.oid(1, "role"));
    });
    PG_RETURN_VOID();
}

Datum vend_revoke_role(PG_FUNCTION_ARGS) {
    require_writable("vend.revoke_role()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        revoke_right(store_name(arguments.optional_string(2)), arguments.string(0, "right"),
                     arguments.oid(1, "role"));
    });
    PG_RETURN_VOID();
}
