#pragma once
// The reason for a refusal, in words for people.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"

namespace vend {

char *money_text(const Store &store, Money money);

// One factual sentence, in the current memory context.
const char *explain(const Store &store, const Decision &decision, const SaleTerms &terms,
                    const std::optional<ItemState> &item, const WalletState &wallet,
                    const char *item_name, const char *buyer_name);

struct MovementOutcome;

// Fills in the reason of a refused movement that does not have one yet.
void explain_movement(const Store &store, MemoryContext context, MovementOutcome *outcome);

// Of an amount that the store's type of money cannot hold.
const char *out_of_range_detail(const Store &store);
// Raises 22003 for one.
[[noreturn]] void raise_amount_out_of_range(const Store &store);

// Raises 22003: the stock or balance of a key would leave the range of its type.
[[noreturn]] void raise_overflow(const Store &store, const char *counter, const char *key);

} // namespace vend
