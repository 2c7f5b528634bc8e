#pragma once
// The rows of vend.store, as text. Names of relations are quoted again when they are read, so that they
// can become part of SQL whoever has written them.

#include "base/prelude.hpp"

#include <iterator>

namespace vend {

// A row of the registry. A null pointer stands for a null.
struct RegistryRow {
    char *name = nullptr;
    char *item = nullptr;
    char *item_key = nullptr;
    char *stock = nullptr;
    char *claimed = nullptr;
    char *reserved = nullptr;
    char *price = nullptr;
    char *stock_version = nullptr;
    char *touch = nullptr;
    char *version = nullptr;
    char *lock_mode = nullptr;
    char *item_currency = nullptr;
    char *unlimited = nullptr; // "null" or a number: the stock of items that are never sold out
    char *wallet = nullptr;
    char *wallet_key = nullptr;
    char *balance = nullptr;
    char *balance_claimed = nullptr;
    char *balance_reserved = nullptr;
    char *balance_version = nullptr;
    char *balance_touch = nullptr;
    char *wallet_currency = nullptr;
    char *ledger = nullptr;
    char *delta = nullptr;
    char *role = nullptr;

    char *direct_writes = nullptr;
    char *buyers = nullptr;
    char *rls = nullptr;
    char *creator = nullptr;
};

// The table whose owner owns the store: the items, or the wallets of a store without items.
inline char *main_table(const RegistryRow &row) {
    return row.item != nullptr ? row.item : row.wallet;
}

// The columns of a row, in the order of the table that sql/parts/20_registry.sql defines.
inline constexpr char *RegistryRow::*registry_columns[] = {&RegistryRow::name,
                                                           &RegistryRow::item,
                                                           &RegistryRow::item_key,
                                                           &RegistryRow::stock,
                                                           &RegistryRow::claimed,
                                                           &RegistryRow::reserved,
                                                           &RegistryRow::price,
                                                           &RegistryRow::stock_version,
                                                           &RegistryRow::touch,
                                                           &RegistryRow::version,
                                                           &RegistryRow::lock_mode,
                                                           &RegistryRow::item_currency,
                                                           &RegistryRow::unlimited,
                                                           &RegistryRow::wallet,
                                                           &RegistryRow::wallet_key,
                                                           &RegistryRow::balance,
                                                           &RegistryRow::balance_claimed,
                                                           &RegistryRow::balance_reserved,
                                                           &RegistryRow::balance_version,
                                                           &RegistryRow::balance_touch,
                                                           &RegistryRow::wallet_currency,
                                                           &RegistryRow::ledger,
                                                           &RegistryRow::delta,
                                                           &RegistryRow::role,
                                                           &RegistryRow::direct_writes,
                                                           &RegistryRow::buyers,
                                                           &RegistryRow::rls,
                                                           &RegistryRow::creator};

// The columns that have names of relations, quoted and qualified. Compare such names by the relations
// that they mean: the text depends on the session that wrote it.
inline constexpr char *RegistryRow::*registry_relations[] = {&RegistryRow::item, &RegistryRow::wallet,
                                                             &RegistryRow::ledger, &RegistryRow::delta,
                                                             &RegistryRow::role};

// The relation vend.store, or InvalidOid where the extension is not installed.
Oid registry_relation();

// Reads the row of a store in the newest state of the registry, into the current memory context. False
// when there is no such row.
bool read_registry(const char *name, RegistryRow *row);

// Raises 42704 for the name.
[[noreturn]] void raise_unknown_store(const char *name);
// Like read_registry(), but raises 42704 when there is no such row.
RegistryRow registered_store(const char *name);

// A RegistryRow for each store, with only the store's name and the name of its view, which is not quoted
// again.
List *registered_roles();

// A complete RegistryRow for each store.
List *registered_stores();

// Makes all sessions compare their stores with the registry after this transaction.
void invalidate_registry(Relation registry);

// Change the registry as its owner. SPI must be connected.
void insert_registry(const RegistryRow &row);
// False when there is no such row.
bool delete_registry(const char *name);

} // namespace vend
