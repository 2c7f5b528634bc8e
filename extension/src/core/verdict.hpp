#pragma once
// What the rules say of an attempt, and the words for it.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace vend {

// In the order of precedence: of two reasons to refuse, the one that stands first is given.
enum class Verdict {
    accept,
    invalid,          // of a batch: a request that makes no sense by itself
    id_mismatch,      // of a batch: its id was recorded for another request
    unknown_purchase, // nothing to refund under that id
    over_refund,      // more than is left of the purchase
    unknown_item,
    stale_version, // the caller's expected_version is not the item's
    price_changed,
    sold_out,
    all_pending, // not enough left, but sales that have not committed may give some back
    unknown_buyer,
    insufficient_funds,
    busy,
    lost_race,           // optimistic: every attempt met somebody else's write
    amount_out_of_range, // not a refusal: qty * unit_price does not exist
};

constexpr bool is_short_of_units(Verdict verdict) {
    return verdict == Verdict::sold_out || verdict == Verdict::all_pending;
}

// The status that a caller sees. Two verdicts share "conflict"; their SQLSTATEs tell them apart.
constexpr std::string_view status_of(Verdict verdict) {
    constexpr std::array<std::string_view, 15> statuses{
        "purchased",   "invalid",      "id_mismatch",   "unknown_purchase",
        "over_refund", "unknown_item", "conflict",      "price_changed",
        "sold_out",    "all_pending",  "unknown_buyer", "insufficient_funds",
        "busy",        "conflict",     "out_of_range"};
    return statuses[static_cast<std::size_t>(verdict)];
}

// The refusal that is remembered under a status. A remembered conflict is final, whatever it was
// when it was recorded: a blind retry hears it again, so it must not look like one that a retry cures.
constexpr std::optional<Verdict> remembered_verdict(std::string_view status) {
    for (Verdict verdict :
         {Verdict::unknown_item, Verdict::stale_version, Verdict::price_changed, Verdict::sold_out,
          Verdict::all_pending, Verdict::unknown_buyer, Verdict::insufficient_funds, Verdict::busy})
        if (status_of(verdict) == status) return verdict;
    return std::nullopt;
}

} // namespace vend
