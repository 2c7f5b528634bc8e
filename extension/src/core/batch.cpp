#include "core/batch.hpp"

#include "core/checked.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"

namespace vend {
namespace {

constexpr WalletState no_such_wallet{WalletState::Kind::unknown};

WalletState wallet_at(const BatchState &state, int place) {
    return place == none ? no_such_wallet : state.wallets[static_cast<std::size_t>(place)];
}

std::optional<ItemState> item_at(const BatchState &state, int place) {
    return place == none ? std::nullopt : state.items[static_cast<std::size_t>(place)];
}

std::optional<UsedId> *id_at(const BatchState &state, int place) {
    return place == none ? nullptr : &state.ids[static_cast<std::size_t>(place)];
}

// A refusal stands for the purchase that was refused, whose price is not recorded.
Identity identity_of(const UsedId &used) {
    switch (used.kind) {
    case UsedId::Kind::purchase:
        return {Kind::purchase, used.qty, used.amount};
    case UsedId::Kind::refusal:
        return {Kind::purchase, used.qty, {}};
    case UsedId::Kind::transfer:
        return {Kind::transfer, {}, used.amount};
    case UsedId::Kind::voided:
        return {Kind::voided, {}, {}};
    case UsedId::Kind::other:
        break;
    }
    return {};
}

Difference difference_from(const UsedId &used, const PurchaseRequest &request) {
    const Identity asked{Kind::purchase, request.terms.qty, request.terms.stated_amount()};
    return difference(identity_of(used), asked, [&](PartyOf party) {
        if (party == PartyOf::item) return used.item == request.item;
        return party == PartyOf::payee || used.wallet == request.wallet;
    });
}

Difference difference_from(const UsedId &used, const TransferTerms &request) {
    const Identity asked{Kind::transfer, {}, request.amount};
    return difference(identity_of(used), asked, [&](PartyOf party) {
        if (party == PartyOf::wallet) return used.wallet == request.payer;
        return party == PartyOf::item || used.payee == request.payee;
    });
}

// Whether the id answers the request.
template <typename Request>
bool answer_from(const std::optional<UsedId> *used, const Request &request, BatchDecision *decision) {
    if (used == nullptr || !*used) return false;
    decision->mismatch = difference_from(**used, request);
    decision->answer = decision->mismatch == Difference::none ? Answer::replayed : Answer::mismatched;
    decision->replay_of = (*used)->request;
    if (decision->mismatch == Difference::none && (*used)->kind == UsedId::Kind::refusal)
        decision->decision.verdict = (*used)->refusal;
    return true;
}

void take(const BatchState &state, int place, Quantity qty) {
    ItemState &item = *state.items[static_cast<std::size_t>(place)];
    if (!item.is_unlimited) item.stock.value -= qty.value;
}

void pay(const BatchState &state, int place, Money amount) {
    if (place == none) return;
    WalletState &wallet = state.wallets[static_cast<std::size_t>(place)];
    if (wallet.kind == WalletState::Kind::locked) wallet.balance.value -= amount.value;
}

void decide_one(const BatchState &state, const PurchaseRequest &request, BatchDecision *decision) {
    const auto item = item_at(state, request.item);
    decision->item = item.value_or(ItemState{});
    decision->wallet = wallet_at(state, request.wallet);
    decision->decision = decide_sale(item, decision->wallet, request.terms);
    if (decision->decision.verdict != Verdict::accept) return;
    take(state, request.item, request.terms.qty);
    pay(state, request.wallet, decision->decision.amount);
    decision->wallet = wallet_at(state, request.wallet);
}

} // namespace

void decide_purchases(const BatchState &state, std::span<const PurchaseRequest> requests, bool remembers,
                      std::span<BatchDecision> decisions) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const PurchaseRequest &request = requests[i];
        BatchDecision &decision = decisions[i];
        decision = {};
        if (!request.is_valid) {
            decision.decision.verdict = Verdict::invalid;
            continue;
        }
        std::optional<UsedId> *used = id_at(state, request.id);
        if (answer_from(used, request, &decision)) {
            decision.wallet = wallet_at(state, request.wallet);
            continue;
        }
        decide_one(state, request, &decision);
        const Verdict verdict = decision.decision.verdict;
        if (used == nullptr) continue;
        if (verdict != Verdict::accept && !(remembers && verdict != Verdict::amount_out_of_range))
            continue;
        *used =
            UsedId{.kind = verdict == Verdict::accept ? UsedId::Kind::purchase : UsedId::Kind::refusal,
                   .item = request.item,
                   .wallet = request.wallet,
                   .qty = request.terms.qty,
                   .amount = decision.decision.amount,
                   .refusal = verdict,
                   .request = static_cast<int>(i)};
    }
}

int decide_cart(const BatchState &state, std::span<const PurchaseRequest> lines,
                std::span<BatchDecision> decisions) {
    Money total{};
    int refused = none;
    std::size_t decided = 0;
    for (; decided < lines.size() && refused == none; ++decided) {
        BatchDecision &decision = decisions[decided];
        decision = {};
        decide_one(state, lines[decided], &decision);
        if (decision.decision.verdict == Verdict::accept) {
            const auto sum = checked_add(total, decision.decision.amount);
            if (sum && *sum <= lines[decided].terms.amount_max) {
                total = *sum;
                continue;
            }
            take(state, lines[decided].item, negated(lines[decided].terms.qty));
            pay(state, lines[decided].wallet, negated(decision.decision.amount));
            decision.wallet = wallet_at(state, lines[decided].wallet);
            decision.decision = {.verdict = Verdict::amount_out_of_range,
                                 .unit_price = decision.decision.unit_price,
                                 .amount = {},
                                 .list_price = decision.decision.list_price};
        }
        refused = static_cast<int>(decided);
    }
    if (refused == none) return none;
    for (int i = 0; i < refused; ++i) {
        const PurchaseRequest &line = lines[static_cast<std::size_t>(i)];
        take(state, line.item, negated(line.terms.qty));
        pay(state, line.wallet, negated(decisions[static_cast<std::size_t>(i)].decision.amount));
    }
    return refused;
}

void decide_transfers(const BatchState &state, std::span<const TransferTerms> requests,
                      std::span<BatchDecision> decisions) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const TransferTerms &request = requests[i];
        BatchDecision &decision = decisions[i];
        decision = {};
        if (!request.is_valid) {
            decision.decision.verdict = Verdict::invalid;
            continue;
        }
        std::optional<UsedId> *used = id_at(state, request.id);
        decision.wallet = wallet_at(state, request.payer);
        if (answer_from(used, request, &decision)) continue;
        const WalletState payee = wallet_at(state, request.payee);
        decision.decision.amount = request.amount;
        Verdict &verdict = decision.decision.verdict;
        const auto received = checked_add(payee.balance, request.amount);
        if (decision.wallet.kind != WalletState::Kind::locked || payee.kind != WalletState::Kind::locked)
            verdict = Verdict::unknown_buyer;
        else if (request.has_currencies && !is_one_currency(decision.wallet.currency, payee.currency))
            verdict = Verdict::currency_mismatch;
        else if (!covers(decision.wallet.balance, request.amount))
            verdict = Verdict::insufficient_funds;
        else if (!payee.is_exact || !received || *received > request.balance_max)
            verdict = Verdict::amount_out_of_range;
        if (verdict != Verdict::accept) continue;
        pay(state, request.payer, request.amount);
        pay(state, request.payee, negated(request.amount));
        decision.wallet = wallet_at(state, request.payer);
        if (used != nullptr)
            *used = UsedId{.kind = UsedId::Kind::transfer,
                           .wallet = request.payer,
                           .payee = request.payee,
                           .amount = request.amount,
                           .request = static_cast<int>(i)};
    }
}

} // namespace vend
