#include "base/prelude.hpp"

#include "engine/replay.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "rows/eras.hpp"

namespace vend {
namespace {

// Whether both name one row: by the key of then, or by the one that the row has now.
bool is_same_party(Store &store, KeyOf of, std::optional<Datum> recorded, int32 era,
                   std::optional<Datum> asked) {
    if (recorded.has_value() != asked.has_value()) return false;
    KeyType &type = of == KeyOf::item ? store.item_type : store.buyer_type;
    if (!recorded || means_same_key(type, *recorded, *asked)) return true;
    if (of == KeyOf::wallet && !store.has_wallets()) return false;
    const auto now = row_of_era(store, of, {*recorded, era});
    return now && means_same_key(type, now->key, *asked);
}

const char *kind_that_differs(const Entry &entry) {
    return entry.is(Kind::voided) ? to_text(Kind::voided).data() : "kind";
}

// The first thing that differs, or null.
const char *difference(Store &store, const Entry &entry, const Identity &request) {
    if (!entry.is(request.kind)) return kind_that_differs(entry);
    if (!is_same_party(store, KeyOf::item, entry.item, entry.item_era, request.item)) return "item";
    if (!is_same_party(store, KeyOf::wallet, entry.wallet, entry.wallet_era, request.wallet))
        return request.kind == Kind::purchase ? "buyer" : "wallet";
    if (entry.qty != request.qty) return "quantity";
    if (request.amount && entry.amount != *request.amount) return "amount";
    return nullptr;
}

} // namespace

Identity purchase_identity(Datum item, Datum buyer, const SaleTerms &terms) {
    Identity identity{Kind::purchase, item, buyer, negated(terms.qty), {}};
    if (const auto stated = terms.stated_amount()) identity.amount = negated(*stated);
    return identity;
}

void raise_id_mismatch(const Uuid &id, const char *what) {
    ereport(ERROR,
            (errcode(errcodes::id_mismatch),
             errmsg("id %s was recorded for another request",
                    DatumGetCString(DirectFunctionCall1(uuid_out, to_datum(id)))),
             errdetail("%s", mismatch_detail(what)),
             errhint("Use a new id for each purchase or movement, and the same id only to ask for it "
                     "again.")));
    pg_unreachable();
}

bool is_cart(Store &store, const Uuid &id) {
    const auto second = read_entry(store, id, 1);
    return second && second->is(Kind::purchase);
}

Verdict verdict_of_memory(const Store &store, const Entry &entry) {
    const auto verdict = remembered_verdict(entry.refusal);
    if (!verdict)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("the ledger of store \"%s\" holds the unknown refusal \"%s\"", store.name,
                               entry.refusal)));
    return *verdict;
}

const char *mismatch_detail(const char *what) {
    if (what == to_text(Kind::voided))
        return "The id is void: nothing took place under it, and nothing will.";
    return psprintf("Another %s was recorded under it.", what);
}

void require_same_request(Store &store, const Uuid &id, const Entry &entry, const Identity &request) {
    // A remembered refusal stands for the purchase that was refused.
    Entry asked = entry;
    if (entry.is(Kind::refusal)) {
        asked.kind = to_text(Kind::purchase).data();
        asked.qty = negated(entry.refusal_qty);
        asked.amount = request.amount.value_or(Money{});
    }
    if (const char *what = difference(store, asked, request)) raise_id_mismatch(id, what);
}

void require_same_refund(const Uuid &id, const Entry &entry, const Uuid &purchase) {
    if (!entry.is(Kind::refund)) raise_id_mismatch(id, kind_that_differs(entry));
    if (entry.ref != purchase) raise_id_mismatch(id, "purchase");
}

bool is_refund_of_item(Store &store, const Entry &refund, int lines, Datum item) {
    if (lines != 1) return false;
    if (is_same_party(store, KeyOf::item, refund.item, refund.item_era, item)) return true;
    const auto purchase = read_entry(store, *refund.ref, refund.ref_line);
    return purchase && is_same_party(store, KeyOf::item, purchase->item, purchase->item_era, item);
}

// The index on the ids decides between this and a movement under way: whoever is second waits for the
// first, and finds the id taken if that commits.
void void_id(Store &store, const Uuid &id) {
    Movement voiding;
    voiding.id = id;
    voiding.kind = Kind::voided;
    voiding.at = GetCurrentTimestamp();
    if (remember(store, voiding)) return;
    const auto entry = read_entry(store, id);
    if (!entry || (!entry->is(Kind::voided) && !entry->is(Kind::refusal))) raise_id_mismatch(id, "kind");
}

} // namespace vend
