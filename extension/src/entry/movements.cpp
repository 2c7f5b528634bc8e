#include "base/prelude.hpp"

#include "binding/number_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "core/kind.hpp"
#include "core/right.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "engine/deposit.hpp"
#include "engine/movement_outcome.hpp"
#include "engine/refund.hpp"
#include "engine/replay.hpp"
#include "engine/restock.hpp"
#include "engine/transfer.hpp"
#include "engine/write_off.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/movement_result.hpp"
#include "entry/raise.hpp"
#include "rows/call.hpp"

namespace vend {
namespace {

// Numbers of the arguments: of deposit, withdraw, restock and write_off; of transfer; of refund.
enum FigureArgument : int { arg_key, arg_change, arg_figure_id, arg_figure_store };
enum TransferArgument : int {
    arg_payer,
    arg_payee,
    arg_transfer_amount,
    arg_transfer_id,
    arg_transfer_store
};
enum RefundArgument : int {
    arg_purchase,
    arg_refund_qty,
    arg_refund_id,
    arg_refund_item,
    arg_refund_amount,
    arg_refund_restock,
    arg_refund_store
};

struct Moved {
    MovementOutcome outcome;
    NumberType money;
};

template <typename Request>
MovementOutcome move_as_owner(Store &store,
                              MovementOutcome (*move)(Store &, const Request &, MemoryContext),
                              const Request &request, MemoryContext context) {
    MovementOutcome outcome;
    for_caller(store, [&] { outcome = move(store, request, context); });
    return outcome;
}

MovementOutcome move_money(const Arguments &arguments, Store &store, Kind kind, MemoryContext context) {
    require_wallets(store);
    DepositRequest request;
    request.kind = kind;
    request.wallet = arguments.key(arg_key, store.binding.buyer_type, "wallet");
    request.amount = arguments.money(arg_change, store.binding.money, "amount");
    request.id = arguments.optional_uuid(arg_figure_id);
    return move_as_owner(store, deposit_or_withdraw, request, context);
}

MovementOutcome move_in(const Arguments &arguments, Store &store, MemoryContext context) {
    require_items(store);
    RestockRequest request;
    request.item = arguments.key(arg_key, store.binding.item_type, "item");
    request.qty = arguments.quantity(arg_change, "qty");
    request.id = arguments.optional_uuid(arg_figure_id);
    return move_as_owner(store, restock, request, context);
}

MovementOutcome move_out(const Arguments &arguments, Store &store, MemoryContext context) {
    require_items(store);
    WriteOffRequest request;
    request.item = arguments.key(arg_key, store.binding.item_type, "item");
    request.qty = arguments.quantity(arg_change, "qty");
    request.id = arguments.optional_uuid(arg_figure_id);
    return move_as_owner(store, write_off, request, context);
}

MovementOutcome move_between(const Arguments &arguments, Store &store, MemoryContext context) {
    require_wallets(store);
    TransferRequest request;
    request.payer = arguments.key(arg_payer, store.binding.buyer_type, "payer");
    request.payee = arguments.key(arg_payee, store.binding.buyer_type, "payee");
    request.amount = arguments.money(arg_transfer_amount, store.binding.money, "amount");
    request.id = arguments.optional_uuid(arg_transfer_id);
    return move_as_owner(store, transfer, request, context);
}

MovementOutcome move_back(const Arguments &arguments, Store &store, MemoryContext context) {
    require_items(store);
    RefundRequest request;
    request.purchase = arguments.uuid(arg_purchase, "purchase_id");
    request.qty = arguments.optional_quantity(arg_refund_qty, "qty");
    request.id = arguments.optional_uuid(arg_refund_id);
    if (!arguments.is_null(arg_refund_item))
        request.item = arguments.key(arg_refund_item, store.binding.item_type, "item");
    if (!arguments.is_null(arg_refund_amount))
        request.amount = arguments.money(arg_refund_amount, store.binding.money, "amount");
    request.restock = arguments.boolean(arg_refund_restock, "restock");
    return move_as_owner(store, refund, request, context);
}

Moved move_by(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    require_writable(fcinfo, function);
    MemoryContext context = CurrentMemoryContext;
    int store_number = arg_figure_store;
    if (kind == Kind::transfer) store_number = arg_transfer_store;
    if (kind == Kind::refund) store_number = arg_refund_store;
    Moved moved;
    in_call([&] {
        const Arguments arguments(fcinfo);
        const bool is_of_stock = kind == Kind::restock || kind == Kind::write_off;
        Store &store = open_store(arguments.optional_string(store_number),
                                  {is_of_stock ? Right::stock_keeper : Right::cashier});
        moved.money = store.binding.money;
        if (kind == Kind::transfer)
            moved.outcome = move_between(arguments, store, context);
        else if (kind == Kind::write_off)
            moved.outcome = move_out(arguments, store, context);
        else if (kind == Kind::refund)
            moved.outcome = move_back(arguments, store, context);
        else if (kind == Kind::restock)
            moved.outcome = move_in(arguments, store, context);
        else
            moved.outcome = move_money(arguments, store, kind, context);
    });
    return moved;
}

Datum give_movement(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    const Moved moved = move_by(fcinfo, function, kind);
    const MovementOutcome &outcome = moved.outcome;
    if (outcome.verdict != Verdict::accept)
        raise_refusal(outcome.verdict, outcome.item,
                      outcome.unknown != nullptr ? outcome.unknown : outcome.wallet, outcome.detail);
    return movement_row(moved.money, kind, outcome).row(fcinfo);
}

Datum give_outcome(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    const Moved moved = move_by(fcinfo, function, kind);
    return movement_outcome_row(moved.money, kind, moved.outcome).row(fcinfo);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_deposit);
VEND_FUNCTION(vend_withdraw);
VEND_FUNCTION(vend_try_withdraw);
VEND_FUNCTION(vend_restock);
VEND_FUNCTION(vend_write_off);
VEND_FUNCTION(vend_try_write_off);
VEND_FUNCTION(vend_transfer);
VEND_FUNCTION(vend_try_transfer);
VEND_FUNCTION(vend_refund);
VEND_FUNCTION(vend_try_refund);
VEND_FUNCTION(vend_void_id);

Datum vend_deposit(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.deposit()", Kind::deposit);
}

Datum vend_withdraw(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.withdraw()", Kind::withdrawal);
}

Datum vend_try_withdraw(PG_FUNCTION_ARGS) {
    return give_outcome(fcinfo, "vend.try_withdraw()", Kind::withdrawal);
}

Datum vend_restock(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.restock()", Kind::restock);
}

Datum vend_write_off(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.write_off()", Kind::write_off);
}

Datum vend_try_write_off(PG_FUNCTION_ARGS) {
    return give_outcome(fcinfo, "vend.try_write_off()", Kind::write_off);
}

Datum vend_transfer(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.transfer()", Kind::transfer);
}

Datum vend_try_transfer(PG_FUNCTION_ARGS) {
    return give_outcome(fcinfo, "vend.try_transfer()", Kind::transfer);
}

Datum vend_refund(PG_FUNCTION_ARGS) {
    return give_movement(fcinfo, "vend.refund()", Kind::refund);
}

Datum vend_try_refund(PG_FUNCTION_ARGS) {
    return give_outcome(fcinfo, "vend.try_refund()", Kind::refund);
}

// Any right that may move something suffices: voiding an id takes no more from it than a movement would.
Datum vend_void_id(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.void_id()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(1),
                                  {Right::buyer, Right::cashier, Right::stock_keeper});
        const Uuid id = arguments.uuid(0, "id");
        as_owner(store, [&] { void_id(store, id); });
    });
    PG_RETURN_VOID();
}
