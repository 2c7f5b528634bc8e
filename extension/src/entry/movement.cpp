#include "base/prelude.hpp"

#include "engine/movement.hpp"

#include "base/error_codes.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/raise.hpp"
#include "entry/result.hpp"

namespace vend {
namespace {

// Numbers of the arguments of deposit and restock.
enum MovementArgument : int { arg_key, arg_change, arg_id, arg_store };

MovementRequest deposit_request(const Arguments &arguments, Store &store) {
    if (!store.has_wallets())
        ereport(ERROR,
                (errcode(errcodes::not_in_state), errmsg("store \"%s\" has no wallets", store.name)));
    MovementRequest request;
    request.kind = Kind::deposit;
    request.key = arguments.key(arg_key, store.buyer_type, "wallet");
    request.amount = arguments.money(arg_change, store.money, "amount");
    request.id = arguments.optional_uuid(arg_id);
    return request;
}

MovementRequest restock_request(const Arguments &arguments, Store &store) {
    MovementRequest request;
    request.kind = Kind::restock;
    request.key = arguments.key(arg_key, store.item_type, "item");
    request.qty = arguments.quantity(arg_change, "qty");
    request.id = arguments.optional_uuid(arg_id);
    return request;
}

// The row of type vend.movement.
Datum movement_row(FunctionCallInfo fcinfo, Kind kind, const MoneyType &money,
                   const MovementOutcome &outcome) {
    const bool is_item = kind == Kind::restock;
    ResultRow result;
    result.add_uuid(outcome.id);
    result.add_text(to_text(kind));
    result.add_optional_text(is_item ? outcome.key : nullptr);
    result.add_optional_text(is_item ? nullptr : outcome.key);
    result.add_quantity(is_item ? std::optional(outcome.qty) : std::nullopt);
    result.add_money(money, is_item ? std::nullopt : std::optional(outcome.amount));
    result.add_quantity(outcome.stock);
    result.add_money(money, outcome.balance);
    result.add_time(outcome.at);
    result.add(BoolGetDatum(outcome.replayed));
    return result.row(fcinfo);
}

template <typename MakeRequest>
Datum move_by(FunctionCallInfo fcinfo, const char *function, Kind kind, MakeRequest make_request) {
    require_writable(function);
    MemoryContext result_context = CurrentMemoryContext;
    MovementOutcome outcome;
    MoneyType money;
    const char *store_name = nullptr;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(arg_store));
        const MovementRequest request = make_request(arguments, store);
        as_owner(store, [&] { outcome = move(store, request, result_context); });
        money = store.money;
        store_name = MemoryContextStrdup(result_context, store.name);
    });
    if (outcome.is_unknown)
        raise_refusal(kind == Kind::restock ? Verdict::unknown_item : Verdict::unknown_buyer,
                      outcome.key, outcome.key,
                      psprintf("Store \"%s\" has no %s \"%s\".", store_name,
                               kind == Kind::restock ? "item" : "wallet", outcome.key));
    return movement_row(fcinfo, kind, money, outcome);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_deposit);
VEND_FUNCTION(vend_restock);

Datum vend_deposit(PG_FUNCTION_ARGS) {
    return move_by(fcinfo, "vend.deposit()", Kind::deposit, deposit_request);
}

Datum vend_restock(PG_FUNCTION_ARGS) {
    return move_by(fcinfo, "vend.restock()", Kind::restock, restock_request);
}
