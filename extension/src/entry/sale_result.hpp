#pragma once
// Checks the terms of a sale, and turns its outcome into a row. Single sales, batches and carts share
// these.

#include "base/prelude.hpp"

#include "binding/number_type.hpp"
#include "binding/store.hpp"
#include "core/decision.hpp"
#include "engine/sale.hpp"
#include "entry/result.hpp"

namespace vend {

// Raises 42501 for a caller who may not state the price of a sale. In a store without prices every sale
// states its price.
void require_right_to_price(const Store &store);
// Sets the terms that follow from the store, and the currency that the call states, or null.
void set_store_terms(const Store &store, const char *currency, SaleTerms *terms);
// Raises 22023 for terms that contradict each other or that the store has no columns for.
void require_consistent(const Store &store, const SaleTerms &terms);
// Raises 22023 for remember => true without an id.
void require_id_to_remember(const SaleRequest &request);

ResultRow receipt_row(const NumberType &money, const SaleOutcome &outcome);
ResultRow outcome_row(const NumberType &money, const SaleOutcome &outcome);

} // namespace vend
