#pragma once
// Arguments that are arrays, with an element for each request of a batch or each line of a cart.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/decision.hpp"
#include "entry/arguments.hpp"

#include <optional>

namespace vend {

using ArrayElements = Arguments::Elements;

// The first array of a batch, which says how many requests there are.
ArrayElements first_array(const Arguments &arguments, int number, const char *name);

// Another one, as long as the first.
ArrayElements array_like(const Arguments &arguments, int number, const char *name,
                         const ArrayElements &first);

// One that may be left out: then it has no values.
ArrayElements optional_array(const Arguments &arguments, int number, const char *name,
                             const ArrayElements &first);

// Whether an array is given and says something of any request.
bool has_element(const Arguments &arguments, int number, const char *name);

// The element of a request; nothing: it is null, or the array was left out.
std::optional<Datum> element(const ArrayElements &elements, std::size_t i);
// Raises what is wrong with the value.
Datum required_element(const ArrayElements &elements, std::size_t i, const char *name);

// The arrays that say how each sale is meant.
struct TermArrays {
    ArrayElements qtys, max_prices, unit_prices, amounts;
};
SaleTerms terms_at(const TermArrays &arrays, std::size_t i, const Store &store);

} // namespace vend
