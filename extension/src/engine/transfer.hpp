#pragma once
// Moves money from one wallet to another.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "engine/movement_outcome.hpp"
#include "rows/movement.hpp"

#include <optional>

namespace vend {

// A transfer has two lines in the ledger.
inline constexpr int32 payer_line = 0;
inline constexpr int32 payee_line = 1;

// Makes one of the two lines.
Movement transfer_movement(const Uuid &id, int32 line, WalletKey wallet, Money amount, TimestampTz at);

// Raises 55000: the ledger has only one line of the transfer.
[[noreturn]] void raise_half_transfer(const Store &store);

struct TransferRequest {
    WalletKey payer;
    WalletKey payee;
    Money amount{};
    std::optional<Uuid> id;
};
MovementOutcome transfer(Store &store, const TransferRequest &request, MemoryContext result_context);

} // namespace vend
