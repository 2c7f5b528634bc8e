#include "base/prelude.hpp"

#include "engine/replay.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"
#include "rows/eras.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"

namespace vend {
namespace {

// Whether both keys mean one row: by the key that was recorded, or by the row's current key.
template <KeyOf of>
bool is_same_party(Store &store, std::optional<Key<of>> recorded, int32 era,
                   std::optional<Key<of>> asked) {
    if (recorded.has_value() != asked.has_value()) return false;
    const KeyTypeOf<of> &type = store.binding.key_type<of>();
    if (!recorded || means_same_key(type, *recorded, *asked)) return true;
    if (of == KeyOf::wallet && !store.binding.has_wallets()) return false;
    const auto now = row_of_era(store, KeyEra{*recorded, era});
    return now && means_same_key(type, now->key, *asked);
}

// A remembered refusal stands for the purchase that was refused, whose price is not recorded.
Identity identity_of(const Entry &entry) {
    if (entry.is(Kind::refusal)) return {Kind::purchase, negated(entry.refusal_qty), {}};
    return {kind_from(entry.kind), entry.qty, entry.amount};
}

} // namespace

AskedMovement asked_purchase(ItemKey item, WalletKey buyer, const SaleTerms &terms) {
    AskedMovement asked{Kind::purchase, item, buyer, negated(terms.qty), {}};
    if (const auto stated = terms.stated_amount()) asked.amount = negated(*stated);
    return asked;
}

void raise_id_mismatch(const Uuid &id, Difference difference) {
    ereport(ERROR,
            (errcode(errcodes::id_mismatch),
             errmsg("id %s was recorded for another request",
                    DatumGetCString(DirectFunctionCall1(uuid_out, to_datum(id)))),
             errdetail("%s", mismatch_detail(difference)),
             errhint("Use a new id for each purchase or movement, and the same id only to send it "
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
                        errmsg("the ledger of store \"%s\" has the unknown refusal \"%s\"",
                               store.binding.name, entry.refusal)));
    return *verdict;
}

const char *mismatch_detail(Difference difference) {
    if (difference == Difference::voided)
        return "The id is void: nothing took place under it, and nothing will.";
    return psprintf("Another %s was recorded under it.", to_text(difference).data());
}

void require_same_request(Store &store, const Uuid &id, const Entry &entry, const AskedMovement &asked) {
    const auto is_same = [&](PartyOf party) {
        if (party == PartyOf::item) return is_same_party(store, entry.item, entry.item_era, asked.item);
        return party == PartyOf::payee ||
               is_same_party(store, entry.wallet, entry.wallet_era, asked.wallet);
    };
    const Identity identity{asked.kind, asked.qty, asked.amount};
    const Difference found = difference(identity_of(entry), identity, is_same);
    if (found != Difference::none) raise_id_mismatch(id, found);
}

void require_same_refund(const Uuid &id, const Entry &entry, const Uuid &purchase) {
    const Difference found = refund_row_difference(kind_from(entry.kind), entry.ref, purchase);
    if (found != Difference::none) raise_id_mismatch(id, found);
}

bool is_refund_of_item(Store &store, const Entry &refund, int lines, ItemKey item) {
    if (lines != 1) return false;
    if (is_same_party(store, refund.item, refund.item_era, std::optional(item))) return true;
    const auto purchase = read_entry(store, *refund.ref, refund.ref_line);
    return purchase && is_same_party(store, purchase->item, purchase->item_era, std::optional(item));
}

// The index on the ids decides between this call and a movement under the id that runs at the same time:
// the second one waits for the first, and finds the id taken if the first commits.
void void_id(Store &store, const Uuid &id) {
    Movement voiding;
    voiding.id = id;
    voiding.kind = Kind::voided;
    voiding.at = GetCurrentTimestamp();
    if (remember(store, voiding)) return;
    const auto entry = read_entry(store, id);
    if (!entry || (!entry->is(Kind::voided) && !entry->is(Kind::refusal)))
        raise_id_mismatch(id, Difference::kind);
}

} // namespace vend
