#include "base/prelude.hpp"

#include "entry/arrays.hpp"

#include "base/error_codes.hpp"
#include "entry/sale_result.hpp"

#include <algorithm>
#include <functional>

namespace vend {
namespace {

constexpr std::size_t requests_max = 10000;

} // namespace

ArrayElements first_array(const Arguments &arguments, int number, const char *name) {
    const ArrayElements elements = arguments.elements(number, name);
    if (elements.values.size() > requests_max)
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many requests in one batch"),
             errdetail("There are %zu, at most %zu are possible.", elements.values.size(), requests_max),
             errhint("Split the batch.")));
    return elements;
}

ArrayElements array_like(const Arguments &arguments, int number, const char *name,
                         const ArrayElements &first) {
    const ArrayElements elements = arguments.elements(number, name);
    if (elements.values.size() != first.values.size())
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("the arrays must be of one length"),
                 errdetail("The first has %zu elements, %s has %zu.", first.values.size(), name,
                           elements.values.size())));
    return elements;
}

ArrayElements optional_array(const Arguments &arguments, int number, const char *name,
                             const ArrayElements &first) {
    return arguments.is_null(number) ? ArrayElements{} : array_like(arguments, number, name, first);
}

bool has_element(const Arguments &arguments, int number, const char *name) {
    if (arguments.is_null(number)) return false;
    return !std::ranges::all_of(arguments.elements(number, name).nulls, std::identity{});
}

std::optional<Datum> element(const ArrayElements &elements, std::size_t i) {
    if (elements.values.empty()) return std::nullopt;
    return elements.at(i);
}

Datum required_element(const ArrayElements &elements, std::size_t i, const char *name) {
    const auto value = element(elements, i);
    if (!value) ereport(ERROR, (errcode(errcodes::null_argument), errmsg("%s must not be null", name)));
    return *value;
}

SaleTerms terms_at(const TermArrays &arrays, std::size_t i, const Store &store, const char *currency) {
    SaleTerms terms;
    if (!arrays.qtys.values.empty())
        terms.qty = quantity_from(required_element(arrays.qtys, i, "qty"), "qty");
    if (const auto price = element(arrays.max_prices, i))
        terms.max_price = price_from(*price, store.binding.money, "max_price");
    if (const auto price = element(arrays.unit_prices, i))
        terms.unit_price = price_from(*price, store.binding.money, "unit_price");
    if (const auto amount = element(arrays.amounts, i))
        terms.amount = price_from(*amount, store.binding.money, "amount");
    if (const auto own = element(arrays.currencies, i)) currency = TextDatumGetCString(*own);
    set_store_terms(store, currency, &terms);
    require_consistent(store, terms);
    return terms;
}

} // namespace vend
