#pragma once
// Reads array arguments. Each has an element for each request of a batch, or each line of a cart.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/decision.hpp"
#include "entry/arguments.hpp"

#include <optional>

namespace vend {

using ArrayElements = Arguments::Elements;

// The first array of a batch. Its length is the number of requests. Raises 54000 for too many.
ArrayElements first_array(const Arguments &arguments, int number, const char *name);

// Another array. Raises 2202E unless it is as long as the first.
ArrayElements array_like(const Arguments &arguments, int number, const char *name,
                         const ArrayElements &first);

// An array that the caller may leave out. Then it has no values.
ArrayElements optional_array(const Arguments &arguments, int number, const char *name,
                             const ArrayElements &first);

// Whether the caller passed the array with an element that is not null.
bool has_element(const Arguments &arguments, int number, const char *name);

// The element of a request. Nothing where it is null, or where the caller left the array out.
std::optional<Datum> element(const ArrayElements &elements, std::size_t i);
// Raises 22004 where element() gives nothing.
Datum required_element(const ArrayElements &elements, std::size_t i, const char *name);

// The arrays with the terms of each sale.
struct TermArrays {
    ArrayElements qtys, max_prices, unit_prices, amounts, currencies;
};
// currency: of all lines, or null. The array may have one for each.
SaleTerms terms_at(const TermArrays &arrays, std::size_t i, const Store &store,
                   const char *currency = nullptr);

} // namespace vend
