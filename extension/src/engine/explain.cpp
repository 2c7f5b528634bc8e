#include "base/prelude.hpp"

#include "engine/explain.hpp"

#include "base/error_codes.hpp"
#include "binding/number_type.hpp"
#include "core/checked.hpp"
#include "engine/movement_outcome.hpp"
#include "table/catalog.hpp"

#include <algorithm>

namespace vend {
namespace {

const char *explain_flaw(const Binding &binding, ItemFlaw flaw, const char *item_name) {
    const char *row =
        psprintf("item \"%s\" in table \"%s\"", item_name, relation_label(binding.item_table.relation));
    switch (flaw) {
    case ItemFlaw::no_price:
        return psprintf("Column \"%s\" of %s is null. Set the price, or state unit_price or amount.",
                        binding.price.raw_name, row);
    case ItemFlaw::price_below_zero:
        return psprintf("Column \"%s\" of %s is below zero. Correct the price.", binding.price.raw_name,
                        row);
    case ItemFlaw::price_not_exact:
        return psprintf("Column \"%s\" of %s is no amount of the store's money. Correct the price.",
                        binding.price.raw_name, row);
    case ItemFlaw::stock_not_exact:
        return psprintf("Column \"%s\" of %s is no number of units. Correct the stock.",
                        binding.stock.raw_name, row);
    case ItemFlaw::unknown_lock_mode:
        return psprintf("Column \"%s\" of %s has no known lock mode. Set it with vend.set_lock_mode().",
                        binding.lock_mode.raw_name, row);
    case ItemFlaw::none:
        break;
    }
    pg_unreachable();
}

const char *explain_sold_out(const Binding &binding, const ItemState &item, Quantity wanted,
                             const char *item_name) {
    const char *left = psprintf(INT64_FORMAT " left, " INT64_FORMAT " wanted",
                                std::max<int64>(item.stock.value, 0), wanted.value);
    if (item.is_stock_null && item.stock <= Quantity{0})
        return psprintf("%s: column \"%s\" of item \"%s\" in table \"%s\" is null. Set the stock.", left,
                        binding.stock.raw_name, item_name, relation_label(binding.item_table.relation));
    if (item.stock < Quantity{0})
        return psprintf("%s: the stock is " INT64_FORMAT ".", left, item.stock.value);
    return psprintf("%s.", left);
}

const char *explain_insufficient_funds(const Store &store, const WalletState &wallet, Money needed,
                                       const char *buyer_name) {
    if (!wallet.is_exact)
        return psprintf("Column \"%s\" of wallet \"%s\" in table \"%s\" is no amount of the store's "
                        "money. Correct the balance.",
                        store.binding.balance.raw_name, buyer_name,
                        relation_label(store.binding.wallet_table.relation));
    return psprintf("The balance is %s, %s is needed.", money_text(store, wallet.balance),
                    money_text(store, needed));
}

const char *currency_text(const std::optional<Currency> &currency) {
    return currency ? pnstrdup(currency->data(), currency->size()) : "no currency";
}

// What the caller states besides the item's own price may differ from the currency of the price.
const char *explain_currencies(const ItemState &item, const WalletState &wallet,
                               const SaleTerms &terms) {
    const auto price = price_currency(item, terms);
    if (price && terms.currency && *price != *terms.currency)
        return psprintf("The price is in %s, not in %s.", currency_text(price),
                        currency_text(terms.currency));
    return psprintf("The price is in %s, the wallet is in %s.", currency_text(price),
                    currency_text(wallet.currency));
}

} // namespace

char *money_text(const Store &store, Money money) {
    return DatumGetCString(
        DirectFunctionCall1(numeric_out, money_to_numeric(store.binding.money, money)));
}

const char *explain(const Store &store, const Decision &decision, const SaleTerms &terms,
                    const std::optional<ItemState> &item, const WalletState &wallet,
                    const char *item_name, const char *buyer_name) {
    switch (decision.verdict) {
    case Verdict::unknown_item:
        return psprintf("Store \"%s\" has no item \"%s\".", store.binding.name, item_name);
    case Verdict::stale_version:
        return psprintf("The item is at version " INT64_FORMAT ", " INT64_FORMAT " was expected.",
                        item->version, *terms.expected_version);
    case Verdict::price_changed:
        return psprintf("The price of one unit is %s, at most %s was allowed.",
                        money_text(store, *decision.unit_price), money_text(store, *terms.max_price));
    case Verdict::not_on_sale:
        return explain_flaw(store.binding, item->flaw, item_name);
    case Verdict::sold_out:
        return explain_sold_out(store.binding, *item, terms.qty, item_name);
    case Verdict::all_pending:
        return psprintf(INT64_FORMAT " left, " INT64_FORMAT " wanted, " INT64_FORMAT
                                     " pending in sales that have not committed.",
                        item->stock.value, terms.qty.value, item->pending_elsewhere.value);
    case Verdict::unknown_buyer:
        return psprintf("Store \"%s\" has no wallet \"%s\".", store.binding.name, buyer_name);
    case Verdict::insufficient_funds:
        return explain_insufficient_funds(store, wallet, decision.amount, buyer_name);
    case Verdict::currency_mismatch:
        return explain_currencies(*item, wallet, terms);
    case Verdict::busy:
        return psprintf("The %s is locked by another transaction.",
                        wallet.kind != WalletState::Kind::busy ? "row of the item"
                        : store.binding.has_wallets()          ? "row of the wallet"
                                                               : "id");
    case Verdict::lost_race:
        return "Every attempt met a concurrent write of the item.";
    case Verdict::accept:
    case Verdict::invalid:
    case Verdict::id_mismatch:
    case Verdict::unknown_purchase:
    case Verdict::over_refund:
    case Verdict::amount_out_of_range:
        break;
    }
    pg_unreachable();
}

void explain_movement(const Store &store, MemoryContext context, MovementOutcome *outcome) {
    if (outcome->detail != nullptr) return;
    MemoryContext caller = MemoryContextSwitchTo(context);
    switch (outcome->verdict) {
    case Verdict::unknown_item:
        outcome->detail =
            psprintf("Store \"%s\" has no item \"%s\".", store.binding.name, outcome->unknown);
        break;
    case Verdict::unknown_buyer:
        outcome->detail =
            psprintf("Store \"%s\" has no wallet \"%s\".", store.binding.name, outcome->unknown);
        break;
    case Verdict::unknown_purchase:
        outcome->detail =
            psprintf("Store \"%s\" has no purchase %s.", store.binding.name, outcome->unknown);
        break;
    case Verdict::insufficient_funds:
        outcome->detail =
            psprintf("The balance is %s, %s is needed.", money_text(store, *outcome->balance),
                     money_text(store, *outcome->amount));
        break;
    default:
        break;
    }
    MemoryContextSwitchTo(caller);
}

const char *explain_transfer_currencies(const std::optional<Currency> &payer,
                                        const std::optional<Currency> &payee) {
    return psprintf("The payer's wallet is in %s, the payee's is in %s.", currency_text(payer),
                    currency_text(payee));
}

const char *out_of_range_detail(const Store &store) {
    return psprintf("The amount does not fit into a column of type %s.",
                    format_type_with_typemod(store.binding.money.type, store.binding.money.typmod));
}

void raise_amount_out_of_range(const Store &store) {
    ereport(ERROR,
            (errcode(errcodes::out_of_range), errmsg("amount of the purchase is out of range"),
             errdetail("The amount does not fit into a column of type %s.",
                       format_type_with_typemod(store.binding.money.type, store.binding.money.typmod)),
             errhint("Buy fewer units at a time.")));
    pg_unreachable();
}

void raise_overflow(const Store &store, const char *figure, const char *key) {
    const NumberType &figures =
        (strcmp(figure, "stock") == 0 ? store.binding.stock : store.binding.balance).figures;
    ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("%s of \"%s\" is out of range", figure, key),
                    errdetail("The new %s does not fit into a column of type %s.", figure,
                              format_type_with_typemod(figures.type, figures.typmod)),
                    errhint("Take some out first.")));
    pg_unreachable();
}

} // namespace vend
