#pragma once
// Makes a store of existing tables.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

// null keeps a column or option as it is. In a new store it means none, or the default.
struct Attachment {
    const char *name = nullptr;
    Oid items = InvalidOid;
    Oid wallets = InvalidOid;
    RegistryRow columns;              // those that the call names; the keys default to the primary keys
    bool add_columns = false;         // add stock_version, version and lock_mode where they are missing
    Oid wallet_key_type = InvalidOid; // of a store without wallets
    const char *money_type = nullptr; // of its ledger
    const char *direct_writes = nullptr; // journal, refuse
    const char *buyers = nullptr;        // any, own
    const char *rls = nullptr;           // owner, caller
    const char *unlimited = nullptr;     // null, or a number below 0
};

// Runs as the caller, who must own the tables; SPI is connected. Locks the tables against writes until
// the end of the transaction.
void attach_store(const Attachment &attachment);

// Binds a store again after its tables or columns have changed. An empty name unbinds an optional
// column.
void reattach_store(const Attachment &attachment);

} // namespace vend
