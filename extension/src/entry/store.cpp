#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "binding/open_store.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "binding/store_columns.hpp"
#include "engine/journal.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "rows/call.hpp"
#include "setup/attach_store.hpp"
#include "setup/create_store.hpp"
#include "setup/detach_store.hpp"
#include "setup/grants.hpp"

#include <span>

namespace vend {
namespace {

// Numbers of the arguments of create_store.
enum DefinitionArgument : int {
    define_name,
    define_item_key_type,
    define_wallet_key_type,
    define_direct_writes,
    define_wallets,
    define_prices,
    define_money_type,
    define_buyers,
};

StoreDefinition definition_from(const Arguments &arguments) {
    StoreDefinition definition;
    definition.name = arguments.string(define_name, "name");
    definition.item_key_type = arguments.type(define_item_key_type, "item_key_type");
    definition.wallet_key_type = arguments.type(define_wallet_key_type, "wallet_key_type");
    definition.direct_writes = arguments.string(define_direct_writes, "direct_writes");
    definition.wallets = arguments.boolean(define_wallets, "wallets");
    definition.prices = arguments.boolean(define_prices, "prices");
    definition.money_type = arguments.string(define_money_type, "money_type");
    definition.buyers = arguments.string(define_buyers, "buyers");
    return definition;
}

// These functions have many arguments, so they are found by their names.
const char *optional_string(const Arguments &arguments, const char *name) {
    return arguments.optional_string(arguments.number_of(name));
}

const char *required_string(const Arguments &arguments, const char *name) {
    return arguments.string(arguments.number_of(name), name);
}

bool boolean(const Arguments &arguments, const char *name) {
    return arguments.boolean(arguments.number_of(name), name);
}

void name_columns(const Arguments &arguments, std::span<const StoreColumn> columns, RegistryRow *row) {
    for (const StoreColumn &column : columns)
        if (const char *name = optional_string(arguments, column.argument))
            row->*column.name = pstrdup(name);
}

// What attach_store and reattach_store have in common.
Attachment attachment_from(const Arguments &arguments) {
    Attachment attachment;
    attachment.name = required_string(arguments, "name");
    attachment.items = arguments.optional_table(arguments.number_of("items"));
    attachment.wallets = arguments.optional_table(arguments.number_of("wallets"));
    name_columns(arguments, item_columns, &attachment.columns);
    name_columns(arguments, wallet_columns, &attachment.columns);
    attachment.add_columns = boolean(arguments, "add_columns");
    attachment.unlimited = optional_string(arguments, "unlimited");
    return attachment;
}

// The argument has a default, which means nothing in a store without items.
void require_stock(const Arguments &arguments, Attachment *attachment) {
    const char *stock = required_string(arguments, "stock");
    if (!OidIsValid(attachment->items) && strcmp(stock, "stock") == 0)
        attachment->columns.stock = nullptr;
}

// A trigger may run after a row was written and before the write is journalled. The opening would then
// journal that write a second time.
void require_no_trigger(const char *function) {
    if (DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)) == 0) return;
    ereport(
        ERROR,
        (errcode(errcodes::not_in_state), errmsg("%s cannot be called by a trigger", function),
         errdetail("The statement that fired it may have writes that are not journalled yet, and the "
                   "opening would journal them twice."),
         errhint("Call it in a statement of its own.")));
}

// A statement that is still running has not journalled its writes either: its triggers fire at its end.
void require_no_statement(const Store &store) {
    for (const Oid table : {store.binding.item_table.relation, store.binding.wallet_table.relation}) {
        if (!OidIsValid(table)) continue;
        ListCell *cell = nullptr;
        foreach (cell, find_all_inheritors(table, AccessShareLock, nullptr)) {
            Relation relation = table_open(lfirst_oid(cell), NoLock);
            CheckTableNotInUse(relation, "journal the opening of");
            table_close(relation, NoLock);
        }
    }
}

uint64 journal_opening_of(Store &store) {
    uint64 count = 0;
    as_owner(store, [&] { count = journal_opening(store); });
    return count;
}

void end_lost_keys_of(const char *name) {
    Store &store = open_store(name, {});
    as_owner(store, [&] { end_lost_keys(store); });
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_create_store);
VEND_FUNCTION(vend_attach_store);
VEND_FUNCTION(vend_reattach_store);
VEND_FUNCTION(vend_journal_opening);
VEND_FUNCTION(vend_detach_store);
VEND_FUNCTION(vend_grant_role);
VEND_FUNCTION(vend_revoke_role);

Datum vend_create_store(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.create_store()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        const StoreDefinition definition = definition_from(arguments);
        if (!create_store(definition)) return;
        Store &store = open_store(definition.name, {});
        require_definition(store, definition);
        as_owner(store, [&] {
            end_lost_keys(store);
            journal_differences(store);
        });
    });
    PG_RETURN_VOID();
}

Datum vend_attach_store(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.attach_store()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        Attachment attachment = attachment_from(arguments);
        require_stock(arguments, &attachment);
        attachment.wallet_key_type =
            arguments.optional_type(arguments.number_of("wallet_key_type"), "wallet_key_type");
        attachment.money_type = optional_string(arguments, "money_type");
        attachment.direct_writes = required_string(arguments, "direct_writes");
        attachment.buyers = required_string(arguments, "buyers");
        attachment.rls = required_string(arguments, "rls");
        const bool with_opening = boolean(arguments, "journal_opening");
        attach_store(attachment);
        end_lost_keys_of(attachment.name);
        if (with_opening) (void)journal_opening_of(open_store(attachment.name, {}));
    });
    PG_RETURN_VOID();
}

Datum vend_reattach_store(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.reattach_store()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        Attachment attachment = attachment_from(arguments);
        attachment.direct_writes = optional_string(arguments, "direct_writes");
        attachment.buyers = optional_string(arguments, "buyers");
        attachment.rls = optional_string(arguments, "rls");
        const bool with_opening = boolean(arguments, "journal_opening");
        reattach_store(attachment);
        end_lost_keys_of(attachment.name);
        if (with_opening) (void)journal_opening_of(open_store(attachment.name, {}));
    });
    PG_RETURN_VOID();
}

Datum vend_journal_opening(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.journal_opening()");
    require_no_trigger("vend.journal_opening()");
    uint64 count = 0;
    in_call([&] {
        Store &store = open_store(Arguments(fcinfo).optional_string(0), {});
        require_no_statement(store);
        count = journal_opening_of(store);
    });
    return Int64GetDatum(static_cast<int64>(count));
}

Datum vend_detach_store(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.detach_store()");
    in_call([&] { detach_store(Arguments(fcinfo).string(0, "name")); });
    PG_RETURN_VOID();
}

Datum vend_grant_role(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.grant_role()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        grant_right(store_name(arguments.optional_string(2)), arguments.string(0, "right"),
                    arguments.oid(1, "role"));
    });
    PG_RETURN_VOID();
}

Datum vend_revoke_role(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.revoke_role()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        revoke_right(store_name(arguments.optional_string(2)), arguments.string(0, "right"),
                     arguments.oid(1, "role"));
    });
    PG_RETURN_VOID();
}
