#pragma once
// Pays money into a wallet, or takes money out of it.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "engine/movement_outcome.hpp"

#include <optional>

namespace vend {

struct DepositRequest {
    Kind kind = Kind::deposit; // or withdrawal
    WalletKey wallet;
    Money amount{};
    std::optional<Uuid> id;
};
MovementOutcome deposit_or_withdraw(Store &store, const DepositRequest &request,
                                    MemoryContext result_context);

} // namespace vend
