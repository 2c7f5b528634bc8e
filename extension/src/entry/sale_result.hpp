#pragma once
// What single sales and batches have in common at the surface: what is asked of a request, and the rows
// that answer it.

#include "base/prelude.hpp"

#include "binding/number_type.hpp"
#include "binding/store.hpp"
#include "core/decision.hpp"
#include "engine/sale.hpp"
#include "entry/result.hpp"

namespace vend {

// Raises 42501 for a caller who may not state what a sale costs. In a store without prices every sale
// has to.
void require_right_to_price(const Store &store);
// Raises 22023 for prices that the store does not have, or has itself.
void require_consistent(const Store &store, const SaleTerms &terms);
// Raises 22023 for a memory without an id.
void require_id_to_remember(const SaleRequest &request);

ResultRow receipt_row(const NumberType &money, const SaleOutcome &outcome);
ResultRow outcome_row(const NumberType &money, const SaleOutcome &outcome);

} // namespace vend
