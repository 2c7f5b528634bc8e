#pragma once
// Making and unmaking a store: its schema, tables and triggers, and its row in the registry.

#include "base/prelude.hpp"

namespace vend {

struct StoreDefinition {
    const char *name = nullptr;
    Oid item_key_type = InvalidOid;
    Oid wallet_key_type = InvalidOid;
    const char *direct_writes = nullptr; // journal, refuse
    bool wallets = true;
    bool prices = true;
    const char *money_type = nullptr; // bigint, numeric(p,s)
};

// Both run as the caller, who becomes or must be the owner; SPI is connected.
void create_store(const StoreDefinition &definition);
void detach_store(const char *name);

// Run as the caller, who must own the store.
void grant_right(const char *store, const char *right, Oid role);
void revoke_right(const char *store, const char *right, Oid role);

} // namespace vend
