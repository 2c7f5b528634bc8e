#include "base/prelude.hpp"

#include "engine/transfer.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/scope.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/figure.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

#include <array>

namespace vend {
namespace {

struct Parties {
    std::optional<Wallet> payer;
    std::optional<Wallet> payee;
};

Parties read_parties(Store &store, const TransferRequest &request) {
    return {read_wallet(store, request.payer), read_wallet(store, request.payee)};
}

std::optional<Wallet> locked_wallet(Store &store, WalletKey key) {
    Wallet wallet;
    if (lock_wallet(store, key, {}, &wallet) != LockResult::locked) return std::nullopt;
    return wallet;
}

WalletKey key_of(const std::optional<Wallet> &wallet, WalletKey asked) {
    return wallet ? wallet->key : asked;
}

// Locks both wallets in the order of the keys in their rows: two transfers in opposite directions must
// not deadlock.
Parties lock_parties(Store &store, const TransferRequest &request, const Parties &read) {
    Parties parties;
    if (compare_keys(store.binding.buyer_type, key_of(read.payer, request.payer),
                     key_of(read.payee, request.payee)) < 0) {
        parties.payer = locked_wallet(store, request.payer);
        parties.payee = locked_wallet(store, request.payee);
    } else {
        parties.payee = locked_wallet(store, request.payee);
        parties.payer = locked_wallet(store, request.payer);
    }
    return parties;
}

bool answer_from_ledger(Store &store, const TransferRequest &request, const Parties &parties,
                        MovementOutcome *outcome) {
    if (!request.id) return false;
    const auto out = read_entry(store, *request.id, payer_line);
    if (!out) return false;
    require_same_request(
        store, *request.id, *out,
        {Kind::transfer, {}, key_of(parties.payer, request.payer), {}, negated(request.amount)});
    const auto in = read_entry(store, *request.id, payee_line);
    if (!in) raise_half_transfer(store);
    require_same_request(store, *request.id, *in,
                         {Kind::transfer, {}, key_of(parties.payee, request.payee), {}, request.amount});
    outcome->replayed = true;
    outcome->at = out->at;
    if (parties.payer) outcome->balance = parties.payer->balance;
    return true;
}

void pay(Store &store, const TransferRequest &request, const Parties &parties,
         MovementOutcome *outcome) {
    const Change<Money> payment = by_movement(request.amount);
    if (!balance_after(store.binding, *parties.payee, payment))
        raise_overflow(store, "balance", outcome->payee);
    outcome->balance =
        change_locked_balance(store, *parties.payer, by_movement(negated(request.amount)));
    (void)change_locked_balance(store, *parties.payee, payment);
    outcome->id = request.id ? *request.id : new_uuid_v7();
    outcome->at = GetCurrentTimestamp();
    const std::array lines{
        transfer_movement(*outcome->id, payer_line, parties.payer->key, negated(request.amount),
                          *outcome->at),
        transfer_movement(*outcome->id, payee_line, parties.payee->key, request.amount, *outcome->at)};
    record_all(store, lines);
}

void describe(Store &store, const TransferRequest &request, const Parties &parties,
              MovementOutcome *outcome) {
    outcome->id = request.id;
    outcome->amount = request.amount;
    outcome->wallet = key_text(store.binding.buyer_type, key_of(parties.payer, request.payer));
    outcome->payee = key_text(store.binding.buyer_type, key_of(parties.payee, request.payee));
}

void require_two(Store &store, const Parties &parties, const TransferRequest &request) {
    if (compare_keys(store.binding.buyer_type, key_of(parties.payer, request.payer),
                     key_of(parties.payee, request.payee)) == 0)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("payer and payee must not be the same wallet")));
}

} // namespace

Movement transfer_movement(const Uuid &id, int32 line, WalletKey wallet, Money amount, TimestampTz at) {
    Movement movement;
    movement.id = id;
    movement.line = line;
    movement.kind = Kind::transfer;
    movement.wallet = wallet;
    movement.amount = amount;
    movement.at = at;
    return movement;
}

void raise_half_transfer(const Store &store) {
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("the ledger of store \"%s\" has half of a transfer", store.binding.name)));
    pg_unreachable();
}

MovementOutcome transfer(Store &store, const TransferRequest &request, MemoryContext result_context) {
    MovementOutcome outcome;
    Parties parties = read_parties(store, request);
    require_two(store, parties, request);
    bool is_replayed = answer_from_ledger(store, request, parties, &outcome);
    if (!is_replayed) {
        parties = lock_parties(store, request, parties);
        is_replayed = answer_from_ledger(store, request, parties, &outcome);
    }
    in_context(result_context, [&] { describe(store, request, parties, &outcome); });
    if (is_replayed) return outcome;
    if (parties.payer) outcome.balance = parties.payer->balance;
    if (!parties.payer || !parties.payee) {
        outcome.verdict = Verdict::unknown_buyer;
        outcome.unknown = parties.payer ? outcome.payee : outcome.wallet;
    } else if (store.binding.has_currencies() &&
               !is_one_currency(parties.payer->currency, parties.payee->currency)) {
        outcome.verdict = Verdict::currency_mismatch;
        outcome.detail = in_context(result_context, [&] {
            return explain_transfer_currencies(parties.payer->currency, parties.payee->currency);
        });
    } else if (!covers(parties.payer->balance, request.amount))
        outcome.verdict = Verdict::insufficient_funds;
    else
        pay(store, request, parties, &outcome);
    explain_movement(store, result_context, &outcome);
    return outcome;
}

} // namespace vend
