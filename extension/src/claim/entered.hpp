#pragma once

#include "base/prelude.hpp"

#include "claim/claim.hpp"
#include "core/verdict.hpp"
#include "escrow/items.hpp"

namespace vend {

// Whether the sale has entered the item. If not, the claim says why.
inline bool has_entered(EnterResult result, Claim *claim) {
    if (result == EnterResult::busy) claim->decision.verdict = Verdict::busy;
    claim->is_stale = result == EnterResult::closed;
    return result == EnterResult::entered;
}

} // namespace vend
