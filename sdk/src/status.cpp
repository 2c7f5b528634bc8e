#include "status.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace vend {
namespace {

struct status_row {
    status value;
    std::string_view text;
    std::string_view sqlstate;
};

// In the order of the enum.
constexpr std::array statuses{
    status_row{status::purchased, "purchased", ""},
    status_row{status::recorded, "recorded", ""},
    status_row{status::replayed, "replayed", ""},
    status_row{status::unknown_item, "unknown_item", "VN006"},
    status_row{status::conflict, "conflict", "VN004"},
    status_row{status::price_changed, "price_changed", "VN005"},
    status_row{status::not_on_sale, "not_on_sale", "VN012"},
    status_row{status::sold_out, "sold_out", "VN001"},
    status_row{status::all_pending, "all_pending", "VN002"},
    status_row{status::unknown_buyer, "unknown_buyer", "VN007"},
    status_row{status::currency_mismatch, "currency_mismatch", "VN013"},
    status_row{status::insufficient_funds, "insufficient_funds", "VN003"},
    status_row{status::busy, "busy", "55P03"},
    status_row{status::unknown_purchase, "unknown_purchase", "VN009"},
    status_row{status::over_refund, "over_refund", "VN010"},
    status_row{status::invalid, "invalid", "22023"},
    status_row{status::id_mismatch, "id_mismatch", "VN008"},
};

} // namespace

std::string_view to_string(status value) noexcept {
    return statuses[static_cast<std::size_t>(value)].text;
}

status status_from(std::string_view text) {
    const auto *const found = std::ranges::find(statuses, text, &status_row::text);
    if (found == statuses.end())
        throw std::invalid_argument("vend: unknown status \"" + std::string(text) + '"');
    return found->value;
}

std::string_view sqlstate_of(status refusal) noexcept {
    return statuses[static_cast<std::size_t>(refusal)].sqlstate;
}

std::optional<status> refusal_of(std::string_view sqlstate) noexcept {
    const auto *const found = std::ranges::find(statuses, sqlstate, &status_row::sqlstate);
    if (!sqlstate.starts_with("VN") || found == statuses.end() || found->value == status::id_mismatch)
        return std::nullopt;
    return found->value;
}

refused refused_as(std::string_view function, status refusal, const std::string &detail,
                   const std::optional<uuid> &id, std::optional<int> line) {
    refused failure(refusal,
                    {.sqlstate = std::string(sqlstate_of(refusal)),
                     .severity = "ERROR",
                     .message = std::string(function) + " refused, " + std::string(to_string(refusal)),
                     .detail = detail},
                    line);
    failure.set_call(id, 1, false);
    return failure;
}

} // namespace vend
