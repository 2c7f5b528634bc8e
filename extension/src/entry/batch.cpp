#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/new_array.hpp"
#include "batch/batch.hpp"
#include "batch/transfer_many.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "core/kind.hpp"
#include "core/right.hpp"
#include "engine/movement_outcome.hpp"
#include "engine/sale.hpp"
#include "engine/transfer.hpp"
#include "entry/arguments.hpp"
#include "entry/arrays.hpp"
#include "entry/call.hpp"
#include "entry/movement_result.hpp"
#include "entry/own_wallet.hpp"
#include "entry/sale_result.hpp"
#include "rows/call.hpp"
#include "table/subtransaction.hpp"

namespace vend {
namespace {

// Numbers of the arguments of purchase_many and of transfer_many.
enum PurchaseArgument : int {
    arg_items,
    arg_buyers,
    arg_qtys,
    arg_ids,
    arg_max_prices,
    arg_unit_prices,
    arg_sale_amounts,
    arg_batch_remember,
    arg_currencies,
    arg_batch_store,
};
enum TransfersArgument : int {
    arg_payers,
    arg_payees,
    arg_amounts,
    arg_transfer_ids,
    arg_transfers_store,
};

// Calls read(i) for each request. A malformed request keeps the error message as its problem, and the
// others go on. Each malformed request costs a subtransaction.
template <typename Request, typename Read> void read_each(std::span<Request> requests, Read read) {
    std::size_t i = 0;
    while (i < requests.size()) {
        ErrorData *error = in_subtransaction([&] {
            for (; i < requests.size(); ++i) read(i);
        });
        if (error == nullptr) return;
        if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION) ReThrowError(error);
        requests[i++].problem = error->message;
    }
}

// Raises 22023 for keys that are too long for an index of the ledger. Recording them would end the
// whole batch.
void require_recordable(const Store &store, ItemKey item, WalletKey buyer) {
    constexpr std::size_t bytes_max = 2600;
    const std::size_t bytes = key_bytes(store.binding.item_type, item).size() +
                              key_bytes(store.binding.buyer_type, buyer).size();
    if (bytes > bytes_max)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("the keys have %zu bytes together, and at most %zu are possible", bytes,
                               bytes_max)));
}

std::span<BatchRequest> purchase_requests(const Arguments &arguments, Store &store, bool remembers) {
    const ArrayElements items = first_array(arguments, arg_items, "items");
    const ArrayElements buyers = array_like(arguments, arg_buyers, "buyers", items);
    const ArrayElements ids = optional_array(arguments, arg_ids, "ids", items);
    const TermArrays arrays{optional_array(arguments, arg_qtys, "qtys", items),
                            optional_array(arguments, arg_max_prices, "max_prices", items),
                            optional_array(arguments, arg_unit_prices, "unit_prices", items),
                            optional_array(arguments, arg_sale_amounts, "amounts", items),
                            optional_array(arguments, arg_currencies, "currencies", items)};
    const auto requests = new_array<BatchRequest>(items.values.size());
    read_each(requests, [&](std::size_t i) {
        SaleRequest &sale = requests[i].sale;
        if (const auto id = element(ids, i)) sale.id = uuid_from(*id);
        sale.item =
            key_from_argument(store.binding.item_type, items.type, required_element(items, i, "item"));
        sale.buyer = key_from_argument(store.binding.buyer_type, buyers.type,
                                       required_element(buyers, i, "buyer"));
        require_recordable(store, sale.item, sale.buyer);
        sale.terms = terms_at(arrays, i, store);
        sale.remember = remembers;
        require_id_to_remember(sale);
    });
    return requests;
}

std::span<BatchTransfer> transfer_requests(const Arguments &arguments, Store &store) {
    const ArrayElements payers = first_array(arguments, arg_payers, "payers");
    const ArrayElements payees = array_like(arguments, arg_payees, "payees", payers);
    const ArrayElements amounts = array_like(arguments, arg_amounts, "amounts", payers);
    const ArrayElements ids = optional_array(arguments, arg_transfer_ids, "ids", payers);
    const auto requests = new_array<BatchTransfer>(payers.values.size());
    read_each(requests, [&](std::size_t i) {
        TransferRequest &transfer = requests[i].transfer;
        if (const auto id = element(ids, i)) transfer.id = uuid_from(*id);
        transfer.payer = key_from_argument(store.binding.buyer_type, payers.type,
                                           required_element(payers, i, "payer"));
        transfer.payee = key_from_argument(store.binding.buyer_type, payees.type,
                                           required_element(payees, i, "payee"));
        transfer.amount =
            amount_from(required_element(amounts, i, "amount"), store.binding.money, "amount");
    });
    return requests;
}

struct SoldMany {
    std::span<SaleOutcome> outcomes;
    NumberType money;
};

SoldMany sell_many_by(FunctionCallInfo fcinfo) {
    require_writable(fcinfo, "vend.purchase_many()");
    MemoryContext result_context = CurrentMemoryContext;
    SoldMany sold;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store =
            open_store(arguments.optional_string(arg_batch_store), {Right::buyer, Right::cashier});
        require_items(store);
        if (has_element(arguments, arg_unit_prices, "unit_prices") ||
            has_element(arguments, arg_sale_amounts, "amounts"))
            require_right_to_price(store);
        const bool remembers = arguments.boolean(arg_batch_remember, "remember");
        const auto only = only_wallet_of_caller(store);
        for_caller(store, [&] {
            const auto requests = purchase_requests(arguments, store, remembers);
            for (const BatchRequest &request : requests)
                if (request.problem == nullptr) require_wallet(store, only, request.sale.buyer);
            sold.outcomes = sell_many(store, requests, remembers, result_context);
        });
        sold.money = store.binding.money;
    });
    return sold;
}

struct MovedMany {
    std::span<MovementOutcome> outcomes;
    NumberType money;
};

MovedMany transfer_many_by(FunctionCallInfo fcinfo) {
    require_writable(fcinfo, "vend.transfer_many()");
    MemoryContext result_context = CurrentMemoryContext;
    MovedMany moved;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(arg_transfers_store), {Right::cashier});
        require_wallets(store);
        for_caller(store, [&] {
            moved.outcomes = transfer_many(store, transfer_requests(arguments, store), result_context);
        });
        moved.money = store.binding.money;
    });
    return moved;
}

const ReturnSetInfo *result_set(FunctionCallInfo fcinfo) {
    return reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_purchase_many);
VEND_FUNCTION(vend_transfer_many);

Datum vend_purchase_many(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const SoldMany sold = sell_many_by(fcinfo);
    for (const SaleOutcome &outcome : sold.outcomes)
        outcome_row(sold.money, outcome).put(result_set(fcinfo));
    return 0;
}

Datum vend_transfer_many(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const MovedMany moved = transfer_many_by(fcinfo);
    for (const MovementOutcome &outcome : moved.outcomes)
        movement_outcome_row(moved.money, Kind::transfer, outcome).put(result_set(fcinfo));
    return 0;
}
