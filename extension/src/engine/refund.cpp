#include "base/prelude.hpp"

#include "engine/refund.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/new_array.hpp"
#include "base/scope.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/identity.hpp"
#include "core/kind.hpp"
#include "core/refund.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "escrow/items.hpp"
#include "rows/call_locks.hpp"
#include "rows/caller_look.hpp"
#include "rows/eras.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "table/engine_write.hpp"
#include "table/lock_wait.hpp"
#include "table/row_lock.hpp"
#include "table/table.hpp"

#include <algorithm>

// A refund gives back units and money of a purchase, in whole or in part, of one line or of a cart.
//
// 1. Read the lines of the purchase, and answer from the ledger where the id was used before.
// 2. Lock the wallet that paid, whatever its current key (rows/eras.hpp), or the id in a store without
//    wallets. No other refund of its purchases can commit from here on, so the sums of earlier refunds
//    stand still: read them, and decide how much goes back (core/refund.hpp).
// 3. Lock the items that get units, by their current keys. Units that are not restocked are written off.
// 4. Credit the wallet, add the units, record a row for each line.
//
// What must stay true: nothing gives back more than was bought or paid, to nobody but the row that
// bought it. docs/sql-reference.md has the contract of vend.refund().

namespace vend {
namespace {

// A line of the purchase, and what the refund gives back of it.
struct RefundLine {
    int32 number = 0;
    Entry purchase;
    Refunded before;
    Refunded now;
    ItemEra row;                    // the item that the line means now
    std::optional<LockedItem> item; // set where units go back into stock
};

// The state of one refund: the lines that it is about, from the ledger, and the wallet that paid.
struct Refund {
    Store &store;
    const RefundRequest &request;
    MemoryContext result_context;
    std::span<RefundLine> lines{};
    WalletEra buyer{};
    std::optional<Wallet> wallet{};
    MovementOutcome outcome{};
};

// The steps. Their bodies follow the public functions.

// Answers from the ledger, which has a row for each refunded line and, after it, the write-off of units
// that did not go back into stock.
bool answer_from_ledger(Refund &refund);
std::span<RefundLine> read_purchase(Store &store, const RefundRequest &request);
// Whether the lines are some that the caller must not see: those of a hidden wallet or, without wallets,
// one of a hidden item.
bool is_of_others(Refund &refund);
// A ledger row that was made by hand may not be fit for a refund.
void require_sound(const Entry &purchase);
// While the wallet is locked, no other refund of its purchases can commit. In a store without wallets, a
// lock of the purchase's id serves instead.
Verdict lock_payer(Refund &refund);
// Names the buyer and, for a refund of one item, the item, as the ledger row does.
void describe(Refund &refund, const Entry &entry, bool is_one_item);
// Decides how much goes back of each line. It is never more than is left.
Verdict decide_lines(Refund &refund);
// Locks in the order that all calls share: by the current keys of the rows.
Verdict lock_items(Refund &refund);
void give_back(Refund &refund);
void name_unknown(Refund &refund);

} // namespace

MovementOutcome refund(Store &store, const RefundRequest &request, MemoryContext result_context) {
    Refund refund{store, request, result_context};
    MovementOutcome &outcome = refund.outcome;
    if (answer_from_ledger(refund)) return outcome;
    refund.lines = read_purchase(store, request);
    if (is_of_others(refund)) refund.lines = {};
    for (const RefundLine &line : refund.lines) require_sound(line.purchase);
    outcome.verdict = refund.lines.empty() ? Verdict::unknown_purchase : lock_payer(refund);
    if (answer_from_ledger(refund)) return outcome;
    outcome.id = request.id;
    outcome.qty = request.qty;
    if (!refund.lines.empty() && outcome.item == nullptr)
        describe(refund, refund.lines[0].purchase, refund.lines.size() == 1);
    if (outcome.verdict == Verdict::accept) outcome.verdict = decide_lines(refund);
    if (outcome.verdict == Verdict::accept) {
        outcome.verdict = lock_items(refund);
        // Read the id again: a refund of another purchase may have used it while this one waited for the
        // item.
        if (answer_from_ledger(refund)) return outcome;
    }
    if (outcome.verdict == Verdict::accept) give_back(refund);
    name_unknown(refund);
    explain_movement(store, result_context, &outcome);
    return outcome;
}

namespace {

bool answer_from_ledger(Refund &refund) {
    if (!refund.request.id) return false;
    const Uuid &id = *refund.request.id;
    const RefundRequest &request = refund.request;
    const auto first = read_entry(refund.store, id);
    if (!first) return false;
    Refunded sum;
    int refunds = 0;
    bool is_written_off = false;
    for (int32 i = 0;; ++i) {
        const auto entry = read_entry(refund.store, id, i);
        if (!entry) break;
        if (i > 0 && entry->is(Kind::write_off)) {
            is_written_off = true;
            continue;
        }
        require_same_refund(id, *entry, request.purchase);
        sum.qty = checked_add(sum.qty, entry->qty).value_or(sum.qty);
        sum.amount = checked_add(sum.amount, entry->amount).value_or(sum.amount);
        ++refunds;
    }
    const Difference found = difference(
        RefundIdentity{sum.qty, sum.amount, !is_written_off},
        RefundIdentity{request.qty, request.amount, request.restock}, [&] {
            return !request.item || is_refund_of_item(refund.store, *first, refunds, *request.item);
        });
    if (found != Difference::none) raise_id_mismatch(id, found);
    MovementOutcome &outcome = refund.outcome;
    describe(refund, *first, refunds == 1);
    outcome.id = request.id;
    outcome.verdict = Verdict::accept;
    outcome.replayed = true;
    outcome.qty = sum.qty;
    outcome.amount = sum.amount;
    outcome.at = first->at;
    if (refunds == 1)
        if (const auto item = read_item(refund.store, required_key(first->item)))
            outcome.stock = stock_as_left(refund.store, *item);
    if (refund.store.binding.has_wallets())
        if (const auto wallet = read_wallet(refund.store, required_key(first->wallet)))
            outcome.balance = wallet->balance;
    return true;
}

// Reads the lines of a purchase. Empty where there is no such purchase.
std::span<RefundLine> read_lines(Store &store, const Uuid &purchase) {
    int32 count = 0;
    while (const auto entry = read_entry(store, purchase, count)) {
        if (!entry->is(Kind::purchase)) break;
        ++count;
    }
    const auto lines = new_array<RefundLine>(static_cast<std::size_t>(count));
    for (int32 i = 0; i < count; ++i) {
        RefundLine &line = lines[static_cast<std::size_t>(i)];
        line.number = i;
        line.purchase = *read_entry(store, purchase, i);
    }
    return lines;
}

ItemEra item_of(const RefundLine &line) {
    return {required_key(line.purchase.item), line.purchase.item_era};
}

// The line of the item, by the key under which it was bought or by its current key. Where items have
// swapped keys, two lines may fit.
std::span<RefundLine> line_of_item(Store &store, std::span<RefundLine> lines, ItemKey item) {
    std::span<RefundLine> found;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto bought = item_of(lines[i]);
        bool is_meant = means_same_key(store.binding.item_type, bought.key, item);
        if (!is_meant)
            if (const auto now = row_of_era(store, bought))
                is_meant = means_same_key(store.binding.item_type, now->key, item);
        if (!is_meant) continue;
        if (!found.empty())
            ereport(ERROR,
                    (errcode(errcodes::bad_argument),
                     errmsg("it is not clear which line of the cart item \"%s\" is",
                            key_text(store.binding.item_type, item)),
                     errdetail("One item was bought under this key, and another one has the key now."),
                     errhint("Refund the whole cart, or give units and money back with vend.restock() "
                             "and vend.deposit().")));
        found = lines.subspan(i, 1);
    }
    return found;
}

std::span<RefundLine> read_purchase(Store &store, const RefundRequest &request) {
    const auto lines = read_lines(store, request.purchase);
    if (request.item) return line_of_item(store, lines, *request.item);
    if (lines.size() > 1 && (request.qty || request.amount))
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("the purchase is a cart of several items"),
                 errhint("Say which is given back with item => ..., or leave out qty and amount "
                         "to give all of it back.")));
    return lines;
}

void require_sound(const Entry &purchase) {
    if (purchase.qty < Quantity{0} && purchase.qty.value > PG_INT64_MIN && purchase.amount <= Money{0} &&
        purchase.amount.value > PG_INT64_MIN)
        return;
    ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("the purchase cannot be refunded"),
                    errdetail("Its ledger row has no negative qty, or an amount above 0."),
                    errhint("Call vend.audit(), which shows what the row should be.")));
}

WalletEra buyer_of(const Entry &purchase) {
    return {required_key(purchase.wallet), purchase.wallet_era};
}

template <KeyOf of> bool is_hidden_now(Store &store, KeyEra<of> recorded) {
    const auto now = row_of_era(store, recorded);
    return now && is_hidden(store, now->key);
}

bool is_of_others(Refund &refund) {
    if (!refund.store.binding.reads_as_caller || refund.lines.empty()) return false;
    if (refund.store.binding.has_wallets())
        return is_hidden_now(refund.store, buyer_of(refund.lines[0].purchase));
    return std::ranges::any_of(refund.lines, [&](const RefundLine &line) {
        return is_hidden_now(refund.store, item_of(line));
    });
}

// Locks the wallet that paid, whatever its current key.
bool lock_buyer(Refund &refund) {
    const auto paid = buyer_of(refund.lines[0].purchase);
    for (int i = 0; i < replacements_max; ++i) {
        CHECK_FOR_INTERRUPTS();
        const auto now = row_of_era(refund.store, paid);
        if (!now) return false;
        Wallet wallet;
        const bool is_locked = lock_wallet(refund.store, now->key, {}, &wallet) == LockResult::locked;
        // The key may have changed before the lock was granted.
        const auto after = row_of_era(refund.store, paid);
        if (!after) return false;
        if (!is_same_row(refund.store.binding.buyer_type, *now, *after)) continue;
        if (!is_locked) return false;
        refund.buyer = *after;
        refund.wallet = wallet;
        return true;
    }
    raise_concurrent_write("update");
}

bool has_item(Refund &refund, const RefundLine &line) {
    const auto now = row_of_era(refund.store, item_of(line));
    return now && read_item(refund.store, now->key);
}

Verdict lock_payer(Refund &refund) {
    if (!refund.store.binding.has_wallets()) {
        refund.buyer = buyer_of(refund.lines[0].purchase);
        (void)lock_id(refund.store, to_datum(refund.request.purchase), {});
        return Verdict::accept;
    }
    if (lock_buyer(refund)) return Verdict::accept;
    const bool needs_item = refund.request.restock && !(refund.request.amount && !refund.request.qty);
    for (const RefundLine &line : refund.lines)
        if (needs_item && !has_item(refund, line)) {
            describe(refund, line.purchase, true);
            return Verdict::unknown_item;
        }
    return Verdict::unknown_buyer;
}

char *name_of(Refund &refund, KeyRef key) {
    return in_context(refund.result_context, [&] { return key.text(); });
}

void describe(Refund &refund, const Entry &entry, bool is_one_item) {
    if (is_one_item)
        refund.outcome.item = name_of(refund, refund.store.binding.ref(required_key(entry.item)));
    refund.outcome.wallet = name_of(refund, refund.store.binding.ref(required_key(entry.wallet)));
}

Verdict decide_lines(Refund &refund) {
    bool is_anything = false;
    for (RefundLine &line : refund.lines) {
        const Paid paid{negated(line.purchase.qty), negated(line.purchase.amount)};
        line.before = refunded_so_far(refund.store, refund.request.purchase, line.number);
        const auto share = decide_refund(paid, {line.before.qty, line.before.amount},
                                         {refund.request.qty, refund.request.amount});
        if (share) {
            line.now = {share->qty, share->amount};
            is_anything = true;
            continue;
        }
        if (refund.lines.size() > 1) continue; // the refund of a cart skips lines with nothing left
        refund.outcome.detail = in_context(refund.result_context, [&] {
            return is_refused_for_money(paid, {line.before.qty, line.before.amount},
                                        {refund.request.qty, refund.request.amount})
                       ? psprintf("%s paid, %s given back before.",
                                  money_text(refund.store, paid.amount),
                                  money_text(refund.store, line.before.amount))
                       : psprintf(INT64_FORMAT " bought, " INT64_FORMAT " refunded before.",
                                  paid.qty.value, line.before.qty.value);
        });
    }
    if (is_anything) return Verdict::accept;
    if (refund.lines.size() > 1) refund.outcome.detail = "All of the cart was refunded before.";
    return Verdict::over_refund;
}

// Locks an item that gets units, whatever its current key.
bool lock_line(Refund &refund, RefundLine *line) {
    const auto bought = item_of(*line);
    for (int i = 0; i < replacements_max; ++i) {
        CHECK_FOR_INTERRUPTS();
        const auto now = row_of_era(refund.store, bought);
        if (!now) return false;
        LockedItem item;
        const bool is_locked = lock_for_change(refund.store, now->key, &item) == LockResult::locked;
        const auto after = row_of_era(refund.store, bought);
        if (!after) return false;
        if (!is_same_row(refund.store.binding.item_type, *now, *after)) continue;
        if (!is_locked) return false;
        line->row = *after;
        line->item = item;
        return true;
    }
    raise_concurrent_write("update");
}

Verdict lock_items(Refund &refund) {
    const auto order = new_array<RefundLine *>(refund.lines.size());
    std::ranges::transform(refund.lines, order.begin(), [](RefundLine &line) { return &line; });
    for (RefundLine &line : refund.lines)
        line.row = row_of_era(refund.store, item_of(line)).value_or(item_of(line));
    std::ranges::sort(order, [&](const RefundLine *a, const RefundLine *b) {
        return compare_keys(refund.store.binding.item_type, a->row.key, b->row.key) < 0;
    });
    for (RefundLine *line : order) {
        // Units that are written off at once need no row.
        if (line->now.qty == Quantity{0} || !refund.request.restock || lock_line(refund, line)) continue;
        describe(refund, line->purchase, true);
        return Verdict::unknown_item;
    }
    return Verdict::accept;
}

Movement movement_of(const Refund &refund, const RefundLine &line, int32 number) {
    Movement movement;
    movement.id = *refund.outcome.id;
    movement.line = number;
    movement.kind = Kind::refund;
    movement.item = line.row.key;
    movement.item_era = line.row.era;
    movement.wallet = refund.buyer.key;
    movement.wallet_era = refund.buyer.era;
    movement.qty = line.now.qty;
    movement.leaves_stock = line.item && line.item->item.state.is_unlimited;
    movement.amount = line.now.amount;
    movement.unit_price = line.purchase.unit_price;
    movement.ref = refund.request.purchase;
    movement.ref_line = line.number;
    movement.at = *refund.outcome.at;
    return movement;
}

Movement write_off_of(const Movement &refund) {
    Movement movement;
    movement.id = refund.id;
    movement.line = refund.line + 1;
    movement.kind = Kind::write_off;
    movement.item = refund.item;
    movement.item_era = refund.item_era;
    movement.qty = negated(refund.qty);
    movement.at = refund.at;
    return movement;
}

void record_refund(Refund &refund) {
    const auto movements = new_array<Movement>(2 * refund.lines.size());
    std::size_t count = 0;
    for (const RefundLine &line : refund.lines) {
        if (line.now == Refunded{}) continue;
        movements[count] = movement_of(refund, line, static_cast<int32>(count));
        ++count;
        if (refund.request.restock || line.now.qty == Quantity{0}) continue;
        movements[count] = write_off_of(movements[count - 1]);
        ++count;
    }
    record_all(refund.store, movements.first(count));
    // A trigger of the owner's may have refunded the same purchase during this call.
    if (refund.store.binding.is_written_directly()) return;
    for (const RefundLine &line : refund.lines)
        if (refunded_so_far(refund.store, refund.request.purchase, line.number) !=
            Refunded{{line.before.qty.value + line.now.qty.value},
                     {line.before.amount.value + line.now.amount.value}})
            raise_write_altered(refund.store.binding.ledger_table.relation);
}

void give_back(Refund &refund) {
    Store &store = refund.store;
    MovementOutcome &outcome = refund.outcome;
    const RefundLine *only = nullptr;
    int count = 0;
    Refunded sum;
    for (RefundLine &line : refund.lines) {
        if (line.now == Refunded{}) continue;
        only = ++count == 1 ? &line : nullptr;
        const auto qty = checked_add(sum.qty, line.now.qty);
        const auto amount = checked_add(sum.amount, line.now.amount);
        if (!qty || !amount) raise_overflow(store, qty ? "balance" : "stock", outcome.wallet);
        sum = {*qty, *amount};
    }
    if (only != nullptr) outcome.item = name_of(refund, store.binding.ref(only->row.key));
    outcome.wallet = name_of(refund, store.binding.ref(refund.buyer.key));
    outcome.qty = sum.qty;
    outcome.amount = sum.amount;
    if (refund.wallet) {
        outcome.balance = balance_after(store.binding, *refund.wallet, by_sale(sum.amount));
        if (!outcome.balance) raise_overflow(store, "balance", outcome.wallet);
    }
    outcome.id = refund.request.id ? *refund.request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    for (RefundLine &line : refund.lines) {
        if (!line.item || line.item->item.state.is_unlimited) continue;
        const auto stock = add_units(store, *line.item, by_sale(line.now.qty));
        if (!stock) raise_overflow(store, "stock", key_text(store.binding.item_type, line.row.key));
        if (only != nullptr) outcome.stock = stock;
    }
    if (refund.wallet && sum.amount > Money{0})
        outcome.balance = change_locked_balance(store, *refund.wallet, by_sale(sum.amount));
    record_refund(refund);
    if (only != nullptr && !outcome.stock)
        if (const auto now = row_of_era(store, item_of(*only)))
            if (const auto item = read_item(store, now->key))
                outcome.stock = stock_as_left(store, *item);
}

void name_unknown(Refund &refund) {
    MovementOutcome &outcome = refund.outcome;
    if (outcome.verdict == Verdict::unknown_item) outcome.unknown = outcome.item;
    if (outcome.verdict == Verdict::unknown_buyer) outcome.unknown = outcome.wallet;
    if (outcome.verdict == Verdict::unknown_purchase)
        outcome.unknown =
            DatumGetCString(DirectFunctionCall1(uuid_out, to_datum(refund.request.purchase)));
    const bool is_item = outcome.verdict == Verdict::unknown_item;
    if (!is_item && outcome.verdict != Verdict::unknown_buyer) return;
    // There may be another row under that key.
    outcome.detail = in_context(refund.result_context, [&] {
        return psprintf("The %s of the purchase is gone; it was \"%s\" then.",
                        is_item ? "item" : "wallet", outcome.unknown);
    });
}

} // namespace
} // namespace vend
