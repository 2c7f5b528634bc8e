#pragma once
// The decision of a version guard on one UPDATE of one row. A version only goes up, by one at a time. So
// no two states of a row have the same version, and a writer who read an old state is found out.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace vend {

// How an UPDATE says which version it read.
enum class Convention {
    read, // SET version = the version that was read; the guard counts it up
    next, // SET version = the version that was read, plus 1
};

inline constexpr std::array<std::string_view, 2> convention_names{"read", "next"};

constexpr std::string_view to_text(Convention convention) {
    return convention_names[static_cast<std::size_t>(convention)];
}

constexpr std::optional<Convention> convention_from(std::string_view text) {
    for (std::size_t i = 0; i < convention_names.size(); ++i)
        if (convention_names[i] == text) return static_cast<Convention>(i);
    return std::nullopt;
}

struct GuardedUpdate {
    bool is_change = false;   // a guarded column changes
    bool is_assigned = false; // the statement sets the version
    std::int64_t was = 0;     // the row's current version, whatever the client read
    std::optional<std::int64_t> is;
};

enum class GuardVerdict {
    pass,
    count_up, // pass, and the guard counts the version up
    stale,    // the row has moved on
    unstated, // the UPDATE states no version
    blind,    // the UPDATE counts up whatever version it finds
};

// The next version; nothing after the last one.
constexpr std::optional<std::int64_t> next_version(std::int64_t version) {
    if (version == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return version + 1;
}

GuardVerdict decide_guard(Convention convention, const GuardedUpdate &update);

} // namespace vend
