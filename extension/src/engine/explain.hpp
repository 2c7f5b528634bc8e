#pragma once
// The reason for a refusal, in words for people.

#include "base/prelude.hpp"

#include "core/decision.hpp"
#include "store/store.hpp"

namespace vend {

// One factual sentence, in the current memory context.
const char *explain(const Store &store, const Decision &decision, const SaleTerms &terms,
                    const std::optional<ItemState> &item, const WalletState &wallet,
                    const char *item_name, const char *buyer_name);

} // namespace vend
