#pragma once
// The rows of vend.store, as text.

#include "base/prelude.hpp"

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
    char *direct_writes = nullptr;
};

// The relation vend.store, or InvalidOid where the extension is not installed.
Oid registry_relation();

// Reads the row of a store in the newest state of the registry, into the current memory context.
bool read_registry(const char *name, RegistryRow *row);

// How many stores there are, and the name of one of them.
int count_stores(char **a_name);

// Changes the registry as its owner; SPI must be connected.
void insert_registry(const RegistryRow &row);
void delete_registry(const char *name);

} // namespace vend
