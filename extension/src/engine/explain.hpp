#pragma once
// Explains a refusal in a sentence.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"

namespace vend {

char *money_text(const Store &store, Money money);

// Returns one factual sentence, allocated in the current memory context.
const char *explain(const Store &store, const Decision &decision, const SaleTerms &terms,
                    const std::optional<ItemState> &item, const WalletState &wallet,
                    const char *item_name, const char *buyer_name);

// Explains why no money can be transferred between two wallets.
const char *explain_transfer_currencies(const std::optional<Currency> &payer,
                                        const std::optional<Currency> &payee);

struct MovementOutcome;

// Sets the detail of a refused movement that has none yet.
void explain_movement(const Store &store, MemoryContext context, MovementOutcome *outcome);

// The detail for an amount that is out of range of the store's money type.
const char *out_of_range_detail(const Store &store);
// Raises 22003 for such an amount.
[[noreturn]] void raise_amount_out_of_range(const Store &store);

// Raises 22003: the stock or balance of this row would leave the range of its column.
[[noreturn]] void raise_overflow(const Store &store, const char *figure, const char *key);

} // namespace vend
