#include "base/prelude.hpp"

#include "batch/cart.hpp"

#include "base/clock.hpp"
#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/new_array.hpp"
#include "base/scope.hpp"
#include "base/settings.hpp"
#include "batch/batch_rows.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "core/batch.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/identity.hpp"
#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "rows/call_locks.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "shared/counters.hpp"

#include <algorithm>
#include <utility>

// A cart: all lines or none, for one buyer, under one id.
//
// A cart locks like a batch (wallet, then items by key) and decides like one (decide_cart() in
// core/batch.hpp), but one refused line refuses them all, and the ledger has one id with a line for each
// item. Units of items in escrow are taken from their counters last, since a counter can have fewer than
// it had when the cart was decided; then the cart gives back what it took and decides again. See
// docs/sql-reference.md.

namespace vend {
namespace {

// The state of one cart. Its lines have the places of their items, and its buyer has the first place.
struct Cart {
    BatchRows rows;
    const CartRequest &request;
    MemoryContext result_context;
    std::span<PurchaseRequest> purchases{};
    std::span<BatchDecision> decisions{};
    CartOutcome outcome{};
};

constexpr std::size_t buyer_place = 0;

// The steps. Their bodies follow the public functions.

// Answers without a lock, an xid or a byte of WAL, if a replay or a refusal can be decided so.
bool answer_without_lock(Cart &cart);
// Answers from the ledger if the id was used before.
bool answer_from_ledger(Cart &cart);
// Returns true when the cart is sold. Its units are then taken from the counters of items in escrow.
bool decide_under_locks(Cart &cart);
// Describes the lines in the order of the cart, with the decisions on them.
void describe_lines(Cart &cart);
void record_cart(Cart &cart);

} // namespace

CartOutcome sell_cart(Store &store, const CartRequest &request, MemoryContext result_context) {
    Cart cart{.rows = {store}, .request = request, .result_context = result_context};
    if (answer_without_lock(cart)) return cart.outcome;
    if (!store.binding.has_wallets() && request.id) (void)lock_id(store, to_datum(*request.id), {});
    lock_rows(cart.rows);
    if (answer_from_ledger(cart) || !decide_under_locks(cart)) return cart.outcome;
    in_context(result_context, [&] { describe_lines(cart); });
    write_rows(cart.rows);
    record_cart(cart);
    return cart.outcome;
}

namespace {

void require_different_items(Cart &cart) {
    if (cart.rows.items.keys.size() == cart.request.lines.size()) return;
    const auto seen = new_array<bool>(cart.rows.items.keys.size());
    for (const int place : cart.rows.items.places) {
        if (std::exchange(seen[static_cast<std::size_t>(place)], true))
            ereport(ERROR, (errcode(errcodes::bad_argument),
                            errmsg("item \"%s\" stands in the cart twice",
                                   key_text(cart.rows.store.binding.item_type,
                                            cart.rows.items.keys[static_cast<std::size_t>(place)])),
                            errhint("Pass the item once, with the sum of its quantities.")));
    }
}

void read_cart(Cart &cart) {
    const std::size_t count = cart.request.lines.size();
    const auto items = new_array<std::optional<ItemKey>>(count);
    std::ranges::transform(cart.request.lines, items.begin(),
                           [](const CartLine &line) { return line.item; });
    read_item_rows(cart.rows, items);
    require_different_items(cart);
    std::optional<WalletKey> buyer = cart.request.buyer;
    read_wallet_rows(cart.rows, {&buyer, 1});
    cart.purchases = new_array<PurchaseRequest>(count);
    cart.decisions = new_array<BatchDecision>(count);
    for (std::size_t i = 0; i < count; ++i)
        cart.purchases[i] = {.item = cart.rows.items.places[i],
                             .wallet = buyer_place,
                             .terms = cart.request.lines[i].terms};
}

// Decides on all lines. Returns the line that is refused, or none.
int decide(Cart &cart) {
    set_states(cart.rows);
    return decide_cart({cart.rows.item_states, cart.rows.wallet_states, {}}, cart.purchases,
                       cart.decisions);
}

std::optional<Item> &item_of(Cart &cart, std::size_t line) {
    return cart.rows.item_rows[static_cast<std::size_t>(cart.purchases[line].item)];
}

void refuse(Cart &cart, std::size_t line) {
    Store &store = cart.rows.store;
    const BatchDecision &decision = cart.decisions[line];
    if (decision.decision.verdict == Verdict::amount_out_of_range) raise_amount_out_of_range(store);
    cart.outcome.verdict = decision.decision.verdict;
    cart.outcome.refused = line;
    in_context(cart.result_context, [&] {
        describe_lines(cart);
        cart.outcome.detail =
            explain(store, decision.decision, cart.purchases[line].terms, decision.item, decision.wallet,
                    cart.outcome.lines[line].item, cart.outcome.buyer);
    });
    if (decision.wallet.kind == WalletState::Kind::locked)
        cart.outcome.balance = cart.rows.wallets[buyer_place]->balance;
    if (is_short_of_units(cart.outcome.verdict) &&
        item_of(cart, line)->state.lock_mode == LockMode::escrow)
        count_refusal(counter_key(store, item_of(cart, line)->key));
}

bool answer_without_lock(Cart &cart) {
    read_cart(cart);
    if (answer_from_ledger(cart)) return true;
    const int line = decide(cart);
    if (line == none) return false;
    const auto refused = static_cast<std::size_t>(line);
    const Verdict verdict = cart.decisions[refused].decision.verdict;
    const auto &item = item_of(cart, refused);
    if (verdict == Verdict::all_pending ||
        (item && !item->is_stock_known && verdict >= Verdict::sold_out))
        return false;
    refuse(cart, refused);
    return true;
}

ItemKey item_key(const Cart &cart, std::size_t line) {
    return item_key(cart.rows, cart.rows.items.places[line]);
}

WalletKey buyer_key(const Cart &cart) {
    return buyer_key(cart.rows, buyer_place);
}

std::optional<Money> balance_of_now(Cart &cart) {
    if (!cart.rows.store.binding.has_wallets()) return std::nullopt;
    const auto wallet = read_wallet(cart.rows.store, buyer_key(cart));
    return wallet ? std::optional(wallet->balance) : std::nullopt;
}

bool answer_from_ledger(Cart &cart) {
    if (!cart.request.id) return false;
    Store &store = cart.rows.store;
    const Uuid &id = *cart.request.id;
    const std::size_t count = cart.purchases.size();
    Money amount{};
    for (std::size_t i = 0; i <= count; ++i) {
        const auto entry = read_entry(store, id, static_cast<int32>(i));
        if (!entry && i == 0) return false;
        if (entry.has_value() != (i < count)) raise_id_mismatch(id, Difference::cart);
        if (i == count) break;
        require_same_request(
            store, id, *entry,
            asked_purchase(item_key(cart, i), buyer_key(cart), cart.purchases[i].terms));
        if (i == 0) in_context(cart.result_context, [&] { describe_lines(cart); });
        cart.outcome.at = entry->at;
        if (entry->is(Kind::refusal)) {
            cart.outcome.verdict = verdict_of_memory(store, *entry);
            cart.outcome.detail = remembered_detail;
            cart.outcome.refused = i;
            continue;
        }
        cart.outcome.lines[i].unit_price = entry->unit_price;
        cart.outcome.lines[i].amount = negated(entry->amount);
        amount = checked_add(amount, negated(entry->amount)).value_or(amount);
    }
    cart.outcome.replayed = true;
    if (cart.outcome.verdict == Verdict::accept) cart.outcome.amount = amount;
    cart.outcome.balance = balance_of_now(cart);
    return true;
}

bool decide_under_locks(Cart &cart) {
    const MonotonicTime until = after_ms(monotonic_now(), settings::escrow_wait_ms());
    for (bool is_time_over = false;;) {
        CHECK_FOR_INTERRUPTS();
        const int line = decide(cart);
        if (line == none) {
            if (take_from_counters(cart.rows)) return true;
            continue;
        }
        const auto refused = static_cast<std::size_t>(line);
        if (cart.decisions[refused].decision.verdict == Verdict::all_pending && !is_time_over) {
            // After the wait, decide once more in any case.
            is_time_over = !wait_for_item(cart.rows, cart.purchases[refused].item, until) ||
                           monotonic_now() >= until;
            continue;
        }
        refuse(cart, refused);
        return false;
    }
}

void describe_lines(Cart &cart) {
    cart.outcome.id = cart.request.id;
    cart.outcome.buyer = key_text(cart.rows.store.binding.buyer_type, buyer_key(cart));
    cart.outcome.lines = new_array<CartLineOutcome>(cart.purchases.size());
    for (std::size_t i = 0; i < cart.purchases.size(); ++i) {
        CartLineOutcome &line = cart.outcome.lines[i];
        line.item = key_text(cart.rows.store.binding.item_type, item_key(cart, i));
        line.qty = cart.purchases[i].terms.qty;
    }
}

void record_cart(Cart &cart) {
    const auto movements = new_array<Movement>(cart.purchases.size());
    CartOutcome &outcome = cart.outcome;
    outcome.id = cart.request.id ? *cart.request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    Money amount{};
    for (std::size_t i = 0; i < movements.size(); ++i) {
        const Decision &decision = cart.decisions[i].decision;
        movements[i] = purchase_movement(*outcome.id, item_key(cart, i), buyer_key(cart),
                                         cart.purchases[i].terms.qty, decision, *outcome.at);
        movements[i].line = static_cast<int32>(i);
        outcome.lines[i].unit_price = decision.unit_price;
        outcome.lines[i].amount = decision.amount;
        amount.value += decision.amount.value; // decide_cart() has seen that it fits
    }
    outcome.amount = amount;
    record_all(cart.rows.store, movements);
    if (cart.rows.store.binding.has_wallets()) outcome.balance = cart.decisions.back().wallet.balance;
}

} // namespace
} // namespace vend
