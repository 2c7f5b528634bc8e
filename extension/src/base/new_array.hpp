#pragma once
// Arrays that live as long as the current memory context.

#include "base/prelude.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <type_traits>

namespace vend {

// Values of a type without a destructor, each as it is by default.
template <typename T> std::span<T> new_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an error jumps over destructors");
    auto *values = static_cast<T *>(
        // NOLINTNEXTLINE(bugprone-sizeof-expression) T may be a pointer
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(T) * std::max<std::size_t>(count, 1)));
    std::uninitialized_value_construct_n(values, count);
    return {values, count};
}

} // namespace vend
