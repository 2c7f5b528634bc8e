#pragma once
// A store of new tables, or of those of an earlier one.

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

// Runs as the caller, who becomes or must be the owner; SPI is connected. Tells whether it bound the
// tables of an earlier store, locked against writes until the end of the transaction, instead of making
// new ones.
bool create_store(const StoreDefinition &definition);

// Raises 22023 unless the earlier tables are what the definition says.
void require_definition(const Store &store, const StoreDefinition &definition);

} // namespace vend
