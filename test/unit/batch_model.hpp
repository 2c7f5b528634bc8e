#pragma once
// Batches decided one request at a time on plain maps, and what must be true of every batch. The tests
// by chance and the fuzzer share it.

#include "core/batch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vend::model {

using Wide = __int128; // holds every sum and product of a batch

struct Figures {
    std::vector<std::optional<ItemState>> items;
    std::vector<WalletState> wallets;
    std::vector<std::optional<UsedId>> ids;
};

inline BatchState state_of(Figures &figures) {
    return {figures.items, figures.wallets, figures.ids};
}

struct Case {
    Figures figures;
    bool remembers = false;
    std::vector<PurchaseRequest> purchases; // and the lines of a cart
    std::vector<TransferTerms> transfers;
};

inline bool same(const WalletState &a, const WalletState &b) {
    return a.kind == b.kind && a.balance == b.balance;
}

inline bool same(const std::optional<UsedId> &a, const std::optional<UsedId> &b) {
    if (a.has_value() != b.has_value()) return false;
    return !a ||
           (a->kind == b->kind && a->item == b->item && a->wallet == b->wallet && a->payee == b->payee &&
            a->qty == b->qty && a->amount == b->amount && a->request == b->request &&
            (a->kind != UsedId::Kind::refusal || a->refusal == b->refusal));
}

inline bool same(const Figures &a, const Figures &b) {
    const auto equal = [](const auto &x, const auto &y) { return same(x, y); };
    return a.items == b.items &&
           std::equal(a.wallets.begin(), a.wallets.end(), b.wallets.begin(), b.wallets.end(), equal) &&
           std::equal(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end(), equal);
}

// The items, wallets and ids that exist; none of them has the number none.
struct Books {
    std::map<int, ItemState> items;
    std::map<int, WalletState> wallets;
    std::map<int, UsedId> ids;

    explicit Books(const Figures &figures) {
        for (std::size_t i = 0; i < figures.items.size(); ++i)
            if (figures.items[i]) items.emplace(static_cast<int>(i), *figures.items[i]);
        for (std::size_t i = 0; i < figures.wallets.size(); ++i)
            wallets.emplace(static_cast<int>(i), figures.wallets[i]);
        for (std::size_t i = 0; i < figures.ids.size(); ++i)
            if (figures.ids[i]) ids.emplace(static_cast<int>(i), *figures.ids[i]);
    }

    [[nodiscard]] Figures figures_like(const Figures &before) const {
        Figures after;
        for (std::size_t i = 0; i < before.items.size(); ++i)
            after.items.push_back(item(static_cast<int>(i)));
        for (std::size_t i = 0; i < before.wallets.size(); ++i)
            after.wallets.push_back(wallet(static_cast<int>(i)));
        for (std::size_t i = 0; i < before.ids.size(); ++i) after.ids.push_back(id(static_cast<int>(i)));
        return after;
    }

    [[nodiscard]] std::optional<ItemState> item(int place) const {
        const auto found = items.find(place);
        return found == items.end() ? std::nullopt : std::optional(found->second);
    }

    [[nodiscard]] WalletState wallet(int place) const {
        const auto found = wallets.find(place);
        return found == wallets.end() ? WalletState{WalletState::Kind::unknown, {}} : found->second;
    }

    [[nodiscard]] std::optional<UsedId> id(int place) const {
        const auto found = ids.find(place);
        return found == ids.end() ? std::nullopt : std::optional(found->second);
    }

    [[nodiscard]] bool has_locked(int place) const {
        return wallet(place).kind == WalletState::Kind::locked;
    }
};

inline BatchDecision answer_of(const UsedId &used, const WalletState &wallet, Difference mismatch) {
    BatchDecision answer;
    answer.answer = mismatch == Difference::none ? Answer::replayed : Answer::mismatched;
    answer.mismatch = mismatch;
    answer.replay_of = used.request;
    answer.wallet = wallet;
    if (used.kind == UsedId::Kind::refusal) answer.decision.verdict = used.refusal;
    return answer;
}

inline BatchDecision sell(Books &books, const PurchaseRequest &request) {
    BatchDecision sale;
    sale.item = books.item(request.item).value_or(ItemState{});
    sale.decision = decide_sale(books.item(request.item), books.wallet(request.wallet), request.terms);
    if (sale.decision.verdict == Verdict::accept) {
        books.items.at(request.item).stock.value -= request.terms.qty.value;
        if (books.has_locked(request.wallet))
            books.wallets.at(request.wallet).balance.value -= sale.decision.amount.value;
    }
    sale.wallet = books.wallet(request.wallet);
    return sale;
}

inline BatchDecision passed_over() {
    BatchDecision decision;
    decision.decision.verdict = Verdict::invalid;
    return decision;
}

inline Wide stated_amount(const SaleTerms &terms) {
    return terms.unit_price ? Wide{terms.unit_price->value} * terms.qty.value
                            : Wide{terms.amount->value};
}

inline BatchDecision buy(Books &books, const PurchaseRequest &request, int place, bool remembers) {
    if (!request.is_valid) return passed_over();
    if (const auto used = books.id(request.id)) {
        const bool is_other_kind =
            used->kind == UsedId::Kind::transfer || used->kind == UsedId::Kind::other;
        const bool is_other_price = used->kind == UsedId::Kind::purchase &&
                                    request.terms.states_price() &&
                                    stated_amount(request.terms) != Wide{used->amount.value};
        return answer_of(*used, books.wallet(request.wallet),
                         used->kind == UsedId::Kind::voided ? Difference::voided
                         : is_other_kind                    ? Difference::kind
                         : used->item != request.item       ? Difference::item
                         : used->wallet != request.wallet   ? Difference::buyer
                         : used->qty != request.terms.qty   ? Difference::quantity
                         : is_other_price                   ? Difference::amount
                                                            : Difference::none);
    }
    BatchDecision sale = sell(books, request);
    const Verdict verdict = sale.decision.verdict;
    UsedId used;
    used.kind = verdict == Verdict::accept ? UsedId::Kind::purchase : UsedId::Kind::refusal;
    used.item = request.item;
    used.wallet = request.wallet;
    used.qty = request.terms.qty;
    used.amount = sale.decision.amount;
    used.refusal = verdict;
    used.request = place;
    const bool is_kept =
        verdict == Verdict::accept || (remembers && verdict != Verdict::amount_out_of_range);
    if (request.id != none && is_kept) books.ids.emplace(request.id, used);
    return sale;
}

inline BatchDecision transfer(Books &books, const TransferTerms &request, int place) {
    if (!request.is_valid) return passed_over();
    if (const auto used = books.id(request.id))
        return answer_of(*used, books.wallet(request.payer),
                         used->kind == UsedId::Kind::voided     ? Difference::voided
                         : used->kind != UsedId::Kind::transfer ? Difference::kind
                         : used->wallet != request.payer        ? Difference::wallet
                         : used->amount != request.amount       ? Difference::amount
                         : used->payee != request.payee         ? Difference::wallet
                                                                : Difference::none);
    BatchDecision outcome;
    outcome.decision.amount = request.amount;
    if (!books.has_locked(request.payer) || !books.has_locked(request.payee))
        outcome.decision.verdict = Verdict::unknown_buyer;
    else if (books.wallet(request.payer).balance < request.amount)
        outcome.decision.verdict = Verdict::insufficient_funds;
    else if (Wide{books.wallet(request.payee).balance.value} + request.amount.value >
             request.balance_max.value)
        outcome.decision.verdict = Verdict::amount_out_of_range;
    else {
        books.wallets.at(request.payer).balance.value -= request.amount.value;
        books.wallets.at(request.payee).balance.value += request.amount.value;
        UsedId used;
        used.kind = UsedId::Kind::transfer;
        used.wallet = request.payer;
        used.payee = request.payee;
        used.amount = request.amount;
        used.request = place;
        if (request.id != none) books.ids.emplace(request.id, used);
    }
    outcome.wallet = books.wallet(request.payer);
    return outcome;
}

// Each check returns a text about what is wrong, or nothing if all is well.

inline std::string at_request(std::size_t place, const char *what) {
    return "request " + std::to_string(place) + ": " + what;
}

inline std::string difference(const BatchDecision &expected, const BatchDecision &actual,
                              std::size_t place) {
    if (expected.answer != actual.answer) return at_request(place, "answer");
    if (expected.mismatch != actual.mismatch) return at_request(place, "mismatch");
    if (expected.replay_of != actual.replay_of) return at_request(place, "replay_of");
    if (!same(expected.wallet, actual.wallet)) return at_request(place, "wallet");
    if (expected.answer == Answer::mismatched) return "";
    if (expected.decision.verdict != actual.decision.verdict) return at_request(place, "verdict");
    if (expected.decision.amount != actual.decision.amount) return at_request(place, "amount");
    if (expected.decision.unit_price != actual.decision.unit_price)
        return at_request(place, "unit price");
    if (expected.decision.list_price != actual.decision.list_price)
        return at_request(place, "list price");
    if (expected.item != actual.item) return at_request(place, "item");
    return "";
}

// Between two states only the stock and the balances may differ, by what was sold and paid.
inline std::string unconserved(const Figures &before, const Figures &after,
                               const std::vector<Wide> &sold, const std::vector<Wide> &paid) {
    for (std::size_t i = 0; i < before.items.size(); ++i) {
        const auto &was = before.items[i];
        auto is = after.items[i];
        const std::string name = "item " + std::to_string(i);
        if (is && is->stock < Quantity{0}) return name + " is below zero";
        if (is && was && Wide{was->stock.value} - is->stock.value != sold[i])
            return name + " lost something else than what was sold";
        if (is && was) is->stock = was->stock;
        if (was != is) return name + " changed in something else than its stock";
    }
    for (std::size_t i = 0; i < before.wallets.size(); ++i) {
        const WalletState &was = before.wallets[i];
        const WalletState &is = after.wallets[i];
        const std::string name = "wallet " + std::to_string(i);
        if (is.kind != was.kind) return name + " changed its kind";
        if (is.balance < Money{0}) return name + " is below zero";
        if (Wide{was.balance.value} - is.balance.value != paid[i])
            return name + " lost something else than what was paid";
    }
    return "";
}

inline std::string purchases_differ_from_model(const Case &given) {
    Figures figures = given.figures;
    std::vector<BatchDecision> decisions(given.purchases.size());
    decide_purchases(state_of(figures), given.purchases, given.remembers, decisions);
    Books books(given.figures);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        const auto expected = buy(books, given.purchases[i], static_cast<int>(i), given.remembers);
        if (auto what = difference(expected, decisions[i], i); !what.empty()) return what;
    }
    return same(figures, books.figures_like(given.figures)) ? "" : "the state that is left";
}

inline std::string purchases_do_not_conserve(const Case &given) {
    Figures figures = given.figures;
    std::vector<BatchDecision> decisions(given.purchases.size());
    decide_purchases(state_of(figures), given.purchases, given.remembers, decisions);
    std::vector<Wide> sold(figures.items.size()), paid(figures.wallets.size());
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        const PurchaseRequest &request = given.purchases[i];
        const Decision &decision = decisions[i].decision;
        const bool is_sold = request.is_valid && decisions[i].answer == Answer::decided &&
                             decision.verdict == Verdict::accept;
        if (!is_sold) continue;
        if (request.item == none || request.wallet == none)
            return at_request(i, "sold to or from nobody");
        const auto price = given.figures.items[static_cast<std::size_t>(request.item)]->price;
        const Wide asked = request.terms.states_price() ? stated_amount(request.terms)
                                                        : Wide{price->value} * request.terms.qty.value;
        if (asked != decision.amount.value) return at_request(i, "the amount is not what was asked");
        if (decision.list_price != (request.terms.states_price() ? price : std::nullopt))
            return at_request(i, "the item's own price is not kept");
        sold[static_cast<std::size_t>(request.item)] += request.terms.qty.value;
        const auto wallet = static_cast<std::size_t>(request.wallet);
        if (figures.wallets[wallet].kind == WalletState::Kind::locked)
            paid[wallet] += decision.amount.value;
    }
    return unconserved(given.figures, figures, sold, paid);
}

inline std::string cart_is_not_all_or_none(const Case &given) {
    Figures figures = given.figures;
    std::vector<BatchDecision> decisions(given.purchases.size());
    const int refused = decide_cart(state_of(figures), given.purchases, decisions);
    Books books(given.figures);
    Wide total = 0;
    int expected_refused = none;
    for (std::size_t i = 0; i < decisions.size() && expected_refused == none; ++i) {
        BatchDecision expected = sell(books, given.purchases[i]);
        total += expected.decision.amount.value;
        if (expected.decision.verdict == Verdict::accept &&
            total > given.purchases[i].terms.amount_max.value) {
            expected_refused = static_cast<int>(i);
            if (decisions[i].decision.verdict != Verdict::amount_out_of_range)
                return at_request(i, "the sum is out of range");
            continue;
        }
        if (expected.decision.verdict != Verdict::accept) expected_refused = static_cast<int>(i);
        if (auto what = difference(expected, decisions[i], i); !what.empty()) return what;
    }
    if (refused != expected_refused) return "the line that is refused";
    if (refused != none) return same(figures, given.figures) ? "" : "the state is not what it was";
    return same(figures, books.figures_like(given.figures)) ? "" : "the state that is left";
}

inline std::string transfers_differ_from_model(const Case &given) {
    Figures figures = given.figures;
    std::vector<BatchDecision> decisions(given.transfers.size());
    decide_transfers(state_of(figures), given.transfers, decisions);
    Books books(given.figures);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        const auto expected = transfer(books, given.transfers[i], static_cast<int>(i));
        if (auto what = difference(expected, decisions[i], i); !what.empty()) return what;
    }
    return same(figures, books.figures_like(given.figures)) ? "" : "the state that is left";
}

inline std::string transfers_do_not_conserve(const Case &given) {
    Figures figures = given.figures;
    std::vector<BatchDecision> decisions(given.transfers.size());
    decide_transfers(state_of(figures), given.transfers, decisions);
    Wide sum = 0;
    for (const WalletState &wallet : given.figures.wallets) sum += wallet.balance.value;
    for (const WalletState &wallet : figures.wallets) {
        sum -= wallet.balance.value;
        if (wallet.balance < Money{0}) return "a balance is below zero";
        if (!given.transfers.empty() && wallet.balance > given.transfers[0].balance_max)
            return "a balance is above its maximum";
    }
    return sum == 0 ? "" : "money came or went";
}

// Draws cases from a callable that gives a number below its argument. The cases are small, so that
// requests meet in items, wallets and ids; the figures are small or extreme.

template <typename Draw> std::int64_t draw_figure(Draw &draw) {
    constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
    switch (draw(16)) {
    case 0:
        return max - static_cast<std::int64_t>(draw(8));
    case 1:
        return max / static_cast<std::int64_t>(1 + draw(8));
    case 2:
        return static_cast<std::int64_t>(draw(std::uint64_t{1} << 63));
    case 3:
        return static_cast<std::int64_t>(draw(256));
    default:
        return static_cast<std::int64_t>(draw(10));
    }
}

template <typename Draw> std::optional<std::int64_t> draw_optional(Draw &draw, std::uint64_t one_of) {
    return draw(one_of) == 0 ? std::optional(draw_figure(draw)) : std::nullopt;
}

template <typename Draw, typename List> int draw_place(Draw &draw, const List &list) {
    return list.empty() || draw(12) == 0 ? none : static_cast<int>(draw(list.size()));
}

template <typename Draw> Quantity draw_quantity(Draw &draw) {
    return {draw(4) == 0 ? std::max<std::int64_t>(1, draw_figure(draw))
                         : 1 + static_cast<std::int64_t>(draw(3))};
}

template <typename Draw> UsedId draw_used(Draw &draw, const Figures &figures) {
    constexpr std::array refusals{Verdict::unknown_item, Verdict::stale_version,
                                  Verdict::sold_out,     Verdict::unknown_buyer,
                                  Verdict::busy,         Verdict::insufficient_funds};
    UsedId used;
    used.kind = static_cast<UsedId::Kind>(draw(5));
    used.item = draw_place(draw, figures.items);
    used.wallet = draw_place(draw, figures.wallets);
    used.payee = draw_place(draw, figures.wallets);
    used.qty = draw_quantity(draw);
    used.amount = Money{1 + static_cast<std::int64_t>(draw(3))};
    used.refusal = refusals[draw(refusals.size())];
    return used;
}

template <typename Draw> Figures draw_figures(Draw &draw, Money balance_max) {
    Figures figures;
    figures.items.resize(draw(4));
    for (auto &item : figures.items) {
        if (draw(8) == 0) continue;
        item.emplace();
        item->stock = Quantity{draw_figure(draw)};
        item->pending_elsewhere = Quantity{draw_optional(draw, 4).value_or(0)};
        if (const auto price = draw_figure(draw); draw(6) != 0) item->price = Money{price};
        item->version = static_cast<std::int64_t>(draw(2));
    }
    figures.wallets.resize(draw(4));
    for (WalletState &wallet : figures.wallets) {
        const auto kind = draw(10);
        wallet.kind = kind < 3 ? static_cast<WalletState::Kind>(kind) : WalletState::Kind::locked;
        wallet.balance = std::min(Money{draw_figure(draw)}, balance_max);
    }
    figures.ids.resize(draw(4));
    for (auto &id : figures.ids)
        if (draw(6) == 0) id = draw_used(draw, figures);
    return figures;
}

template <typename Draw>
PurchaseRequest draw_purchase(Draw &draw, const Figures &figures, Money amount_max) {
    PurchaseRequest request;
    request.is_valid = draw(12) != 0;
    request.item = draw_place(draw, figures.items);
    request.wallet = draw_place(draw, figures.wallets);
    request.id = draw_place(draw, figures.ids);
    request.terms.qty = draw_quantity(draw);
    if (draw(8) == 0) request.terms.expected_version = static_cast<std::int64_t>(draw(2));
    if (const auto price = draw_optional(draw, 8)) request.terms.max_price = Money{*price};
    if (const auto price = draw_optional(draw, 3))
        (draw(2) == 0 ? request.terms.unit_price : request.terms.amount) = Money{*price};
    request.terms.amount_max = amount_max;
    return request;
}

template <typename Draw>
TransferTerms draw_transfer(Draw &draw, const Figures &figures, Money balance_max) {
    TransferTerms request;
    request.payer = draw_place(draw, figures.wallets);
    request.payee = draw_place(draw, figures.wallets);
    request.id = draw_place(draw, figures.ids);
    request.is_valid = draw(12) != 0 && (request.payer != request.payee || request.payer == none);
    request.amount = Money{std::max<std::int64_t>(1, draw_figure(draw))};
    request.balance_max = balance_max;
    return request;
}

template <typename Draw> Case draw_case(Draw &draw) {
    constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
    const Money money_max{draw_optional(draw, 3).value_or(max)};
    Case drawn{draw_figures(draw, money_max), draw(2) == 0, {}, {}};
    drawn.purchases.resize(draw(8));
    for (PurchaseRequest &request : drawn.purchases)
        request = draw_purchase(draw, drawn.figures, money_max);
    drawn.transfers.resize(draw(8));
    for (TransferTerms &request : drawn.transfers)
        request = draw_transfer(draw, drawn.figures, money_max);
    return drawn;
}

} // namespace vend::model
