#pragma once
// A store of tables that are there already.

#include "base/prelude.hpp"

namespace vend {

// Of the columns and of what follows, null says: as it was; of a new store: none, or the usual one.
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
    bool add_columns = false;            // the last three, where the table does not have them
    Oid wallet_key_type = InvalidOid;    // of a store without wallets
    const char *money_type = nullptr;    // of its ledger
    const char *direct_writes = nullptr; // journal, refuse
    const char *buyers = nullptr;        // any, own
};

// Run as the caller, who must own the tables; SPI is connected. Nobody writes to the tables until the
// end of the transaction.
void attach_store(const Attachment &attachment);

// Binds what has become of the tables and columns of a store. An empty name unbinds a column that a
// store can do without.
void reattach_store(const Attachment &attachment);

} // namespace vend
