#include "base/prelude.hpp"

#include "engine/batch.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "engine/places.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/result.hpp"
#include "entry/sale_result.hpp"
#include "store/subtransaction.hpp"

namespace vend {
namespace {

// Numbers of the arguments of purchase_many.
enum BatchArgument : int {
    arg_items,
    arg_buyers,
    arg_qtys,
    arg_ids,
    arg_max_prices,
    arg_unit_prices,
    arg_remember,
    arg_store,
};

constexpr std::size_t requests_max = 10000;

using Elements = Arguments::Elements;

// The arrays of a batch, all of one length; those that were left out have no values.
struct Arrays {
    Elements items, buyers, qtys, ids, max_prices, unit_prices;
};

// Whatever of it is given must be as long as the first.
Elements elements_as(const Arguments &arguments, int number, const char *name, const Elements &first) {
    if (arguments.is_null(number)) return {};
    const Elements elements = arguments.elements(number, name);
    if (elements.values.size() != first.values.size())
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("the arrays must be of one length"),
                 errdetail("items has %zu elements, %s has %zu.", first.values.size(), name,
                           elements.values.size())));
    return elements;
}

Elements required_as(const Arguments &arguments, int number, const char *name, const Elements &first) {
    (void)arguments.elements(number, name);
    return elements_as(arguments, number, name, first);
}

Arrays arrays_of(const Arguments &arguments) {
    Arrays arrays;
    arrays.items = arguments.elements(arg_items, "items");
    if (arrays.items.values.size() > requests_max)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many requests in one batch"),
                 errdetail("There are %zu, at most %zu are possible.", arrays.items.values.size(),
                           requests_max),
                 errhint("Split the batch.")));
    arrays.buyers = required_as(arguments, arg_buyers, "buyers", arrays.items);
    arrays.qtys = elements_as(arguments, arg_qtys, "qtys", arrays.items);
    arrays.ids = elements_as(arguments, arg_ids, "ids", arrays.items);
    arrays.max_prices = elements_as(arguments, arg_max_prices, "max_prices", arrays.items);
    arrays.unit_prices = elements_as(arguments, arg_unit_prices, "unit_prices", arrays.items);
    return arrays;
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

void read_request(const Arrays &arrays, std::size_t i, Store &store, bool remembers, SaleRequest *sale) {
    sale->item =
        key_from_argument(store.item_type, arrays.items.type, required_element(arrays.items, i, "item"));
    sale->buyer = key_from_argument(store.buyer_type, arrays.buyers.type,
                                    required_element(arrays.buyers, i, "buyer"));
    if (!arrays.qtys.values.empty())
        sale->terms.qty = quantity_from(required_element(arrays.qtys, i, "qty"), "qty");
    if (const auto id = element(arrays.ids, i)) sale->id = uuid_from(*id);
    if (const auto price = element(arrays.max_prices, i))
        sale->terms.max_price = price_from(*price, store.money, "max_price");
    if (const auto price = element(arrays.unit_prices, i))
        sale->terms.unit_price = price_from(*price, store.money, "unit_price");
    sale->terms.amount_max = store.money.max;
    sale->remember = remembers;
    require_consistent(store, *sale);
}

// Each request, or what is wrong with it. An error in the middle costs a subtransaction, so that the
// others go on.
std::span<BatchRequest> read_requests(const Arrays &arrays, Store &store, bool remembers) {
    const auto requests = new_array<BatchRequest>(arrays.items.values.size());
    std::size_t i = 0;
    while (i < requests.size()) {
        ErrorData *error = in_subtransaction([&] {
            for (; i < requests.size(); ++i)
                read_request(arrays, i, store, remembers, &requests[i].sale);
        });
        if (error == nullptr) break;
        if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION) ReThrowError(error);
        requests[i++].problem = error->message;
    }
    return requests;
}

struct SoldMany {
    std::span<SaleOutcome> outcomes;
    MoneyType money;
};

SoldMany sell_many_by(FunctionCallInfo fcinfo) {
    require_writable("vend.purchase_many()");
    MemoryContext result_context = CurrentMemoryContext;
    SoldMany sold;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(arg_store), {Right::buyer, Right::cashier});
        const Arrays arrays = arrays_of(arguments);
        const bool remembers = arguments.boolean(arg_remember, "remember");
        as_owner(store, [&] {
            sold.outcomes =
                sell_many(store, read_requests(arrays, store, remembers), remembers, result_context);
        });
        sold.money = store.money;
    });
    return sold;
}

} // namespace
} // namespace vend

using namespace vend;

VEND_FUNCTION(vend_purchase_many);

Datum vend_purchase_many(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const SoldMany sold = sell_many_by(fcinfo);
    for (const SaleOutcome &outcome : sold.outcomes)
        outcome_row(sold.money, outcome)
            .put(reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo));
    return 0;
}
