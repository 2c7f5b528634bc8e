#include "base/prelude.hpp"

#include "engine/deposit.hpp"

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

namespace vend {
namespace {

struct PaidWallet {
    std::optional<Wallet> wallet;
    WalletKey key;
};

// The signed change of the balance.
Money signed_amount(const DepositRequest &request) {
    return request.kind == Kind::withdrawal ? negated(request.amount) : request.amount;
}

PaidWallet read_wallet_of(Store &store, const DepositRequest &request) {
    const auto wallet = read_wallet(store, request.wallet);
    return {wallet, wallet ? wallet->key : request.wallet};
}

bool lock_wallet_of(Store &store, const DepositRequest &request, PaidWallet *paid) {
    Wallet wallet;
    if (lock_wallet(store, request.wallet, {}, &wallet) != LockResult::locked) return false;
    *paid = {wallet, wallet.key};
    return true;
}

bool answer_from_ledger(Store &store, const DepositRequest &request, const PaidWallet &paid,
                        MovementOutcome *outcome) {
    if (!request.id) return false;
    const auto entry = read_entry(store, *request.id);
    if (!entry) return false;
    require_same_request(store, *request.id, *entry,
                         {request.kind, {}, paid.key, Quantity{}, signed_amount(request)});
    outcome->replayed = true;
    outcome->at = entry->at;
    if (paid.wallet) outcome->balance = paid.wallet->balance;
    return true;
}

// Writes the balance. Refuses a withdrawal that the balance does not cover.
bool write_balance(Store &store, const DepositRequest &request, const Wallet &wallet,
                   MovementOutcome *outcome) {
    outcome->balance = wallet.balance;
    if (request.kind == Kind::withdrawal && !covers(wallet.balance, request.amount)) {
        outcome->verdict = Verdict::insufficient_funds;
        return false;
    }
    const Change<Money> change = by_movement(signed_amount(request));
    outcome->balance = balance_after(store.binding, wallet, change);
    if (!outcome->balance) raise_overflow(store, "balance", outcome->wallet);
    outcome->balance = change_locked_balance(store, wallet, change);
    return true;
}

void record_payment(Store &store, const DepositRequest &request, const PaidWallet &paid,
                    MovementOutcome *outcome) {
    outcome->id = request.id ? *request.id : new_uuid_v7();
    outcome->at = GetCurrentTimestamp();
    Movement movement;
    movement.id = *outcome->id;
    movement.kind = request.kind;
    movement.wallet = paid.key;
    movement.amount = signed_amount(request);
    movement.at = *outcome->at;
    record(store, movement);
}

void describe(Store &store, const DepositRequest &request, const PaidWallet &paid,
              MovementOutcome *outcome) {
    outcome->id = request.id;
    outcome->wallet = key_text(store.binding.buyer_type, paid.key);
    outcome->amount = request.amount;
}

} // namespace

MovementOutcome deposit_or_withdraw(Store &store, const DepositRequest &request,
                                    MemoryContext result_context) {
    MovementOutcome outcome;
    PaidWallet paid = read_wallet_of(store, request);
    bool is_replayed = answer_from_ledger(store, request, paid, &outcome);
    bool is_known = true;
    if (!is_replayed) {
        is_known = lock_wallet_of(store, request, &paid);
        // Read the id again: a call with it may have committed while this one waited for the lock.
        is_replayed = answer_from_ledger(store, request, paid, &outcome);
    }
    in_context(result_context, [&] { describe(store, request, paid, &outcome); });
    if (is_replayed) return outcome;
    if (!is_known) {
        outcome.verdict = Verdict::unknown_buyer;
        outcome.unknown = outcome.wallet;
    } else if (write_balance(store, request, *paid.wallet, &outcome)) {
        record_payment(store, request, paid, &outcome);
    }
    explain_movement(store, result_context, &outcome);
    return outcome;
}

} // namespace vend
