#pragma once
// The rows of vend.store, as text. Names of relations are read quoted as this session quotes, so that
// they can stand in SQL whoever wrote them.

#include "base/prelude.hpp"

#include <iterator>

namespace vend {

// One column each; null where the row has null.
struct RegistryRow {
    char *name = nullptr;
    char *item = nullptr;
    char *item_key = nullptr;
    char *stock = nullptr;
    char *price = nullptr;
    char *stock_version = nullptr;
    char *version = nullptr;
    char *lock_mode = nullptr;
    char *wallet = nullptr;
    char *wallet_key = nullptr;
    char *balance = nullptr;
    char *ledger = nullptr;
    char *delta = nullptr;
    char *role = nullptr;

    char *direct_writes = nullptr;
    char *buyers = nullptr;
    char *creator = nullptr;
};

// Its columns in the order of the table, which sql/parts/20_registry.sql defines.
inline constexpr char *RegistryRow::*registry_columns[] = {
    &RegistryRow::name,       &RegistryRow::item,      &RegistryRow::item_key,
    &RegistryRow::stock,      &RegistryRow::price,     &RegistryRow::stock_version,
    &RegistryRow::version,    &RegistryRow::lock_mode, &RegistryRow::wallet,
    &RegistryRow::wallet_key, &RegistryRow::balance,   &RegistryRow::ledger,
    &RegistryRow::delta,      &RegistryRow::role,      &RegistryRow::direct_writes,
    &RegistryRow::buyers,     &RegistryRow::creator};

// Of these, the names of relations, quoted and qualified. They are compared as the relations that they
// mean: a text depends on the session that wrote it.
inline constexpr char *RegistryRow::*registry_relations[] = {&RegistryRow::item, &RegistryRow::wallet,
                                                             &RegistryRow::ledger, &RegistryRow::delta,
                                                             &RegistryRow::role};

// The relation vend.store, or InvalidOid where the extension is not installed.
Oid registry_relation();

// Reads the row of a store in the newest state of the registry, into the current memory context.
bool read_registry(const char *name, RegistryRow *row);

// Raises 42704.
[[noreturn]] void raise_unknown_store(const char *name);
// The row of a store in that state. Raises 42704.
RegistryRow registered_store(const char *name);

// Of each store a RegistryRow with its name, and that of its view as it stands in the registry.
List *registered_roles();

// The rows of all stores, each a RegistryRow.
List *registered_stores();

// Makes all sessions resolve their stores anew after this transaction.
void invalidate_registry(Relation registry);

// Changes the registry as its owner; SPI must be connected.
void insert_registry(const RegistryRow &row);
// False when there is no such row any more.
bool delete_registry(const char *name);

} // namespace vend
