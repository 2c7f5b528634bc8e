#pragma once
// Makes a store of new tables, or of the tables of an earlier store.

#include "base/prelude.hpp"

#include "binding/store.hpp"

namespace vend {

struct StoreDefinition {
    const char *name = nullptr;
    Oid item_key_type = InvalidOid;
    Oid wallet_key_type = InvalidOid;
    const char *direct_writes = nullptr; // journal, refuse
    bool wallets = true;
    bool prices = true;
    const char *money_type = nullptr; // bigint, numeric(p,s)
    const char *buyers = nullptr;     // any, own
};

// Runs as the caller, who becomes the owner or must be the owner; SPI is connected. Returns true when it
// bound the tables of an earlier store, and false when it made new ones. The tables of an earlier store
// are then locked against writes until the end of the transaction.
bool create_store(const StoreDefinition &definition);

// Raises 22023 unless the tables of the earlier store have the types that the definition says.
void require_definition(const Store &store, const StoreDefinition &definition);

} // namespace vend
