#include "base/prelude.hpp"

#include "engine/sale.hpp"

#include "base/clock.hpp"
#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/scope.hpp"
#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "claim/claim.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/identity.hpp"
#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "escrow/items.hpp"
#include "rows/call_locks.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "shared/counters.hpp"

// A sale, step by step:
//
// 1. Read the item, then the id. Answer at once where that is a replay or a refusal that stands; this
//    takes no lock and writes nothing.
// 2. Lock the buyer's wallet (without wallets: the id). From here on balance and id stand still, so the
//    id is read again.
// 3. Decide (core/decision.hpp) and claim the units (claim/), which may wait, start over or be refused.
// 4. Debit the wallet, record the sale in the ledger, and describe the outcome.
//
// The order of locks is that of every call: wallet, then item, then the id's index entry. A refusal
// changes nothing. A sale never raises a refusal: it returns an outcome, and entry/raise.cpp makes
// errors of outcomes. docs/locking.md says what each lock mode waits for.

namespace vend {
namespace {

// The state of one sale. No member has a destructor.
struct Sale {
    Store &store;
    const SaleRequest &request;
    MemoryContext result_context;
    std::optional<Item> item;
    std::optional<Wallet> wallet;
    WalletState wallet_state;
    Decision decision;
    std::optional<MonotonicTime> wait_until; // for pending units of other transactions
    SaleOutcome outcome;
};

enum class ClaimResult { made, refused, stale };

// The steps. Their bodies follow the public functions.

// Answers without a lock, an xid or a byte of WAL, if a replay or a refusal can be decided so. The item
// is read before the id. In the other order, a purchase under this id that commits in between would be
// answered with sold_out instead of its replay.
bool answer_without_lock(Sale &sale);
// Waits for pending units of other sales. False when the time is over.
bool wait_for_units(Sale &sale);
// Answers with the refusal, and records it where the caller asks for that. False when another call
// recorded the id meanwhile.
bool refuse(Sale &sale);
// From here on, until the end of the transaction, nobody else changes the balance or uses an id of this
// buyer.
void lock_buyer(Sale &sale);
// Answers from the ledger if the id was used before, with the current balance.
bool answer_from_ledger(Sale &sale);
// Decides and claims. The item as it was read before the lock is good enough for a first try. A refusal
// is only given after the item was read again.
ClaimResult claim_units(Sale &sale);
// From here on the sale is not refused any more.
void record_sale(Sale &sale);

} // namespace

SaleOutcome sell(Store &store, const SaleRequest &request, MemoryContext result_context) {
    Sale sale{store, request, result_context, {}, {}, {}, {}, {}, {}};
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (answer_without_lock(sale)) {
            if (sale.outcome.replayed) return sale.outcome;
            if (wait_for_units(sale)) continue;
            (void)refuse(sale);
            return sale.outcome;
        }
        lock_buyer(sale);
        if (answer_from_ledger(sale)) return sale.outcome;
        switch (claim_units(sale)) {
        case ClaimResult::made:
            record_sale(sale);
            return sale.outcome;
        case ClaimResult::stale:
            break;
        case ClaimResult::refused:
            if (!wait_for_units(sale) && refuse(sale)) return sale.outcome;
            break;
        }
    }
}

namespace {

// Reads the item. For an item in escrow the stock is the counter's.
void look_at_item(Sale &sale) {
    sale.item = read_item(sale.store, sale.request.item);
    if (sale.item) apply_counter(sale.store, &*sale.item);
}

// An item in escrow is not sold in another mode.
void require_mode(const Sale &sale) {
    if (!sale.item || sale.item->state.lock_mode != LockMode::escrow) return;
    if (sale.request.lock_mode)
        ereport(ERROR,
                (errcode(errcodes::bad_argument),
                 errmsg("lock_mode cannot be given: item \"%s\" is sold in escrow",
                        key_text(sale.store.binding.item_type, sale.item->key)),
                 errhint("Leave lock_mode out, or change the item's mode with vend.set_lock_mode().")));
}

std::optional<ItemState> state_of(const std::optional<Item> &item) {
    return item ? std::optional(item->state) : std::nullopt;
}

// Whether the decision is a refusal that stands. It does not where the stock is still unknown.
bool is_final(const Sale &sale) {
    if (sale.decision.verdict == Verdict::accept) return false;
    return !sale.item || sale.item->is_stock_known || sale.decision.verdict < Verdict::sold_out;
}

bool answer_without_lock(Sale &sale) {
    look_at_item(sale);
    if (answer_from_ledger(sale)) return true;
    require_mode(sale);
    if (sale.request.remember) return false;
    sale.decision = decide_item(state_of(sale.item), sale.request.terms);
    return is_final(sale);
}

bool wait_for_units(Sale &sale) {
    if (sale.decision.verdict != Verdict::all_pending || sale.request.wait.nowait) return false;
    if (!sale.wait_until) sale.wait_until = after_ms(monotonic_now(), settings::escrow_wait_ms());
    return wait_for_change(counter_key(sale.store, sale.item->key), sale.item->counter_changes,
                           *sale.wait_until);
}

// The keys as the rows spell them. Without a row: as the caller spells them.
ItemKey item_key(const Sale &sale) {
    return sale.item ? sale.item->key : sale.request.item;
}

WalletKey buyer_key(const Sale &sale) {
    return sale.wallet ? sale.wallet->key : sale.request.buyer;
}

void name_parties(Sale &sale) {
    in_context(sale.result_context, [&] {
        sale.outcome.item = key_text(sale.store.binding.item_type, item_key(sale));
        sale.outcome.buyer = key_text(sale.store.binding.buyer_type, buyer_key(sale));
    });
    sale.outcome.qty = sale.request.terms.qty;
    sale.outcome.id = sale.request.id;
}

bool refuse(Sale &sale) {
    if (sale.decision.verdict == Verdict::amount_out_of_range) raise_amount_out_of_range(sale.store);
    if (sale.request.remember &&
        !remember(sale.store, memory_of_refusal(*sale.request.id, item_key(sale), buyer_key(sale),
                                                sale.request.terms.qty, sale.decision.verdict)))
        return false;
    name_parties(sale);
    if (is_short_of_units(sale.decision.verdict) && sale.item->state.lock_mode == LockMode::escrow)
        count_refusal(counter_key(sale.store, sale.item->key));
    sale.outcome.verdict = sale.decision.verdict;
    sale.outcome.detail = in_context(sale.result_context, [&] {
        return explain(sale.store, sale.decision, sale.request.terms, state_of(sale.item),
                       sale.wallet_state, sale.outcome.item, sale.outcome.buyer);
    });
    if (sale.item) sale.outcome.unit_price = sale.decision.unit_price;
    if (sale.wallet_state.kind == WalletState::Kind::locked)
        sale.outcome.balance = sale.wallet_state.balance;
    return true;
}

void lock_buyer(Sale &sale) {
    if (!sale.store.binding.has_wallets()) {
        sale.wallet_state.kind = WalletState::Kind::elsewhere;
        if (sale.request.id && !lock_id(sale.store, to_datum(*sale.request.id), sale.request.wait))
            sale.wallet_state.kind = WalletState::Kind::busy;
        return;
    }
    Wallet wallet;
    switch (lock_wallet(sale.store, sale.request.buyer, sale.request.wait, &wallet)) {
    case LockResult::locked:
        sale.wallet = wallet;
        sale.wallet_state = {WalletState::Kind::locked, wallet.balance, wallet.is_exact,
                             wallet.currency};
        break;
    case LockResult::absent:
        sale.wallet.reset();
        sale.wallet_state.kind = WalletState::Kind::unknown;
        break;
    case LockResult::busy:
        sale.wallet_state.kind = WalletState::Kind::busy;
        break;
    }
}

void read_wallet_of_now(Sale &sale) {
    if (!sale.store.binding.has_wallets()) return;
    sale.wallet = read_wallet(sale.store, sale.request.buyer);
}

bool answer_from_ledger(Sale &sale) {
    if (!sale.request.id) return false;
    const auto entry = read_entry(sale.store, *sale.request.id);
    if (!entry) return false;
    read_wallet_of_now(sale);
    require_same_request(sale.store, *sale.request.id, *entry,
                         asked_purchase(item_key(sale), buyer_key(sale), sale.request.terms));
    if (is_cart(sale.store, *sale.request.id)) raise_id_mismatch(*sale.request.id, Difference::kind);
    name_parties(sale);
    SaleOutcome &outcome = sale.outcome;
    outcome.replayed = true;
    outcome.at = entry->at;
    if (sale.wallet) outcome.balance = sale.wallet->balance;
    if (entry->is(Kind::refusal)) {
        outcome.verdict = verdict_of_memory(sale.store, *entry);
        outcome.detail = remembered_detail;
        return true;
    }
    outcome.verdict = Verdict::accept;
    outcome.unit_price = entry->unit_price;
    outcome.amount = negated(entry->amount);
    return true;
}

ClaimResult claim_units(Sale &sale) {
    const ClaimTerms terms{sale.request.terms, sale.wallet_state, sale.request.wait};
    for (bool is_fresh = false;; is_fresh = true) {
        sale.decision = decide_sale(state_of(sale.item), sale.wallet_state, sale.request.terms);
        if (!is_final(sale)) break;
        if (is_fresh) return ClaimResult::refused;
        look_at_item(sale);
        require_mode(sale);
    }
    const LockMode mode = mode_of_sale(sale.store, *sale.item, sale.request.lock_mode);
    const Claim made = claim(sale.store, mode, &*sale.item, sale.decision, terms);
    sale.decision = made.decision;
    if (made.is_stale) return ClaimResult::stale;
    if (made.decision.verdict == Verdict::unknown_item) sale.item.reset();
    return made.is_made ? ClaimResult::made : ClaimResult::refused;
}

void record_sale(Sale &sale) {
    SaleOutcome &outcome = sale.outcome;
    name_parties(sale);
    if (sale.wallet) {
        outcome.balance = sale.wallet->balance;
        if (sale.decision.amount > Money{0})
            outcome.balance =
                change_locked_balance(sale.store, *sale.wallet, by_sale(negated(sale.decision.amount)));
    }
    outcome.id = sale.request.id ? *sale.request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    outcome.unit_price = sale.decision.unit_price;
    outcome.amount = sale.decision.amount;
    record(sale.store, purchase_movement(*outcome.id, item_key(sale), buyer_key(sale),
                                         sale.request.terms.qty, sale.decision, *outcome.at));
}

} // namespace
} // namespace vend
