#pragma once
// Which wallet a buyer may name in a store with buyers => 'own'. A gateway in front of the buyers sets
// vend.current_buyer. The setting does not bind a caller who can run SET.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"

#include <optional>

namespace vend {

// The only wallet that the caller may buy for, or nothing where the caller may buy for any. Raises 42501
// where the setting is empty. Runs as the caller, not as the owner of the store.
std::optional<WalletKey> only_wallet_of_caller(Store &store);

// Raises 42501 for another wallet.
void require_wallet(Store &store, std::optional<WalletKey> only, WalletKey buyer);

} // namespace vend
