#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "base/new_array.hpp"
#include "batch/cart.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "core/right.hpp"
#include "core/verdict.hpp"
#include "entry/arguments.hpp"
#include "entry/arrays.hpp"
#include "entry/call.hpp"
#include "entry/cart_result.hpp"
#include "entry/own_wallet.hpp"
#include "entry/raise.hpp"
#include "entry/sale_result.hpp"
#include "rows/call.hpp"

namespace vend {
namespace {

// Numbers of the arguments of checkout and try_checkout.
enum CheckoutArgument : int {
    arg_cart_buyer,
    arg_cart_items,
    arg_cart_qtys,
    arg_cart_id,
    arg_cart_max_prices,
    arg_cart_unit_prices,
    arg_cart_amounts,
    arg_cart_currency,
    arg_cart_store,
};

CartRequest cart_request(const Arguments &arguments, Store &store) {
    const ArrayElements items = first_array(arguments, arg_cart_items, "items");
    if (items.values.empty())
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("items must not be empty")));
    const TermArrays arrays{optional_array(arguments, arg_cart_qtys, "qtys", items),
                            optional_array(arguments, arg_cart_max_prices, "max_prices", items),
                            optional_array(arguments, arg_cart_unit_prices, "unit_prices", items),
                            optional_array(arguments, arg_cart_amounts, "amounts", items),
                            {}};
    const char *currency = arguments.optional_string(arg_cart_currency);
    const auto lines = new_array<CartLine>(items.values.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        lines[i] = {
            key_from_argument(store.binding.item_type, items.type, required_element(items, i, "item")),
            terms_at(arrays, i, store, currency)};
    return {arguments.key(arg_cart_buyer, store.binding.buyer_type, "buyer"), lines,
            arguments.optional_uuid(arg_cart_id)};
}

struct SoldCart {
    CartOutcome outcome;
    NumberType money;
};

SoldCart sell_cart_by(FunctionCallInfo fcinfo, const char *function) {
    require_writable(fcinfo, function);
    MemoryContext result_context = CurrentMemoryContext;
    SoldCart sold;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store =
            open_store(arguments.optional_string(arg_cart_store), {Right::buyer, Right::cashier});
        require_items(store);
        if (has_element(arguments, arg_cart_unit_prices, "unit_prices") ||
            has_element(arguments, arg_cart_amounts, "amounts"))
            require_right_to_price(store);
        const CartRequest request = cart_request(arguments, store);
        require_wallet(store, only_wallet_of_caller(store), request.buyer);
        for_caller(store, [&] { sold.outcome = sell_cart(store, request, result_context); });
        sold.money = store.binding.money;
    });
    return sold;
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_checkout);
VEND_FUNCTION(vend_try_checkout);

Datum vend_checkout(PG_FUNCTION_ARGS) {
    const SoldCart sold = sell_cart_by(fcinfo, "vend.checkout()");
    const CartOutcome &outcome = sold.outcome;
    if (outcome.verdict != Verdict::accept)
        raise_refusal(outcome.verdict, outcome.lines[*outcome.refused].item, outcome.buyer,
                      psprintf("Line %zu: %s", *outcome.refused + 1, outcome.detail));
    return cart_receipt_row(fcinfo, sold.money, outcome).row(fcinfo);
}

Datum vend_try_checkout(PG_FUNCTION_ARGS) {
    const SoldCart sold = sell_cart_by(fcinfo, "vend.try_checkout()");
    return cart_outcome_row(fcinfo, sold.money, sold.outcome).row(fcinfo);
}
