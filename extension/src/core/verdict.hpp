#pragma once
// The verdict on a request, and the word that a caller sees for it.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace vend {

// In the order of precedence: where two reasons to refuse apply, the answer gives the first one.
enum class Verdict {
    accept,
    invalid,          // in a batch: the request is malformed
    id_mismatch,      // in a batch: its id was recorded for another request
    unknown_purchase, // no purchase has the id that is to be refunded
    over_refund,      // the refund asks for more than is left of the purchase
    unknown_item,
    stale_version, // the caller expected another version of the item
    price_changed,
    not_on_sale, // the row of the item says no price, or another value that no sale can use
    sold_out,
    all_pending, // too few are left, but pending units may come back
    unknown_buyer,
    currency_mismatch, // the price, or the payee's wallet, is in another currency than the wallet
    insufficient_funds,
    busy,
    lost_race,           // optimistic: each attempt met a concurrent write
    amount_out_of_range, // a fault: qty * unit_price is out of range
};

constexpr bool is_short_of_units(Verdict verdict) {
    return verdict == Verdict::sold_out || verdict == Verdict::all_pending;
}

// The status that a caller sees. Two verdicts share "conflict"; their SQLSTATEs tell them apart.
constexpr std::string_view status_of(Verdict verdict) {
    constexpr std::array<std::string_view, 17> statuses{
        "purchased",    "invalid",       "id_mismatch",       "unknown_purchase",   "over_refund",
        "unknown_item", "conflict",      "price_changed",     "not_on_sale",        "sold_out",
        "all_pending",  "unknown_buyer", "currency_mismatch", "insufficient_funds", "busy",
        "conflict",     "out_of_range"};
    return statuses[static_cast<std::size_t>(verdict)];
}

// The refusal that the ledger remembers under a status. A remembered conflict is always stale_version: a
// retry under the same id gets it again, so it must not look like a conflict that a retry cures.
constexpr std::optional<Verdict> remembered_verdict(std::string_view status) {
    for (Verdict verdict :
         {Verdict::unknown_item, Verdict::stale_version, Verdict::price_changed, Verdict::not_on_sale,
          Verdict::sold_out, Verdict::all_pending, Verdict::unknown_buyer, Verdict::currency_mismatch,
          Verdict::insufficient_funds, Verdict::busy})
        if (status_of(verdict) == status) return verdict;
    return std::nullopt;
}

} // namespace vend
