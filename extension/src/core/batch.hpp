#pragma once
// The decisions on many requests at once, in the order of their arrival: each falls as if the ones
// before it had been made one by one. Pure arithmetic on what was read and locked, which the decisions
// change as they fall; what is left at the end is what has to be written.

#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/identity.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <span>

namespace vend {

// Items, wallets and ids are known by their places in the state. Each key that is asked for has a place
// of its own, whether there is such a row or not; none: nothing was given.
inline constexpr int none = -1;

// An item or wallet that an id was recorded for. Its row may have another key by now, and both be asked
// for.
struct Party {
    int then = none; // the place of the key that was recorded
    int now = none;  // of the one that the row has since

    constexpr Party() = default;
    constexpr Party(int place) : then(place) {} // NOLINT(google-explicit-constructor)
    friend constexpr bool operator==(const Party &, const Party &) = default;
    friend constexpr bool operator==(const Party &party, int place) {
        return place == party.then || (place != none && place == party.now);
    }
};

// What an id was recorded for.
struct UsedId {
    enum class Kind { purchase, refusal, transfer, voided, other };
    Kind kind = Kind::other;
    Party item{};
    Party wallet{}; // of a transfer: the payer
    Party payee{};
    Quantity qty{};
    Money amount{};                          // of a purchase or transfer
    Verdict refusal = Verdict::unknown_item; // the one that is remembered
    int request = none;                      // of this batch; none: it was recorded before
};

struct BatchState {
    std::span<std::optional<ItemState>> items;
    std::span<WalletState> wallets;
    std::span<std::optional<UsedId>> ids;
};

enum class Answer {
    decided,
    replayed,   // the id was recorded for this very request
    mismatched, // the id was recorded for another one
};

struct BatchDecision {
    Answer answer = Answer::decided;
    Decision decision; // of a replay: the verdict that was recorded
    Difference mismatch = Difference::none;
    int replay_of = none; // the request of this batch that recorded the id
    ItemState item;       // as it was when the decision fell
    WalletState wallet;   // likewise, after a sale with what is left
};

struct PurchaseRequest {
    bool is_valid = true; // others are passed over, with the verdict that they are not
    int item = none;
    int wallet = none;
    int id = none;
    SaleTerms terms;
};

// remembers: a refusal under an id is recorded, and so replayed to whoever asks again.
void decide_purchases(const BatchState &state, std::span<const PurchaseRequest> requests, bool remembers,
                      std::span<BatchDecision> decisions);

// All lines, which are valid and have the id to themselves, or none: the place of the line that is
// refused, or none. On a refusal the state is what it was before. The money of a cart must fit the
// column as one sum.
int decide_cart(const BatchState &state, std::span<const PurchaseRequest> lines,
                std::span<BatchDecision> decisions);

struct TransferTerms {
    bool is_valid = true; // as of a purchase
    int payer = none;
    int payee = none; // another one than the payer
    int id = none;
    Money amount{};
    Money balance_max{}; // that a wallet can hold
    bool has_currencies = false;
};

// amount_out_of_range: the payee's wallet has no room for the amount.
void decide_transfers(const BatchState &state, std::span<const TransferTerms> requests,
                      std::span<BatchDecision> decisions);

} // namespace vend
