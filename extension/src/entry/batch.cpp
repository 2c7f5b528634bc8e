#include "base/prelude.hpp"

#include "engine/batch.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/right.hpp"
#include "core/verdict.hpp"
#include "engine/cart.hpp"
#include "engine/distinct_keys.hpp"
#include "engine/movement.hpp"
#include "engine/sale.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/cart_result.hpp"
#include "entry/movement_result.hpp"
#include "entry/own_wallet.hpp"
#include "entry/raise.hpp"
#include "entry/sale_result.hpp"
#include "rows/call.hpp"
#include "table/subtransaction.hpp"

#include <algorithm>
#include <functional>

namespace vend {
namespace {

// Numbers of the arguments of purchase_many and transfer_many.
enum PurchaseArgument : int {
    arg_items,
    arg_buyers,
    arg_qtys,
    arg_ids,
    arg_max_prices,
    arg_unit_prices,
    arg_sale_amounts,
    arg_batch_remember,
    arg_batch_store,
};
enum TransfersArgument : int {
    arg_payers,
    arg_payees,
    arg_amounts,
    arg_transfer_ids,
    arg_transfers_store,
};

enum CheckoutArgument : int {
    arg_cart_buyer,
    arg_cart_items,
    arg_cart_qtys,
    arg_cart_id,
    arg_cart_max_prices,
    arg_cart_unit_prices,
    arg_cart_amounts,
    arg_cart_store,
};

constexpr std::size_t requests_max = 10000;

using Elements = Arguments::Elements;

// The first array of a batch, which says how many requests there are.
Elements first_array(const Arguments &arguments, int number, const char *name) {
    const Elements elements = arguments.elements(number, name);
    if (elements.values.size() > requests_max)
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many requests in one batch"),
             errdetail("There are %zu, at most %zu are possible.", elements.values.size(), requests_max),
             errhint("Split the batch.")));
    return elements;
}

// Another one, as long as the first.
Elements array_like(const Arguments &arguments, int number, const char *name, const Elements &first) {
    const Elements elements = arguments.elements(number, name);
    if (elements.values.size() != first.values.size())
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("the arrays must be of one length"),
                 errdetail("The first has %zu elements, %s has %zu.", first.values.size(), name,
                           elements.values.size())));
    return elements;
}

// One that may be left out: then it has no values.
Elements optional_array(const Arguments &arguments, int number, const char *name,
                        const Elements &first) {
    return arguments.is_null(number) ? Elements{} : array_like(arguments, number, name, first);
}

// Whether an array is given and says something of any request.
bool has_element(const Arguments &arguments, int number, const char *name) {
    if (arguments.is_null(number)) return false;
    return !std::ranges::all_of(arguments.elements(number, name).nulls, std::identity{});
}

std::optional<Datum> element(const Elements &elements, std::size_t i) {
    if (elements.values.empty()) return std::nullopt;
    return elements.at(i);
}

// Raises what is wrong with the value.
Datum required_element(const Elements &elements, std::size_t i, const char *name) {
    const auto value = element(elements, i);
    if (!value) ereport(ERROR, (errcode(errcodes::null_argument), errmsg("%s must not be null", name)));
    return *value;
}

// Calls read(i) for each request; one that is malformed by itself is told why, and the others go on,
// which costs a subtransaction.
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

// The arrays that say how each sale is meant.
struct TermArrays {
    Elements qtys, max_prices, unit_prices, amounts;
};

SaleTerms terms_at(const TermArrays &arrays, std::size_t i, const Store &store) {
    SaleTerms terms;
    if (!arrays.qtys.values.empty())
        terms.qty = quantity_from(required_element(arrays.qtys, i, "qty"), "qty");
    if (const auto price = element(arrays.max_prices, i))
        terms.max_price = price_from(*price, store.money, "max_price");
    if (const auto price = element(arrays.unit_prices, i))
        terms.unit_price = price_from(*price, store.money, "unit_price");
    if (const auto amount = element(arrays.amounts, i))
        terms.amount = price_from(*amount, store.money, "amount");
    terms.amount_max = Money{store.money.max};
    require_consistent(store, terms);
    return terms;
}

// Raises 22023 for keys that no index of the ledger can hold, which would end the whole batch.
void require_recordable(const KeyType &type, Datum key, std::size_t others_bytes = 0) {
    constexpr std::size_t bytes_max = 2600;
    const std::size_t bytes = key_bytes(type, key).size() + others_bytes;
    if (bytes > bytes_max)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("the keys have %zu bytes together, at most %zu are possible", bytes,
                               bytes_max)));
}

std::span<BatchRequest> purchase_requests(const Arguments &arguments, Store &store, bool remembers) {
    const Elements items = first_array(arguments, arg_items, "items");
    const Elements buyers = array_like(arguments, arg_buyers, "buyers", items);
    const Elements ids = optional_array(arguments, arg_ids, "ids", items);
    const TermArrays arrays{optional_array(arguments, arg_qtys, "qtys", items),
                            optional_array(arguments, arg_max_prices, "max_prices", items),
                            optional_array(arguments, arg_unit_prices, "unit_prices", items),
                            optional_array(arguments, arg_sale_amounts, "amounts", items)};
    const auto requests = new_array<BatchRequest>(items.values.size());
    read_each(requests, [&](std::size_t i) {
        SaleRequest &sale = requests[i].sale;
        if (const auto id = element(ids, i)) sale.id = uuid_from(*id);
        sale.item = key_from_argument(store.item_type, items.type, required_element(items, i, "item"));
        sale.buyer =
            key_from_argument(store.buyer_type, buyers.type, required_element(buyers, i, "buyer"));
        require_recordable(store.item_type, sale.item, key_bytes(store.buyer_type, sale.buyer).size());
        sale.terms = terms_at(arrays, i, store);
        sale.remember = remembers;
        require_id_to_remember(sale);
    });
    return requests;
}

CartRequest cart_request(const Arguments &arguments, Store &store) {
    const Elements items = first_array(arguments, arg_cart_items, "items");
    if (items.values.empty())
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("items must not be empty")));
    const TermArrays arrays{optional_array(arguments, arg_cart_qtys, "qtys", items),
                            optional_array(arguments, arg_cart_max_prices, "max_prices", items),
                            optional_array(arguments, arg_cart_unit_prices, "unit_prices", items),
                            optional_array(arguments, arg_cart_amounts, "amounts", items)};
    const auto lines = new_array<CartLine>(items.values.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        lines[i] = {key_from_argument(store.item_type, items.type, required_element(items, i, "item")),
                    terms_at(arrays, i, store)};
    return {arguments.key(arg_cart_buyer, store.buyer_type, "buyer"), lines,
            arguments.optional_uuid(arg_cart_id)};
}

std::span<BatchTransfer> transfer_requests(const Arguments &arguments, Store &store) {
    const Elements payers = first_array(arguments, arg_payers, "payers");
    const Elements payees = array_like(arguments, arg_payees, "payees", payers);
    const Elements amounts = array_like(arguments, arg_amounts, "amounts", payers);
    const Elements ids = optional_array(arguments, arg_transfer_ids, "ids", payers);
    const auto requests = new_array<BatchTransfer>(payers.values.size());
    read_each(requests, [&](std::size_t i) {
        TransferRequest &transfer = requests[i].transfer;
        if (const auto id = element(ids, i)) transfer.id = uuid_from(*id);
        transfer.payer =
            key_from_argument(store.buyer_type, payers.type, required_element(payers, i, "payer"));
        transfer.payee =
            key_from_argument(store.buyer_type, payees.type, required_element(payees, i, "payee"));
        transfer.amount = amount_from(required_element(amounts, i, "amount"), store.money, "amount");
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
        if (has_element(arguments, arg_unit_prices, "unit_prices") ||
            has_element(arguments, arg_sale_amounts, "amounts"))
            require_right_to_price(store);
        const bool remembers = arguments.boolean(arg_batch_remember, "remember");
        const auto only = only_wallet_of_caller(store);
        as_owner(store, [&] {
            const auto requests = purchase_requests(arguments, store, remembers);
            for (const BatchRequest &request : requests)
                if (request.problem == nullptr) require_wallet(store, only, request.sale.buyer);
            sold.outcomes = sell_many(store, requests, remembers, result_context);
        });
        sold.money = store.money;
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
        as_owner(store, [&] {
            moved.outcomes = transfer_many(store, transfer_requests(arguments, store), result_context);
        });
        moved.money = store.money;
    });
    return moved;
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
        if (has_element(arguments, arg_cart_unit_prices, "unit_prices") ||
            has_element(arguments, arg_cart_amounts, "amounts"))
            require_right_to_price(store);
        const CartRequest request = cart_request(arguments, store);
        require_wallet(store, only_wallet_of_caller(store), request.buyer);
        as_owner(store, [&] { sold.outcome = sell_cart(store, request, result_context); });
        sold.money = store.money;
    });
    return sold;
}

const ReturnSetInfo *result_set(FunctionCallInfo fcinfo) {
    return reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_purchase_many);
VEND_FUNCTION(vend_transfer_many);
VEND_FUNCTION(vend_checkout);
VEND_FUNCTION(vend_try_checkout);

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
