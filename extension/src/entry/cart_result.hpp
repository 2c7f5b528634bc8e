#pragma once
// Turns the outcome of a cart into a row.

#include "base/prelude.hpp"

#include "batch/cart.hpp"
#include "binding/number_type.hpp"
#include "entry/result.hpp"

namespace vend {

ResultRow cart_receipt_row(FunctionCallInfo fcinfo, const NumberType &money, const CartOutcome &outcome);
ResultRow cart_outcome_row(FunctionCallInfo fcinfo, const NumberType &money, const CartOutcome &outcome);

} // namespace vend
