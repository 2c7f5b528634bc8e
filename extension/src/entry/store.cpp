#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "binding/open_store.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "engine/journal.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "rows/call.hpp"
#include "setup/attach_store.hpp"
#include "setup/create_store.hpp"
#include "setup/detach_store.hpp"
#include "setup/grants.hpp"

#include <array>

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

// Numbers of the arguments that attach_store and reattach_store share, and of those that only one has.
enum AttachmentArgument : int {
    bind_name,
    bind_items,
    bind_item_key,
    bind_stock,
    bind_price,
    bind_wallets,
    bind_wallet_key,
    bind_balance,
    bind_stock_version,
    bind_version,
    bind_lock_mode,
    bind_add_columns,
    attach_wallet_key_type,
    attach_money_type,
    attach_direct_writes,
    attach_buyers,
    attach_journal_opening,
    reattach_direct_writes = attach_wallet_key_type,
    reattach_buyers,
    reattach_journal_opening,
};

struct ColumnArgument {
    AttachmentArgument number;
    char *RegistryRow::*column;
};
constexpr std::array column_arguments{
    ColumnArgument{bind_item_key, &RegistryRow::item_key},
    ColumnArgument{bind_stock, &RegistryRow::stock},
    ColumnArgument{bind_price, &RegistryRow::price},
    ColumnArgument{bind_wallet_key, &RegistryRow::wallet_key},
    ColumnArgument{bind_balance, &RegistryRow::balance},
    ColumnArgument{bind_stock_version, &RegistryRow::stock_version},
    ColumnArgument{bind_version, &RegistryRow::version},
    ColumnArgument{bind_lock_mode, &RegistryRow::lock_mode},
};

Attachment attachment_from(const Arguments &arguments) {
    Attachment attachment;
    attachment.name = arguments.string(bind_name, "name");
    attachment.items = arguments.optional_table(bind_items);
    attachment.wallets = arguments.optional_table(bind_wallets);
    for (const ColumnArgument &argument : column_arguments)
        if (const char *name = arguments.optional_string(argument.number))
            attachment.columns.*argument.column = pstrdup(name);
    attachment.add_columns = arguments.boolean(bind_add_columns, "add_columns");
    return attachment;
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
        (void)arguments.oid(bind_items, "items");
        (void)arguments.string(bind_stock, "stock");
        attachment.wallet_key_type = arguments.optional_type(attach_wallet_key_type, "wallet_key_type");
        attachment.money_type = arguments.optional_string(attach_money_type);
        attachment.direct_writes = arguments.string(attach_direct_writes, "direct_writes");
        attachment.buyers = arguments.string(attach_buyers, "buyers");
        const bool with_opening = arguments.boolean(attach_journal_opening, "journal_opening");
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
        attachment.direct_writes = arguments.optional_string(reattach_direct_writes);
        attachment.buyers = arguments.optional_string(reattach_buyers);
        const bool with_opening = arguments.boolean(reattach_journal_opening, "journal_opening");
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
