#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "base/settings.hpp"
#include "binding/number_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "core/lock_mode.hpp"
#include "core/right.hpp"
#include "core/verdict.hpp"
#include "engine/sale.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/own_wallet.hpp"
#include "entry/raise.hpp"
#include "entry/sale_result.hpp"
#include "rows/call.hpp"

namespace vend {
namespace {

// Numbers of the arguments of purchase and try_purchase.
enum SaleArgument : int {
    arg_item,
    arg_buyer,
    arg_qty,
    arg_id,
    arg_lock_mode,
    arg_nowait,
    arg_expected_version,
    arg_max_price,
    arg_unit_price,
    arg_amount,
    arg_remember,
    arg_currency,
    arg_store,
};

std::optional<LockMode> lock_mode_argument(const Arguments &arguments) {
    const char *text = arguments.optional_string(arg_lock_mode);
    if (text == nullptr) return std::nullopt;
    const auto mode = lock_mode_from(text);
    if (!mode)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown lock mode \"%s\"", text),
                        errhint("The lock modes are atomic, pessimistic and optimistic.")));
    if (mode == LockMode::escrow)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("lock_mode of a sale cannot be escrow"),
                        errdetail("An item is in escrow for all its sales or for none."),
                        errhint("vend.set_lock_mode() puts an item into escrow.")));
    return mode;
}

void require_memory(const SaleRequest &request, bool raises) {
    if (request.remember && raises)
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("vend.purchase() cannot remember a refusal"),
                 errdetail("Its error would roll back the record of the refusal."),
                 errhint("Use vend.try_purchase().")));
}

SaleRequest sale_request(const Arguments &arguments, Store &store) {
    SaleRequest request;
    request.item = arguments.key(arg_item, store.binding.item_type, "item");
    request.buyer = arguments.key(arg_buyer, store.binding.buyer_type, "buyer");
    request.terms.qty = arguments.quantity(arg_qty, "qty");
    request.terms.expected_version = arguments.optional_bigint(arg_expected_version);
    request.terms.max_price = arguments.optional_money(arg_max_price, store.binding.money, "max_price");
    request.terms.unit_price =
        arguments.optional_money(arg_unit_price, store.binding.money, "unit_price");
    request.terms.amount = arguments.optional_money(arg_amount, store.binding.money, "amount");
    set_store_terms(store, arguments.optional_string(arg_currency), &request.terms);
    request.id = arguments.optional_uuid(arg_id);
    request.lock_mode = lock_mode_argument(arguments);
    request.wait = {arguments.boolean(arg_nowait, "nowait"), settings::lock_timeout_ms()};
    request.remember = arguments.boolean(arg_remember, "remember");
    return request;
}

struct Sold {
    SaleOutcome outcome;
    NumberType money;
};

Sold sell_by(FunctionCallInfo fcinfo, const char *function, bool raises) {
    require_writable(fcinfo, function);
    MemoryContext result_context = CurrentMemoryContext;
    Sold sold;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(arg_store), {Right::buyer, Right::cashier});
        require_items(store);
        if (!arguments.is_null(arg_unit_price) || !arguments.is_null(arg_amount))
            require_right_to_price(store);
        const SaleRequest request = sale_request(arguments, store);
        require_wallet(store, only_wallet_of_caller(store), request.buyer);
        require_consistent(store, request.terms);
        require_id_to_remember(request);
        require_memory(request, raises);
        for_caller(store, [&] { sold.outcome = sell(store, request, result_context); });
        sold.money = store.binding.money;
    });
    return sold;
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_purchase);
VEND_FUNCTION(vend_try_purchase);

Datum vend_purchase(PG_FUNCTION_ARGS) {
    const Sold sold = sell_by(fcinfo, "vend.purchase()", true);
    const SaleOutcome &outcome = sold.outcome;
    if (outcome.verdict != Verdict::accept)
        raise_refusal(outcome.verdict, outcome.item, outcome.buyer, outcome.detail);
    return receipt_row(sold.money, outcome).row(fcinfo);
}

Datum vend_try_purchase(PG_FUNCTION_ARGS) {
    const Sold sold = sell_by(fcinfo, "vend.try_purchase()", false);
    return outcome_row(sold.money, sold.outcome).row(fcinfo);
}
