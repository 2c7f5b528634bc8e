#include "base/prelude.hpp"

#include "batch/batch.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/new_array.hpp"
#include "base/scope.hpp"
#include "base/settings.hpp"
#include "batch/batch_rows.hpp"
#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/batch.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "rows/call_locks.hpp"
#include "rows/eras.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "shared/counters.hpp"
#include "table/subtransaction.hpp"

#include <algorithm>

// A batch of sales: one call, one transaction, one decision on many requests.
//
// 1. Answer without locks where every request is a replay or a refusal that stands.
// 2. Else, in a plain store without ids: sell as read. Record the sales first, then write the rows, and
//    roll back to the savepoint if a row has changed so that a decision would differ.
// 3. Else lock the wallets by key, read the ids again, lock the items by key, wait for pending units,
//    decide all requests in their order (core/batch.hpp), take units, record, and write each row once.
//
// The order of locks is that of every call: wallets by key, items by key, then ids by value. So batches
// do not deadlock with each other or with single sales. Large batches take turns (rows/call_locks.hpp),
// since a batch that waits for another one's rows only finds out that its decisions are stale. No error
// is about a single request: a malformed, mismatched or refused request is an outcome. See
// docs/batches.md.

namespace vend {
namespace {

// The state of one batch. Items, buyers and ids have places, and requests name the places.
struct Batch {
    BatchRows rows;
    std::span<const BatchRequest> requests;
    bool remembers;
    Ids ids{};
    std::span<std::optional<Entry>> entries{};
    std::span<std::optional<UsedId>> used_ids{};
    std::span<PurchaseRequest> purchases{};
    std::span<BatchDecision> decisions{};
    TimestampTz at = 0;
    std::span<SaleOutcome> outcomes{};
};

// The steps. Their bodies follow the public functions.

bool bring_ids(std::span<const BatchRequest> requests);
// Answers without a lock, an xid or a byte of WAL. The items are read before the ids, as in a single
// sale.
bool answer_without_lock(Batch &batch);
void name_parties(Batch &batch);
// Sells without locking first: records what can be sold as the rows were read, and then takes money and
// units. So wallets are locked for a third of the time, and batches with common wallets overlap. If a
// row turns out to have changed so that a decision would differ, all of it is rolled back. Batches with
// ids do not come here: they would wait for an index entry of an id before they lock wallets.
bool sell_as_read(Batch &batch);
void sell_under_locks(Batch &batch);
void describe(Batch &batch);

} // namespace

std::span<SaleOutcome> sell_many(Store &store, std::span<const BatchRequest> requests, bool remembers,
                                 MemoryContext result_context) {
    Batch batch{.rows = {store},
                .requests = requests,
                .remembers = remembers,
                .purchases = new_array<PurchaseRequest>(requests.size()),
                .decisions = new_array<BatchDecision>(requests.size())};
    const LOCKTAG *turn =
        takes_turns(store, requests.size()) && !bring_ids(requests) ? begin_turn(store) : nullptr;
    const bool is_answered = answer_without_lock(batch);
    in_context(result_context, [&] {
        batch.outcomes = new_array<SaleOutcome>(requests.size());
        name_parties(batch);
    });
    if (!is_answered && !sell_as_read(batch)) sell_under_locks(batch);
    end_turn(turn);
    in_context(result_context, [&] { describe(batch); });
    return batch.outcomes;
}

namespace {

bool bring_ids(std::span<const BatchRequest> requests) {
    return std::ranges::any_of(requests,
                               [](const auto &request) { return request.sale.id.has_value(); });
}

bool is_valid(const Batch &batch, std::size_t i) {
    return batch.requests[i].problem == nullptr;
}

template <typename Value, typename Get>
std::span<std::optional<Value>> of_valid(const Batch &batch, Get get) {
    const auto values = new_array<std::optional<Value>>(batch.requests.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        if (is_valid(batch, i)) values[i] = get(batch.requests[i].sale);
    return values;
}

void read_ids(Batch &batch) {
    batch.entries = new_array<std::optional<Entry>>(batch.ids.ids.size());
    read_entries(batch.rows.store, batch.ids.ids, 0, batch.entries);
}

void make_purchases(Batch &batch) {
    for (std::size_t i = 0; i < batch.requests.size(); ++i)
        batch.purchases[i] = {is_valid(batch, i), batch.rows.items.places[i],
                              batch.rows.buyers.places[i], batch.ids.places[i],
                              batch.requests[i].sale.terms};
}

UsedId used_id(const Batch &batch, const Uuid &id, const Entry &entry) {
    UsedId used;
    if (entry.is(Kind::purchase)) {
        used.kind = is_cart(batch.rows.store, id) ? UsedId::Kind::other : UsedId::Kind::purchase;
        used.qty = Quantity{-std::max(entry.qty.value, -PG_INT64_MAX)};
        used.amount = Money{-std::max(entry.amount.value, -PG_INT64_MAX)};
    } else if (entry.is(Kind::refusal)) {
        used.kind = UsedId::Kind::refusal;
        used.qty = entry.refusal_qty;
        used.refusal = verdict_of_memory(batch.rows.store, entry);
    } else if (entry.is(Kind::voided)) {
        used.kind = UsedId::Kind::voided;
    }
    return used;
}

// Looks up the parties of a recorded purchase for each request with its id: requests may name the
// parties by different keys.
void look_up_parties(Batch &batch) {
    Store &store = batch.rows.store;
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (batch.ids.places[i] == none) continue;
        const auto place = static_cast<std::size_t>(batch.ids.places[i]);
        auto &used = batch.used_ids[place];
        if (!used) continue;
        const Entry &entry = *batch.entries[place];
        if (entry.item)
            look_up_party(store, batch.rows.items, KeyEra{*entry.item, entry.item_era},
                          batch.purchases[i].item, &used->item);
        if (entry.wallet)
            look_up_party(store, batch.rows.buyers, KeyEra{*entry.wallet, entry.wallet_era},
                          batch.purchases[i].wallet, &used->wallet);
    }
}

void decide(Batch &batch) {
    set_states(batch.rows);
    for (std::size_t i = 0; i < batch.entries.size(); ++i)
        batch.used_ids[i] = batch.entries[i]
                                ? std::optional(used_id(batch, batch.ids.ids[i], *batch.entries[i]))
                                : std::nullopt;
    look_up_parties(batch);
    decide_purchases({batch.rows.item_states, batch.rows.wallet_states, batch.used_ids}, batch.purchases,
                     batch.remembers, batch.decisions);
}

// Whether a decision without locks stands: it sells nothing, and each stock was known.
bool is_answered(const Batch &batch, std::size_t i) {
    const BatchDecision &decision = batch.decisions[i];
    if (!is_valid(batch, i) || decision.answer != Answer::decided) return true;
    const Verdict verdict = decision.decision.verdict;
    if (batch.remembers || verdict == Verdict::accept || verdict == Verdict::all_pending) return false;
    const auto &item = batch.rows.item_rows[static_cast<std::size_t>(batch.purchases[i].item)];
    return !item || item->is_stock_known || verdict < Verdict::sold_out;
}

bool answer_without_lock(Batch &batch) {
    read_item_rows(batch.rows,
                   of_valid<ItemKey>(batch, [](const SaleRequest &sale) { return sale.item; }));
    read_wallet_rows(batch.rows,
                     of_valid<WalletKey>(batch, [](const SaleRequest &sale) { return sale.buyer; }));
    batch.ids = distinct_ids(of_valid<Uuid>(batch, [](const SaleRequest &sale) { return sale.id; }));
    batch.used_ids = new_array<std::optional<UsedId>>(batch.ids.ids.size());
    read_ids(batch);
    make_purchases(batch);
    decide(batch);
    for (std::size_t i = 0; i < batch.requests.size(); ++i)
        if (!is_answered(batch, i)) return false;
    return true;
}

void name_parties(Batch &batch) {
    const auto items = names_of(batch.rows.store.binding.item_type, batch.rows.items);
    const auto buyers = names_of(batch.rows.store.binding.buyer_type, batch.rows.buyers);
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        SaleOutcome &outcome = batch.outcomes[i];
        outcome.id = batch.requests[i].sale.id;
        if (!is_valid(batch, i)) continue;
        outcome.qty = batch.requests[i].sale.terms.qty;
        outcome.item = items[static_cast<std::size_t>(batch.rows.items.places[i])];
        outcome.buyer = buyers[static_cast<std::size_t>(batch.rows.buyers.places[i])];
    }
}

bool is_sold(const Batch &batch, std::size_t i) {
    return batch.decisions[i].answer == Answer::decided &&
           batch.decisions[i].decision.verdict == Verdict::accept;
}

// Whether something can be sold if the rows are still as they were read. A refusal of an item in escrow
// is left to its counter, which may be worth waiting for.
bool is_any_sold_as_read(Batch &batch) {
    batch.rows.counts_money = true;
    decide(batch);
    bool is_any_sold = false;
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (!is_valid(batch, i)) continue;
        const auto &item = batch.rows.item_rows[static_cast<std::size_t>(batch.purchases[i].item)];
        if (item && item->state.lock_mode == LockMode::escrow &&
            !(item->is_stock_known && is_sold(batch, i)))
            return false;
        is_any_sold = is_any_sold || is_sold(batch, i);
    }
    return is_any_sold;
}

// Whether this batch records the request, as a sale or as a refusal to remember.
bool is_recorded(const Batch &batch, std::size_t i) {
    if (!is_valid(batch, i) || batch.decisions[i].answer != Answer::decided) return false;
    const Verdict verdict = batch.decisions[i].decision.verdict;
    if (verdict == Verdict::accept) return true;
    return batch.remembers && batch.requests[i].sale.id && verdict != Verdict::amount_out_of_range;
}

// The requests to record, in the order of their ids. Requests without an id get new ids in the order of
// their wallets, so that neighbours in one index of the ledger are neighbours in the other, too.
std::span<int> recorded_by_id(Batch &batch) {
    const auto requests = new_array<int>(batch.requests.size());
    std::size_t count = 0;
    std::size_t given = 0;
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        if (!is_recorded(batch, i)) continue;
        requests[count++] = static_cast<int>(i);
        if (batch.outcomes[i].id) std::swap(requests[given++], requests[count - 1]);
    }
    const auto anonymous = requests.first(count).subspan(given);
    std::ranges::sort(anonymous, {}, [&](int i) {
        return std::pair(batch.purchases[static_cast<std::size_t>(i)].wallet,
                         batch.purchases[static_cast<std::size_t>(i)].item);
    });
    const auto ids = new_array<Uuid>(anonymous.size());
    make_uuids_v7(ids);
    for (std::size_t i = 0; i < ids.size(); ++i)
        batch.outcomes[static_cast<std::size_t>(anonymous[i])].id = ids[i];
    if (given > 0)
        std::ranges::sort(requests.first(count), {},
                          [&](int i) { return *batch.outcomes[static_cast<std::size_t>(i)].id; });
    return requests.first(count);
}

ItemKey item_key(const Batch &batch, std::size_t i) {
    return item_key(batch.rows, batch.rows.items.places[i]);
}

WalletKey buyer_key(const Batch &batch, std::size_t i) {
    return buyer_key(batch.rows, batch.rows.buyers.places[i]);
}

Movement movement_of(const Batch &batch, std::size_t i) {
    const SaleRequest &sale = batch.requests[i].sale;
    const Decision &decision = batch.decisions[i].decision;
    if (decision.verdict != Verdict::accept)
        return memory_of_refusal(*sale.id, item_key(batch, i), buyer_key(batch, i), sale.terms.qty,
                                 decision.verdict);
    return purchase_movement(*batch.outcomes[i].id, item_key(batch, i), buyer_key(batch, i),
                             sale.terms.qty, decision, batch.at);
}

void record_requests(Batch &batch) {
    const auto requests = recorded_by_id(batch);
    const auto movements = new_array<Movement>(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
        movements[i] = movement_of(batch, static_cast<std::size_t>(requests[i]));
    if (!movements.empty()) record_all(batch.rows.store, movements);
}

// The price and amount of the request, if it is sold.
std::optional<Decision> sale_of(const Batch &batch, std::size_t i) {
    if (!is_valid(batch, i) || !is_sold(batch, i)) return std::nullopt;
    return batch.decisions[i].decision;
}

// Whether the decision on the locked rows sells the same for the same amounts.
bool is_sold_again(Batch &batch) {
    const auto before = new_array<std::optional<Decision>>(batch.decisions.size());
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = sale_of(batch, i);
    decide(batch);
    for (std::size_t i = 0; i < before.size(); ++i)
        if (sale_of(batch, i) != before[i]) return false;
    return true;
}

bool sell_as_read(Batch &batch) {
    if (!may_write_as_read(batch.rows.store) || !batch.ids.ids.empty()) return false;
    bool is_made = is_any_sold_as_read(batch);
    if (is_made) {
        open_written(batch.rows);
        is_made = kept_if([&] {
            batch.at = GetCurrentTimestamp();
            record_requests(batch);
            return write_rows_as_read(batch.rows) && is_sold_again(batch);
        });
    }
    batch.rows.counts_money = is_made;
    if (!is_made)
        for (std::size_t i = 0; i < batch.outcomes.size(); ++i)
            batch.outcomes[i].id = batch.requests[i].sale.id;
    return is_made;
}

// The first request that is refused with all_pending, or none.
int first_pending(const Batch &batch) {
    const auto found = std::ranges::find_if(batch.decisions, [](const BatchDecision &decision) {
        return decision.answer == Answer::decided && decision.decision.verdict == Verdict::all_pending;
    });
    return found == batch.decisions.end() ? none : static_cast<int>(found - batch.decisions.begin());
}

void decide_under_locks(Batch &batch) {
    lock_rows(batch.rows);
    // Nobody else can use an id of these wallets from here on.
    read_ids(batch);
    const MonotonicTime until = after_ms(monotonic_now(), settings::escrow_wait_ms());
    for (bool is_time_over = false;;) {
        CHECK_FOR_INTERRUPTS();
        decide(batch);
        if (const int pending = first_pending(batch); pending != none && !is_time_over) {
            // It waits for the first such item. All items are decided on once more in any case.
            const int item = batch.purchases[static_cast<std::size_t>(pending)].item;
            is_time_over = !wait_for_item(batch.rows, item, until) || monotonic_now() >= until;
            continue;
        }
        if (take_from_counters(batch.rows)) return;
    }
}

void sell_under_locks(Batch &batch) {
    decide_under_locks(batch);
    batch.at = GetCurrentTimestamp();
    write_rows(batch.rows);
    record_requests(batch);
}

void describe_replay(const Batch &batch, std::size_t i) {
    SaleOutcome &outcome = batch.outcomes[i];
    const BatchDecision &decision = batch.decisions[i];
    outcome.replayed = true;
    outcome.verdict = decision.decision.verdict;
    if (decision.replay_of != none) {
        const SaleOutcome &first = batch.outcomes[static_cast<std::size_t>(decision.replay_of)];
        outcome.at = first.at;
        if (outcome.verdict == Verdict::accept) {
            outcome.unit_price = first.unit_price;
            outcome.amount = first.amount;
        }
    } else {
        const Entry &entry = *batch.entries[static_cast<std::size_t>(batch.ids.places[i])];
        outcome.at = entry.at;
        if (outcome.verdict == Verdict::accept) {
            outcome.unit_price = entry.unit_price;
            outcome.amount = negated(entry.amount);
        }
    }
    if (outcome.verdict != Verdict::accept) outcome.detail = remembered_detail;
}

void describe_sale(const Batch &batch, std::size_t i) {
    SaleOutcome &outcome = batch.outcomes[i];
    const BatchDecision &decision = batch.decisions[i];
    outcome.verdict = decision.decision.verdict;
    if (outcome.verdict == Verdict::accept) {
        outcome.at = batch.at;
        outcome.unit_price = decision.decision.unit_price;
        outcome.amount = decision.decision.amount;
        return;
    }
    if (outcome.verdict == Verdict::amount_out_of_range) {
        outcome.verdict = Verdict::invalid;
        outcome.detail = out_of_range_detail(batch.rows.store);
        return;
    }
    outcome.detail = explain(batch.rows.store, decision.decision, batch.requests[i].sale.terms,
                             decision.item, decision.wallet, outcome.item, outcome.buyer);
    const auto &item = batch.rows.item_rows[static_cast<std::size_t>(batch.rows.items.places[i])];
    if (item) outcome.unit_price = decision.decision.unit_price;
    if (is_short_of_units(outcome.verdict) && item->state.lock_mode == LockMode::escrow)
        count_refusal(counter_key(batch.rows.store, item->key));
}

// The balance after the request. Where nothing was locked: the balance as it was read.
std::optional<Money> balance_of(const Batch &batch, std::size_t i) {
    if (!batch.rows.store.binding.has_wallets()) return std::nullopt;
    if (batch.rows.counts_money) {
        const WalletState &wallet = batch.decisions[i].wallet;
        return wallet.kind == WalletState::Kind::locked ? std::optional(wallet.balance) : std::nullopt;
    }
    const auto &wallet = batch.rows.wallets[static_cast<std::size_t>(batch.rows.buyers.places[i])];
    return wallet && batch.outcomes[i].replayed ? std::optional(wallet->balance) : std::nullopt;
}

void describe(Batch &batch) {
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        SaleOutcome &outcome = batch.outcomes[i];
        if (!is_valid(batch, i)) {
            outcome.verdict = Verdict::invalid;
            outcome.detail = pstrdup(batch.requests[i].problem);
            continue;
        }
        switch (batch.decisions[i].answer) {
        case Answer::mismatched:
            outcome.verdict = Verdict::id_mismatch;
            outcome.detail = mismatch_detail(batch.decisions[i].mismatch);
            continue;
        case Answer::replayed:
            describe_replay(batch, i);
            break;
        case Answer::decided:
            describe_sale(batch, i);
            break;
        }
        outcome.balance = balance_of(batch, i);
    }
}

} // namespace
} // namespace vend
