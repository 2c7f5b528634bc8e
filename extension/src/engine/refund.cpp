#include "base/prelude.hpp"

#include "engine/movement.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "claim/escrow.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "store/execute.hpp"
#include "store/row_lock.hpp"
#include "store/rows.hpp"

namespace vend {
namespace {

// A refund under way: the purchase as the ledger has it, and the rows it goes back to.
struct Refund {
    Store &store;
    const RefundRequest &request;
    MemoryContext result_context;
    std::optional<Entry> purchase;
    std::optional<Wallet> wallet;
    std::optional<HeldItem> item;
    Quantity before{}; // refunded so far
    Quantity qty{};
    MovementOutcome outcome;
};

// Names item and buyer as a ledger row of theirs does: the purchase, or the refund that is replayed.
void describe(Refund &refund, const std::optional<Entry> &entry) {
    refund.outcome.id = refund.request.id;
    refund.outcome.qty = refund.request.qty;
    if (!entry) return;
    MemoryContext context = MemoryContextSwitchTo(refund.result_context);
    refund.outcome.item = key_text(refund.store.item_type, required_key(entry->item, "item"));
    refund.outcome.wallet = key_text(refund.store.buyer_type, required_key(entry->wallet, "wallet"));
    MemoryContextSwitchTo(context);
}

// A row that was made by hand may be none that can be given back.
void require_sound(const Entry &purchase) {
    if (purchase.qty < Quantity{0} && purchase.unit_price && *purchase.unit_price >= Money{0}) return;
    ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("the purchase cannot be refunded"),
                    errdetail("Its ledger row has no negative qty or no unit_price."),
                    errhint("vend.audit() says what it should be.")));
}

// The purchase, or of a cart the line of the item.
std::optional<Entry> read_purchase(Store &store, const RefundRequest &request) {
    auto entry = read_entry(store, request.purchase);
    if (!entry || !entry->is(Kind::purchase)) return std::nullopt;
    if (!request.item) {
        if (is_cart(store, request.purchase))
            ereport(ERROR,
                    (errcode(errcodes::bad_argument), errmsg("the purchase is a cart of several items"),
                     errhint("Say which is given back with item => ...")));
        return entry;
    }
    for (int32 line = 1; entry; ++line) {
        if (!entry->is(Kind::purchase)) return std::nullopt;
        if (means_same_key(store.item_type, required_key(entry->item, "item"), *request.item))
            return entry;
        entry = read_entry(store, request.purchase, line);
    }
    return std::nullopt;
}

bool answer_from_ledger(Refund &refund) {
    if (!refund.request.id) return false;
    const auto entry = read_entry(refund.store, *refund.request.id);
    if (!entry) return false;
    require_same_refund(*refund.request.id, *entry, refund.request.purchase, refund.request.qty);
    if (refund.request.item &&
        !means_same_key(refund.store.item_type, required_key(entry->item, "item"), *refund.request.item))
        raise_id_mismatch(*refund.request.id, "item");
    describe(refund, entry);
    MovementOutcome &outcome = refund.outcome;
    outcome.verdict = Verdict::sell;
    outcome.replayed = true;
    outcome.qty = entry->qty;
    outcome.amount = entry->amount;
    outcome.at = entry->at;
    if (const auto item = read_item(refund.store, required_key(entry->item, "item")))
        outcome.stock = stock_as_left(refund.store, *item);
    if (refund.store.has_wallets())
        if (const auto wallet = read_wallet(refund.store, required_key(entry->wallet, "wallet")))
            outcome.balance = wallet->balance;
    return true;
}

// The wallet's lock makes the sum of the refunds of its purchases stand still; where there are no
// wallets, a lock of the purchase's id does.
Verdict lock_rows(Refund &refund) {
    Store &store = refund.store;
    if (store.has_wallets()) {
        Wallet wallet;
        if (lock_wallet(store, required_key(refund.purchase->wallet, "wallet"), {}, &wallet) !=
            LockResult::locked)
            return read_item(store, required_key(refund.purchase->item, "item")) ? Verdict::unknown_buyer
                                                                                 : Verdict::unknown_item;
        refund.wallet = wallet;
    } else {
        (void)lock_id(store, to_datum(refund.request.purchase), {});
    }
    HeldItem item;
    if (hold_item(store, required_key(refund.purchase->item, "item"), &item) != LockResult::locked)
        return Verdict::unknown_item;
    refund.item = item;
    return Verdict::sell;
}

// How much to give back; never more than is left.
Verdict decide_quantity(Refund &refund) {
    const Quantity bought{-std::max(refund.purchase->qty.value, -PG_INT64_MAX)};
    refund.before = refunded_quantity(refund.store, refund.request.purchase,
                                      required_key(refund.purchase->item, "item"));
    const Quantity left = checked_sub(bought, refund.before).value_or(Quantity{0});
    refund.qty = refund.request.qty.value_or(left);
    if (refund.qty > left || left < Quantity{1}) {
        MemoryContext context = MemoryContextSwitchTo(refund.result_context);
        refund.outcome.detail = psprintf(INT64_FORMAT " bought, " INT64_FORMAT " refunded before.",
                                         bought.value, refund.before.value);
        MemoryContextSwitchTo(context);
        return Verdict::over_refund;
    }
    refund.outcome.qty = refund.qty;
    return Verdict::sell;
}

void give_back(Refund &refund) {
    Store &store = refund.store;
    MovementOutcome &outcome = refund.outcome;
    const auto amount = checked_mul(*refund.purchase->unit_price, refund.qty);
    if (!amount) raise_overflow(store, "balance", outcome.wallet);
    outcome.amount = amount;
    if (refund.wallet) {
        outcome.balance = checked_add(store.balance.figures, refund.wallet->balance, *amount);
        if (!outcome.balance) raise_overflow(store, "balance", outcome.wallet);
    }
    outcome.id = refund.request.id ? *refund.request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    Movement movement;
    movement.id = *outcome.id;
    movement.kind = Kind::refund;
    movement.item = refund.item->item.key;
    movement.wallet =
        refund.wallet ? refund.wallet->key : required_key(refund.purchase->wallet, "wallet");
    movement.qty = refund.qty;
    movement.amount = *amount;
    movement.unit_price = refund.purchase->unit_price;
    movement.ref = refund.request.purchase;
    movement.at = *outcome.at;
    outcome.stock = add_units(store, *refund.item, refund.qty);
    if (!outcome.stock) raise_overflow(store, "stock", outcome.item);
    if (refund.wallet && *amount > Money{0})
        outcome.balance = change_locked_balance(store, *refund.wallet, *amount);
    record(store, movement);
    // A trigger of the owner's may have refunded the same purchase meanwhile.
    if (!store.is_written_directly() &&
        refunded_quantity(store, refund.request.purchase, refund.item->item.key).value !=
            refund.before.value + refund.qty.value)
        raise_write_altered(store.ledger_table.relation);
}

} // namespace

MovementOutcome refund(Store &store, const RefundRequest &request, MemoryContext result_context) {
    Refund refund{store, request, result_context, {}, {}, {}, {}, {}, {}};
    MovementOutcome &outcome = refund.outcome;
    if (answer_from_ledger(refund)) return outcome;
    refund.purchase = read_purchase(store, request);
    if (refund.purchase) require_sound(*refund.purchase);
    outcome.verdict = refund.purchase ? lock_rows(refund) : Verdict::unknown_purchase;
    if (answer_from_ledger(refund)) return outcome;
    describe(refund, refund.purchase);
    if (outcome.verdict == Verdict::sell) outcome.verdict = decide_quantity(refund);
    if (outcome.verdict == Verdict::sell) give_back(refund);
    if (outcome.verdict == Verdict::unknown_item) outcome.unknown = outcome.item;
    if (outcome.verdict == Verdict::unknown_buyer) outcome.unknown = outcome.wallet;
    if (outcome.verdict == Verdict::unknown_purchase)
        outcome.unknown = DatumGetCString(DirectFunctionCall1(uuid_out, to_datum(request.purchase)));
    explain_movement(store, result_context, &outcome);
    return outcome;
}

} // namespace vend
