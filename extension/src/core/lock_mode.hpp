#pragma once
// Lock modes: how the stock of an item is protected against concurrent sales.

#include <array>
#include <optional>
#include <string_view>

namespace vend {

enum class LockMode { atomic, pessimistic, optimistic, escrow };

inline constexpr std::array<std::string_view, 4> lock_mode_names{"atomic", "pessimistic", "optimistic",
                                                                 "escrow"};

constexpr std::string_view to_text(LockMode mode) {
    return lock_mode_names[static_cast<std::size_t>(mode)];
}

constexpr std::optional<LockMode> lock_mode_from(std::string_view text) {
    for (std::size_t i = 0; i < lock_mode_names.size(); ++i)
        if (lock_mode_names[i] == text) return static_cast<LockMode>(i);
    return std::nullopt;
}

// The argument of the call decides, else the item's own mode, else the setting.
constexpr LockMode effective_lock_mode(std::optional<LockMode> argument, std::optional<LockMode> of_item,
                                       LockMode setting) {
    return argument.value_or(of_item.value_or(setting));
}

} // namespace vend
