#include "base/prelude.hpp"

#include "entry/raise.hpp"

#include "base/error_codes.hpp"

namespace vend {
namespace {

struct Wording {
    int code;
    const char *message; // %s: item, or buyer
    bool names_buyer;
};

Wording wording_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::unknown_purchase:
        return {errcodes::unknown_purchase, "purchase does not exist", false};
    case Verdict::over_refund:
        return {errcodes::over_refund, "cannot refund more of item \"%s\" than was bought", false};
    case Verdict::unknown_item:
        return {errcodes::unknown_item, "item \"%s\" does not exist", false};
    case Verdict::stale_version:
        return {errcodes::stale_version, "item \"%s\" is not at the expected version", false};
    case Verdict::price_changed:
        return {errcodes::price_changed, "price of item \"%s\" has changed", false};
    case Verdict::not_on_sale:
        return {errcodes::not_on_sale, "item \"%s\" is not on sale", false};
    case Verdict::sold_out:
        return {errcodes::sold_out, "item \"%s\" is sold out", false};
    case Verdict::all_pending:
        return {errcodes::all_pending, "units of item \"%s\" are pending in other sales", false};
    case Verdict::unknown_buyer:
        return {errcodes::unknown_buyer, "buyer \"%s\" does not exist", true};
    case Verdict::currency_mismatch:
        return {errcodes::currency_mismatch, "wallet of buyer \"%s\" is in another currency", true};
    case Verdict::insufficient_funds:
        return {errcodes::insufficient_funds, "buyer \"%s\" has insufficient funds", true};
    case Verdict::busy:
        return {errcodes::busy, "could not obtain lock to sell item \"%s\"", false};
    case Verdict::lost_race:
        return {errcodes::lost_race, "could not sell item \"%s\" due to concurrent writes", false};
    case Verdict::accept:
    case Verdict::invalid:
    case Verdict::id_mismatch:
    case Verdict::amount_out_of_range:
        break;
    }
    pg_unreachable();
}

} // namespace

void raise_refusal(Verdict verdict, const char *item, const char *buyer, const char *detail) {
    const Wording wording = wording_of(verdict);
    const char *name = wording.names_buyer ? buyer : item;
    if (verdict == Verdict::over_refund && name == nullptr)
        ereport(ERROR, (errcode(wording.code), errmsg("cannot refund more of a cart than was bought"),
                        errdetail("%s", detail)));
    ereport(ERROR, (errcode(wording.code), errmsg(wording.message, name),
                    detail == nullptr ? 0 : errdetail("%s", detail)));
    pg_unreachable();
}

} // namespace vend
