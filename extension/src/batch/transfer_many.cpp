#include "base/prelude.hpp"

#include "batch/transfer_many.hpp"

#include "base/ids.hpp"
#include "base/new_array.hpp"
#include "base/scope.hpp"
#include "batch/batch_rows.hpp"
#include "batch/distinct_keys.hpp"
#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/batch.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "rows/call_locks.hpp"
#include "rows/eras.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "table/subtransaction.hpp"

#include <algorithm>

// A batch of transfers: one call, one transaction, one decision on many requests.
//
// It runs like a batch of sales (batch/batch.cpp): answer without locks, else transfer as read, else
// lock all wallets by key and decide. Transferring as read records first and locks afterwards, so a
// payer with little money may be emptied by another batch in between. Requests of such payers are late:
// they are recorded only after the wallets are locked. See docs/batches.md.

namespace vend {
namespace {

// The state of a batch of n transfers. It names 2n wallets: first the n payers, then the n payees.
struct Transfers {
    BatchRows rows;
    std::span<const BatchTransfer> requests;
    Ids ids{};
    std::span<std::optional<Entry>> payer_lines{};
    std::span<std::optional<Entry>> payee_lines{};
    std::span<TransferTerms> terms{};
    std::span<BatchDecision> decisions{};
    std::span<bool> is_late{}; // for each request: it is recorded after the wallets are locked
    TimestampTz at = 0;
    std::span<MovementOutcome> outcomes{};
};

// The steps. Their bodies follow the public functions.

bool bring_ids(std::span<const BatchTransfer> requests);
void read_wallets_of(Transfers &batch);
void name_parties(Transfers &batch);
// Like sell_as_read() for purchases: writes the ledger first, and then waits for wallets.
bool transfer_as_read(Transfers &batch);
void transfer_under_locks(Transfers &batch);
void describe(Transfers &batch, MemoryContext context);

} // namespace

std::span<MovementOutcome> transfer_many(Store &store, std::span<const BatchTransfer> requests,
                                         MemoryContext result_context) {
    Transfers batch{.rows = {.store = store, .are_sales = false},
                    .requests = requests,
                    .terms = new_array<TransferTerms>(requests.size()),
                    .decisions = new_array<BatchDecision>(requests.size()),
                    .is_late = new_array<bool>(requests.size())};
    const LOCKTAG *turn =
        takes_turns(store, requests.size()) && !bring_ids(requests) ? begin_turn(store) : nullptr;
    read_wallets_of(batch);
    in_context(result_context, [&] {
        batch.outcomes = new_array<MovementOutcome>(requests.size());
        name_parties(batch);
    });
    if (!transfer_as_read(batch)) transfer_under_locks(batch);
    end_turn(turn);
    in_context(result_context, [&] { describe(batch, result_context); });
    return batch.outcomes;
}

namespace {

bool bring_ids(std::span<const BatchTransfer> requests) {
    return std::ranges::any_of(requests,
                               [](const auto &request) { return request.transfer.id.has_value(); });
}

bool is_valid(const Transfers &batch, std::size_t i) {
    return batch.requests[i].problem == nullptr;
}

void read_wallets_of(Transfers &batch) {
    const std::size_t count = batch.requests.size();
    const auto given = new_array<std::optional<WalletKey>>(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_valid(batch, i)) continue;
        given[i] = batch.requests[i].transfer.payer;
        given[count + i] = batch.requests[i].transfer.payee;
    }
    read_wallet_rows(batch.rows, given);
}

int payer_place(const Transfers &batch, std::size_t i) {
    return batch.rows.buyers.places[i];
}

int payee_place(const Transfers &batch, std::size_t i) {
    return batch.rows.buyers.places[batch.requests.size() + i];
}

void name_parties(Transfers &batch) {
    const auto names = names_of(batch.rows.store.binding.buyer_type, batch.rows.buyers);
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        MovementOutcome &outcome = batch.outcomes[i];
        outcome.id = batch.requests[i].transfer.id;
        if (!is_valid(batch, i)) continue;
        outcome.amount = batch.requests[i].transfer.amount;
        outcome.wallet = names[static_cast<std::size_t>(payer_place(batch, i))];
        outcome.payee = names[static_cast<std::size_t>(payee_place(batch, i))];
    }
}

void read_ids(Transfers &batch) {
    const auto given = new_array<std::optional<Uuid>>(batch.requests.size());
    for (std::size_t i = 0; i < given.size(); ++i)
        if (is_valid(batch, i)) given[i] = batch.requests[i].transfer.id;
    batch.ids = distinct_ids(given);
    batch.payer_lines = new_array<std::optional<Entry>>(batch.ids.ids.size());
    batch.payee_lines = new_array<std::optional<Entry>>(batch.ids.ids.size());
    read_entries(batch.rows.store, batch.ids.ids, payer_line, batch.payer_lines);
    read_entries(batch.rows.store, batch.ids.ids, payee_line, batch.payee_lines);
}

std::optional<UsedId> used_id(const Transfers &batch, std::size_t place) {
    const auto &out = batch.payer_lines[place];
    if (!out) return std::nullopt;
    UsedId used;
    if (out->is(Kind::voided)) used.kind = UsedId::Kind::voided;
    if (!out->is(Kind::transfer)) return used;
    if (!batch.payee_lines[place]) raise_half_transfer(batch.rows.store);
    used.kind = UsedId::Kind::transfer;
    used.amount = Money{-std::max(out->amount.value, -PG_INT64_MAX)};
    return used;
}

void look_up_wallet(Transfers &batch, const Entry &entry, int asked, Party *party) {
    if (!entry.wallet) return;
    look_up_party(batch.rows.store, batch.rows.buyers, KeyEra{*entry.wallet, entry.wallet_era}, asked,
                  party);
}

// Looks up the wallets of a recorded transfer for each request with its id: requests may name the
// wallets by different keys.
void look_up_wallets(Transfers &batch, std::span<std::optional<UsedId>> used) {
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (batch.ids.places[i] == none) continue;
        const auto place = static_cast<std::size_t>(batch.ids.places[i]);
        if (!used[place] || used[place]->kind != UsedId::Kind::transfer) continue;
        look_up_wallet(batch, *batch.payer_lines[place], payer_place(batch, i), &used[place]->wallet);
        look_up_wallet(batch, *batch.payee_lines[place], payee_place(batch, i), &used[place]->payee);
    }
}

// The most that the wallet of the payee can hold. Without a wallet the transfer is refused.
Money payee_max(const Transfers &batch, std::size_t i) {
    const int place = payee_place(batch, i);
    if (place == none) return {};
    const auto &wallet = batch.rows.wallets[static_cast<std::size_t>(place)];
    return wallet ? balance_max(batch.rows.store.binding, *wallet) : Money{};
}

void decide(Transfers &batch) {
    const auto used = new_array<std::optional<UsedId>>(batch.ids.ids.size());
    for (std::size_t i = 0; i < used.size(); ++i) used[i] = used_id(batch, i);
    look_up_wallets(batch, used);
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        const TransferRequest &transfer = batch.requests[i].transfer;
        batch.terms[i] = {.is_valid =
                              is_valid(batch, i) && payer_place(batch, i) != payee_place(batch, i),
                          .payer = payer_place(batch, i),
                          .payee = payee_place(batch, i),
                          .id = batch.ids.places[i],
                          .amount = transfer.amount,
                          .balance_max = payee_max(batch, i),
                          .has_currencies = batch.rows.store.binding.has_currencies()};
    }
    set_states(batch.rows);
    decide_transfers({{}, batch.rows.wallet_states, used}, batch.terms, batch.decisions);
}

bool is_made(const Transfers &batch, std::size_t i) {
    return batch.decisions[i].answer == Answer::decided &&
           batch.decisions[i].decision.verdict == Verdict::accept;
}

// The payers with little money: another batch of this size could take what they need before they are
// locked.
std::span<bool> tight_wallets(const Transfers &batch) {
    const auto is_tight = new_array<bool>(batch.rows.wallets.size());
    const auto paid = new_array<Money>(batch.rows.wallets.size());
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (!batch.terms[i].is_valid) continue;
        const auto payer = static_cast<std::size_t>(payer_place(batch, i));
        const auto sum = checked_add(paid[payer], batch.terms[i].amount);
        paid[payer] = sum.value_or(paid[payer]);
        is_tight[payer] =
            is_tight[payer] || !sum || !is_made(batch, i) || batch.decisions[i].wallet.balance < *sum;
    }
    return is_tight;
}

// All requests of payers with little money are late, so that their decisions are made once.
void put_off(Transfers &batch) {
    const auto is_tight = tight_wallets(batch);
    batch.rows.late_wallets = new_array<bool>(batch.rows.wallets.size());
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (!batch.terms[i].is_valid) continue;
        const auto payer = static_cast<std::size_t>(payer_place(batch, i));
        if (!is_tight[payer]) continue;
        batch.is_late[i] = true;
        batch.rows.late_wallets[payer] = true;
        batch.rows.late_wallets[static_cast<std::size_t>(payee_place(batch, i))] = true;
    }
}

// Records the late requests, or the others.
void record_transfers(Transfers &batch, bool are_late) {
    const auto made = new_array<int>(batch.requests.size());
    const auto ids = new_array<Uuid>(batch.requests.size());
    std::size_t count = 0;
    make_uuids_v7(ids);
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (!is_made(batch, i) || batch.is_late[i] != are_late) continue;
        made[count++] = static_cast<int>(i);
        if (!batch.outcomes[i].id) batch.outcomes[i].id = ids[i];
    }
    if (count == 0) return;
    std::ranges::sort(made.first(count), {},
                      [&](int i) { return *batch.outcomes[static_cast<std::size_t>(i)].id; });
    const auto movements = new_array<Movement>(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto request = static_cast<std::size_t>(made[i]);
        const auto key = [&](int place) { return buyer_key(batch.rows, place); };
        const Uuid &id = *batch.outcomes[request].id;
        const Money amount = batch.terms[request].amount;
        movements[2 * i] = transfer_movement(id, payer_line, key(payer_place(batch, request)),
                                             negated(amount), batch.at);
        movements[2 * i + 1] =
            transfer_movement(id, payee_line, key(payee_place(batch, request)), amount, batch.at);
    }
    record_all(batch.rows.store, movements);
}

// Whether the decisions on the locked wallets make the transfers that were recorded before.
bool are_made_again(Transfers &batch) {
    const auto was_made = new_array<bool>(batch.requests.size());
    for (std::size_t i = 0; i < was_made.size(); ++i) was_made[i] = is_made(batch, i);
    decide(batch);
    for (std::size_t i = 0; i < was_made.size(); ++i)
        if (!batch.is_late[i] && is_made(batch, i) != was_made[i]) return false;
    return true;
}

bool transfer_as_read(Transfers &batch) {
    read_ids(batch);
    if (!may_write_as_read(batch.rows.store) || !batch.ids.ids.empty()) return false;
    batch.rows.counts_money = true;
    decide(batch);
    put_off(batch);
    batch.rows.counts_money = kept_if([&] {
        batch.at = GetCurrentTimestamp();
        record_transfers(batch, false);
        if (!write_rows_as_read(batch.rows) || !are_made_again(batch)) return false;
        write_late_wallets(batch.rows);
        record_transfers(batch, true);
        return true;
    });
    if (!batch.rows.counts_money)
        for (std::size_t i = 0; i < batch.outcomes.size(); ++i)
            batch.outcomes[i].id = batch.requests[i].transfer.id;
    return batch.rows.counts_money;
}

void transfer_under_locks(Transfers &batch) {
    lock_rows(batch.rows);
    read_ids(batch);
    decide(batch);
    write_rows(batch.rows);
    std::ranges::fill(batch.is_late, false);
    batch.at = GetCurrentTimestamp();
    record_transfers(batch, false);
}

const std::optional<Wallet> &wallet_of(const Transfers &batch, int place) {
    return batch.rows.wallets[static_cast<std::size_t>(place)];
}

void refuse_as(MovementOutcome *outcome, Verdict verdict, const char *detail) {
    outcome->verdict = verdict;
    outcome->detail = detail;
}

void describe_decision(Transfers &batch, std::size_t i) {
    MovementOutcome &outcome = batch.outcomes[i];
    outcome.verdict = batch.decisions[i].decision.verdict;
    switch (outcome.verdict) {
    case Verdict::accept:
        outcome.at = batch.at;
        break;
    case Verdict::unknown_buyer:
        outcome.unknown = wallet_of(batch, payer_place(batch, i)) ? outcome.payee : outcome.wallet;
        break;
    case Verdict::currency_mismatch:
        outcome.detail = explain_transfer_currencies(wallet_of(batch, payer_place(batch, i))->currency,
                                                     wallet_of(batch, payee_place(batch, i))->currency);
        break;
    case Verdict::amount_out_of_range:
        refuse_as(&outcome, Verdict::invalid,
                  psprintf("The balance of \"%s\" would be out of range.", outcome.payee));
        break;
    default:
        break;
    }
}

void describe(Transfers &batch, MemoryContext context) {
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        MovementOutcome &outcome = batch.outcomes[i];
        const BatchDecision &decision = batch.decisions[i];
        if (!is_valid(batch, i)) {
            refuse_as(&outcome, Verdict::invalid, pstrdup(batch.requests[i].problem));
            continue;
        }
        if (!batch.terms[i].is_valid) {
            refuse_as(&outcome, Verdict::invalid, "payer and payee must not be the same wallet");
            continue;
        }
        if (decision.wallet.kind == WalletState::Kind::locked) outcome.balance = decision.wallet.balance;
        switch (decision.answer) {
        case Answer::mismatched:
            refuse_as(&outcome, Verdict::id_mismatch, mismatch_detail(decision.mismatch));
            outcome.balance.reset();
            break;
        case Answer::replayed:
            outcome.replayed = true;
            outcome.at = decision.replay_of == none
                             ? batch.payer_lines[static_cast<std::size_t>(batch.ids.places[i])]->at
                             : batch.at;
            break;
        case Answer::decided:
            describe_decision(batch, i);
            break;
        }
        explain_movement(batch.rows.store, context, &outcome);
    }
}

} // namespace
} // namespace vend
