#pragma once
// What a movement other than a sale answers. Such a movement is one of a single figure (deposit,
// withdraw, restock, write-off), one between two wallets (transfer), or one back from a purchase
// (refund).
//
// Each of them locks before it reads what it decides on, in the order of all calls: wallets by key, then
// the item. A refusal changes nothing. Each raises VN008 for a mismatched id and 22003 when a stock or a
// balance would overflow. Without an id the movement gets a new one.

#include "base/prelude.hpp"

#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>

namespace vend {

// Texts live in the memory context that was given to the call.
struct MovementOutcome {
    Verdict verdict = Verdict::accept; // accept: it took place
    bool replayed = false;
    const char *detail = nullptr;  // why it was refused
    const char *unknown = nullptr; // the item or wallet that does not exist
    const char *item = nullptr;
    const char *wallet = nullptr; // of a transfer: the payer
    const char *payee = nullptr;
    std::optional<Uuid> id;
    std::optional<Quantity> qty;   // positive, of a withdrawal and a transfer too
    std::optional<Money> amount;   // positive
    std::optional<Quantity> stock; // of now
    std::optional<Money> balance;  // of now; of a transfer the payer's
    std::optional<TimestampTz> at;
};

} // namespace vend
