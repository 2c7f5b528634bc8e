#pragma once
// The outcome of a movement other than a sale. Such a movement changes one figure (deposit, withdrawal,
// restock, write-off), moves money between two wallets (transfer), or gives back part of a purchase
// (refund).
//
// Each movement locks the rows that it decides on before it reads them, in the order that all calls
// share: wallets by key, then items by key. A refusal changes nothing. Each raises VN008 for a
// mismatched id and 22003 when a stock or a balance would overflow. A movement without an id gets a new
// one.

#include "base/prelude.hpp"

#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>

namespace vend {

// Texts are allocated in the memory context that was passed to the call.
struct MovementOutcome {
    Verdict verdict = Verdict::accept; // accept: the movement took place
    bool replayed = false;
    const char *detail = nullptr;  // why it was refused
    const char *unknown = nullptr; // the item or wallet that does not exist
    const char *item = nullptr;
    const char *wallet = nullptr; // a transfer: the payer
    const char *payee = nullptr;
    std::optional<Uuid> id;
    std::optional<Quantity> qty;   // positive, also for a withdrawal or transfer
    std::optional<Money> amount;   // positive
    std::optional<Quantity> stock; // the current one
    std::optional<Money> balance;  // the current one; a transfer: the payer's
    std::optional<TimestampTz> at;
};

} // namespace vend
