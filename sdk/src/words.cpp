#include "words.hpp"

#include <vend/error.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace vend {
namespace {

struct word {
    status value;
    std::string_view text;
    std::string_view sqlstate;
};

constexpr std::array words{
    word{status::purchased, "purchased", ""},
    word{status::recorded, "recorded", ""},
    word{status::replayed, "replayed", ""},
    word{status::unknown_item, "unknown_item", "VN006"},
    word{status::conflict, "conflict", "VN004"},
    word{status::price_changed, "price_changed", "VN005"},
    word{status::sold_out, "sold_out", "VN001"},
    word{status::all_pending, "all_pending", "VN002"},
    word{status::unknown_buyer, "unknown_buyer", "VN007"},
    word{status::insufficient_funds, "insufficient_funds", "VN003"},
    word{status::busy, "busy", "55P03"},
    word{status::unknown_purchase, "unknown_purchase", "VN009"},
    word{status::over_refund, "over_refund", "VN010"},
    word{status::invalid, "invalid", "22023"},
    word{status::id_mismatch, "id_mismatch", "VN008"},
};

std::string whole_message(const diagnostics &fields) {
    return fields.detail.empty() ? fields.message : fields.message + ": " + fields.detail;
}

} // namespace

std::string_view to_string(status value) noexcept {
    return words[static_cast<std::size_t>(value)].text;
}

status status_from(std::string_view text) {
    const auto *const found = std::ranges::find(words, text, &word::text);
    if (found == words.end())
        throw std::invalid_argument("vend: unknown status \"" + std::string(text) + '"');
    return found->value;
}

std::string_view sqlstate_of(status refusal) noexcept {
    return words[static_cast<std::size_t>(refusal)].sqlstate;
}

std::optional<status> refusal_of(std::string_view sqlstate) noexcept {
    const auto *const found = std::ranges::find(words, sqlstate, &word::sqlstate);
    if (!sqlstate.starts_with("VN") || found == words.end() || found->value == status::id_mismatch)
        return std::nullopt;
    return found->value;
}

error::error(vend::diagnostics diagnostics)
    : std::runtime_error(whole_message(diagnostics)), diagnostics_(std::move(diagnostics)) {}

void error::set_call(std::optional<uuid> id, int attempts, bool is_in_doubt) noexcept {
    id_ = id;
    attempts_ = attempts;
    is_in_doubt_ = is_in_doubt;
}

refused::refused(vend::status status, vend::diagnostics diagnostics, std::optional<int> line)
    : error(std::move(diagnostics)), status_(status), line_(line) {}

} // namespace vend
