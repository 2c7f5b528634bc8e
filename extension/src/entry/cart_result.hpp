#pragma once
// Carts as rows.

#include "base/prelude.hpp"

#include "binding/number_type.hpp"
#include "engine/cart.hpp"
#include "entry/result.hpp"

namespace vend {

ResultRow cart_receipt_row(FunctionCallInfo fcinfo, const NumberType &money, const CartOutcome &outcome);
ResultRow cart_outcome_row(FunctionCallInfo fcinfo, const NumberType &money, const CartOutcome &outcome);

} // namespace vend
