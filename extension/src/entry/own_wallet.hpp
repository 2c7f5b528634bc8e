#pragma once
// Of a store with buyers => 'own': whose wallet a buyer may name. The setting
// vend.current_buyer is for a gateway in front to make; it binds nobody who can run SET himself.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"

#include <optional>

namespace vend {

// The only wallet that the caller may buy for; nothing where he may buy for any. Raises 42501 where the
// setting is empty. Called as the caller, not as the owner.
std::optional<WalletKey> only_wallet_of_caller(Store &store);

// Raises 42501.
void require_wallet(Store &store, std::optional<WalletKey> only, WalletKey buyer);

} // namespace vend
