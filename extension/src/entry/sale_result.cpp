#include "base/prelude.hpp"

#include "entry/sale_result.hpp"

#include "base/error_codes.hpp"
#include "binding/number_type.hpp"
#include "binding/rights.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/right.hpp"
#include "core/verdict.hpp"

namespace vend {
namespace {

// The columns that a receipt and an outcome share, from id to at.
void add_common(ResultRow &result, const NumberType &money, const SaleOutcome &outcome) {
    result.add_uuid(outcome.id);
    result.add_optional_text(outcome.item);
    result.add_optional_text(outcome.buyer);
    result.add_quantity(outcome.qty);
    result.add_money(money, outcome.unit_price);
    result.add_money(money, outcome.amount);
    result.add_money(money, outcome.balance);
    result.add_time(outcome.at);
}

} // namespace

void require_right_to_price(const Store &store) {
    if (!store.binding.has_prices() || is_permitted(store, {Right::cashier})) return;
    ereport(
        ERROR,
        (errcode(errcodes::not_permitted),
         errmsg("permission denied to state the price of a sale in store \"%s\"", store.binding.name),
         errdetail("The store has prices, and only a cashier may state another price."),
         errhint("Leave unit_price and amount out; max_price refuses a price higher than the one "
                 "shown.")));
}

void set_store_terms(const Store &store, const char *currency, SaleTerms *terms) {
    terms->amount_max = Money{store.binding.money.max};
    if (currency != nullptr) terms->currency = currency;
    terms->has_currencies = store.binding.has_currencies();
    terms->items_have_currencies = store.binding.items_have_currencies();
}

void require_consistent(const Store &store, const SaleTerms &terms) {
    if (terms.unit_price && terms.amount)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("unit_price and amount cannot be given together"),
                        errhint("Pass the price of one unit, or what all of them cost together.")));
    if (!store.binding.has_prices() && !terms.states_price())
        ereport(ERROR,
                (errcode(errcodes::bad_argument),
                 errmsg("unit_price must be given: store \"%s\" has no prices", store.binding.name),
                 errhint("Pass unit_price => ..., the price of one unit.")));
    if (!store.binding.has_prices() && terms.max_price)
        ereport(ERROR,
                (errcode(errcodes::bad_argument),
                 errmsg("max_price cannot be given: store \"%s\" has no prices", store.binding.name),
                 errhint("Each sale states its price in unit_price.")));
    if (terms.max_price && terms.states_price())
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("max_price cannot be given where the price is stated"),
                        errhint("Use expected_version to refuse the sale of an item that was edited.")));
    if (!terms.has_currencies && terms.currency)
        ereport(ERROR,
                (errcode(errcodes::bad_argument),
                 errmsg("currency cannot be given: store \"%s\" has no currencies", store.binding.name),
                 errhint("Name the columns that have them with vend.reattach_store(%s, "
                         "wallet_currency => '...', item_currency => '...').",
                         quote_literal_cstr(store.binding.name))));
    if (terms.has_currencies && !terms.items_have_currencies && !terms.currency)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("currency must be given: the items of store \"%s\" have no currency",
                               store.binding.name),
                        errhint("Pass currency => ..., the currency of the price.")));
    if (!store.binding.has_versions() && terms.expected_version)
        ereport(ERROR,
                (errcode(errcodes::bad_argument),
                 errmsg("expected_version cannot be given: store \"%s\" has no versions",
                        store.binding.name),
                 errhint("Add a column for them with vend.reattach_store(%s, version => 'version', "
                         "add_columns => true).",
                         quote_literal_cstr(store.binding.name))));
}

void require_id_to_remember(const SaleRequest &request) {
    if (request.remember && !request.id)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("remember needs an id"),
                        errhint("Pass id => ..., and send the request again under the same id.")));
}

ResultRow receipt_row(const NumberType &money, const SaleOutcome &outcome) {
    ResultRow result;
    add_common(result, money, outcome);
    result.add(BoolGetDatum(outcome.replayed));
    return result;
}

ResultRow outcome_row(const NumberType &money, const SaleOutcome &outcome) {
    const bool is_replayed = outcome.replayed && outcome.verdict == Verdict::accept;
    ResultRow result;
    result.add_text(is_replayed ? "replayed" : status_of(outcome.verdict));
    result.add_optional_text(outcome.detail);
    add_common(result, money, outcome);
    return result;
}

} // namespace vend
