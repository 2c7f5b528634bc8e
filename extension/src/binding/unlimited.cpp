#include "base/prelude.hpp"

#include "binding/unlimited.hpp"

namespace vend {

std::optional<Unlimited> unlimited_from(const char *option) {
    if (pg_strcasecmp(option, "null") == 0) return Unlimited{.is_null = true, .stock = {}};
    char *end = nullptr;
    errno = 0;
    const long long stock = strtoll(option, &end, 10);
    if (errno != 0 || end == option || *end != '\0' || stock >= 0) return std::nullopt;
    return Unlimited{.is_null = false, .stock = Quantity{stock}};
}

bool says_unlimited(const Unlimited &unlimited, std::optional<int64> stock) {
    return stock ? unlimited.stock == Quantity{*stock} : unlimited.is_null;
}

} // namespace vend
