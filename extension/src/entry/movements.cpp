#include "base/prelude.hpp"

#include "engine/movement.hpp"

#include "base/error_codes.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/raise.hpp"
#include "entry/result.hpp"

namespace vend {
namespace {

// Numbers of the arguments: of deposit, withdraw and restock; of transfer; of refund.
enum CounterArgument : int { arg_key, arg_change, arg_id, arg_store };
enum TransferArgument : int { arg_payer, arg_payee, arg_amount, arg_transfer_id, arg_transfer_store };
enum RefundArgument : int { arg_purchase, arg_qty, arg_refund_id, arg_refund_store };

struct Moved {
    Kind kind = Kind::deposit;
    MovementOutcome outcome;
    MoneyType money;
};

void require_wallets(const Store &store) {
    if (!store.has_wallets())
        ereport(ERROR,
                (errcode(errcodes::not_in_state), errmsg("store \"%s\" has no wallets", store.name),
                 errhint("It was made with wallets => false: payment happens elsewhere.")));
}

MovementOutcome move_counter(const Arguments &arguments, Store &store, Kind kind,
                             MemoryContext context) {
    CounterRequest request;
    request.kind = kind;
    if (kind == Kind::restock) {
        request.key = arguments.key(arg_key, store.item_type, "item");
        request.qty = arguments.quantity(arg_change, "qty");
    } else {
        require_wallets(store);
        request.key = arguments.key(arg_key, store.buyer_type, "wallet");
        request.amount = arguments.money(arg_change, store.money, "amount");
    }
    request.id = arguments.optional_uuid(arg_id);
    MovementOutcome outcome;
    as_owner(store, [&] { outcome = change_counter(store, request, context); });
    return outcome;
}

MovementOutcome move_between(const Arguments &arguments, Store &store, MemoryContext context) {
    require_wallets(store);
    TransferRequest request;
    request.payer = arguments.key(arg_payer, store.buyer_type, "payer");
    request.payee = arguments.key(arg_payee, store.buyer_type, "payee");
    request.amount = arguments.money(arg_amount, store.money, "amount");
    request.id = arguments.optional_uuid(arg_transfer_id);
    MovementOutcome outcome;
    as_owner(store, [&] { outcome = transfer(store, request, context); });
    return outcome;
}

MovementOutcome move_back(const Arguments &arguments, Store &store, MemoryContext context) {
    RefundRequest request;
    request.purchase = arguments.uuid(arg_purchase, "purchase_id");
    request.qty = arguments.optional_quantity(arg_qty, "qty");
    request.id = arguments.optional_uuid(arg_refund_id);
    MovementOutcome outcome;
    as_owner(store, [&] { outcome = refund(store, request, context); });
    return outcome;
}

Moved move_by(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    require_writable(function);
    MemoryContext context = CurrentMemoryContext;
    int store_number = arg_store;
    if (kind == Kind::transfer) store_number = arg_transfer_store;
    if (kind == Kind::refund) store_number = arg_refund_store;
    Moved moved;
    moved.kind = kind;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(store_number),
                                  {kind == Kind::restock ? Right::stock_keeper : Right::cashier});
        moved.money = store.money;
        if (kind == Kind::transfer)
            moved.outcome = move_between(arguments, store, context);
        else if (kind == Kind::refund)
            moved.outcome = move_back(arguments, store, context);
        else
            moved.outcome = move_counter(arguments, store, kind, context);
    });
    return moved;
}

// The fields that a movement and its outcome share, from id to at.
void add_common(ResultRow &result, const Moved &moved) {
    const MovementOutcome &outcome = moved.outcome;
    result.add_uuid(outcome.id);
    result.add_text(to_text(moved.kind));
    result.add_optional_text(outcome.item);
    result.add_optional_text(outcome.wallet);
    result.add_optional_text(outcome.payee);
    result.add_quantity(outcome.qty);
    result.add_money(moved.money, outcome.amount);
    result.add_quantity(outcome.stock);
    result.add_money(moved.money, outcome.balance);
    result.add_time(outcome.at);
}

Datum give_movement(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    const Moved moved = move_by(fcinfo, function, kind);
    const MovementOutcome &outcome = moved.outcome;
    if (outcome.verdict != Verdict::sell)
        raise_refusal(outcome.verdict, outcome.item,
                      outcome.unknown != nullptr ? outcome.unknown : outcome.wallet, outcome.detail);
    ResultRow result;
    add_common(result, moved);
    result.add(BoolGetDatum(outcome.replayed));
    return result.row(fcinfo);
}

Datum give_outcome(FunctionCallInfo fcinfo, const char *function, Kind kind) {
    const Moved moved = move_by(fcinfo, function, kind);
    const MovementOutcome &outcome = moved.outcome;
    ResultRow result;
    if (outcome.verdict != Verdict::sell)
        result.add_text(status_of(outcome.verdict));
    else
        result.add_text(outcome.replayed ? "replayed" : "recorded");
    result.add_optional_text(outcome.detail);
    add_common(result, moved);
    return result.row(fcinfo);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_deposit);
VEND_FUNCTION(vend_withdraw);
VEND_FUNCTION(vend_try_withdraw);
VEND_FUNCTION(vend_restock);
VEND_FUNCTION(vend_transfer);
VEND_FUNCTION(vend_try_transfer);
VEND_FUNCTION(vend_refund);
VEND_FUNCTION(vend_try_refund);

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
