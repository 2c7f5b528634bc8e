#pragma once
// Makes a store of existing tables.

#include "base/prelude.hpp"

namespace vend {

// null keeps a column or option as it is. In a new store it means none, or the default.
struct Attachment {
    const char *name = nullptr;
    Oid items = InvalidOid;
    const char *item_key = nullptr; // the primary key
    const char *stock = nullptr;
    const char *price = nullptr;
    Oid wallets = InvalidOid;
    const char *wallet_key = nullptr; // the primary key
    const char *balance = nullptr;
    const char *stock_version = nullptr;
    const char *version = nullptr;
    const char *lock_mode = nullptr;
    bool add_columns = false;            // make the last three, where the table does not have them
    Oid wallet_key_type = InvalidOid;    // of a store without wallets
    const char *money_type = nullptr;    // of its ledger
    const char *direct_writes = nullptr; // journal, refuse
    const char *buyers = nullptr;        // any, own
};

// Runs as the caller, who must own the tables; SPI is connected. Locks the tables against writes until
// the end of the transaction.
void attach_store(const Attachment &attachment);

// Binds a store again after its tables or columns have changed. An empty name unbinds an optional
// column.
void reattach_store(const Attachment &attachment);

} // namespace vend
