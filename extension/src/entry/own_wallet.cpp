#include "base/prelude.hpp"

#include "entry/own_wallet.hpp"

#include "base/error_codes.hpp"
#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/rights.hpp"
#include "core/right.hpp"

namespace vend {

std::optional<WalletKey> only_wallet_of_caller(Store &store) {
    if (!store.binding.has_own_wallets_only || is_permitted(store, {Right::cashier}))
        return std::nullopt;
    const char *buyer = settings::current_buyer();
    if (buyer[0] == '\0')
        ereport(
            ERROR,
            (errcode(errcodes::not_permitted), errmsg("vend.current_buyer is not set"),
             errdetail("A buyer of store \"%s\" may name only the wallet that the setting names.",
                       store.binding.name),
             errhint(
                 "The gateway in front of the buyers sets it: SET LOCAL vend.current_buyer = '...'.")));
    return key_from_argument(store.binding.buyer_type, TEXTOID, CStringGetTextDatum(buyer));
}

void require_wallet(Store &store, std::optional<WalletKey> only, WalletKey buyer) {
    if (!only || means_same_key(store.binding.buyer_type, *only, buyer)) return;
    ereport(ERROR,
            (errcode(errcodes::not_permitted),
             errmsg("permission denied for wallet \"%s\"", key_text(store.binding.buyer_type, buyer)),
             errdetail("A buyer of store \"%s\" may name only the wallet that vend.current_buyer names.",
                       store.binding.name)));
}

} // namespace vend
