#pragma once
// One sale, in any lock mode: read, lock the wallet, decide, claim, debit, record.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/lock_mode.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "table/lock_wait.hpp"

#include <optional>

namespace vend {

struct SaleRequest {
    ItemKey item;
    WalletKey buyer;
    SaleTerms terms;
    std::optional<Uuid> id; // nothing: the sale gets a new one
    std::optional<LockMode> lock_mode;
    LockWait wait;
    bool remember = false;
};

// Texts are allocated in the memory context that was passed to sell().
struct SaleOutcome {
    Verdict verdict = Verdict::accept;
    bool replayed = false; // recorded earlier under this id
    const char *item = nullptr;
    const char *buyer = nullptr;
    const char *detail = nullptr; // why it was refused
    std::optional<Uuid> id;
    std::optional<Quantity> qty;
    std::optional<Money> unit_price;
    std::optional<Money> amount;
    std::optional<Money> balance;
    std::optional<TimestampTz> at;
};

// Sells, replays or refuses. SPI is connected, and the store's owner is the current user. Raises faults
// only: a mismatched id (VN008), an amount out of range (22003), a write that a trigger altered (27000).
SaleOutcome sell(Store &store, const SaleRequest &request, MemoryContext result_context);

} // namespace vend
