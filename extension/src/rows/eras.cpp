#include "base/prelude.hpp"

#include "rows/eras.hpp"

#include "binding/era_table.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "core/kind.hpp"
#include "rows/execute.hpp"
#include "table/engine_write.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

struct EraStatements {
    Statement era, now, move, add, end_lost, add_lost, end_all, add_all;
};

constexpr EraStatements statements_of(KeyOf of) {
    if (of == KeyOf::item)
        return {Statement::item_era,           Statement::item_now,
                Statement::move_item_eras,     Statement::add_item_era,
                Statement::end_lost_item_eras, Statement::add_lost_item_eras,
                Statement::end_all_item_eras,  Statement::add_all_item_eras};
    return {Statement::wallet_era,           Statement::wallet_now,
            Statement::move_wallet_eras,     Statement::add_wallet_era,
            Statement::end_lost_wallet_eras, Statement::add_lost_wallet_eras,
            Statement::end_all_wallet_eras,  Statement::add_all_wallet_eras};
}

// An era of a key of an item or of a wallet.
struct Era {
    KeyRef key;
    int32 number = 0;
};

// Runs a statement in the newest snapshot, whatever the isolation level: the triggers and refunds that
// use eras have the newest version of the rows.
Rows run_now(Store &store, Statement statement, std::span<const Parameter> parameters) {
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const Rows rows = run(store, statement, parameters, snapshot);
    UnregisterSnapshot(snapshot);
    return rows;
}

// Writes the table of eras. The engine write lets the trigger on that table pass the statement.
void write_now(Store &store, Statement statement, std::span<const Parameter> parameters) {
    EngineWrite write;
    write.relation = store.binding.era_relation;
    write.trigger_depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)) + 1;
    write.outer = current_engine_write();
    restore_engine_write(&write);
    free_rows(run_now(store, statement, parameters));
    restore_engine_write(write.outer);
}

// Whether nobody has ever written a row to the table of eras.
bool is_untouched(const Store &store) {
    Relation eras = table_open(store.binding.era_relation, AccessShareLock);
    const bool is_empty = RelationGetNumberOfBlocks(eras) == 0;
    table_close(eras, NoLock);
    return is_empty;
}

// The last era of a key that the table has.
struct LastEra {
    int32 era = 0;
    bool goes_on = false; // the key still belongs to the row of this era
};

std::optional<LastEra> last_era(Store &store, KeyRef key) {
    if (is_untouched(store)) return std::nullopt;
    const Parameter parameter{key.value()};
    const Rows rows = run_now(store, statements_of(key.of()).era, {&parameter, 1});
    std::optional<LastEra> last;
    if (rows.count > 0) last = {DatumGetInt32(rows.required(1)), DatumGetBool(rows.required(2))};
    free_rows(rows);
    return last;
}

// The era of the row that has the key now. Where the last known era has ended and none was begun,
// because the row was written in the replica role, the row has the next era, which the table does not
// have.
int32 era_of_row(Store &store, KeyRef key) {
    const auto last = last_era(store, key);
    if (!last) return 0;
    return last->goes_on ? last->era : last->era + 1;
}

std::array<Parameter, 4> end_parameters(const Era &ended, const std::optional<Era> &now) {
    return {Parameter{ended.key.value()}, Parameter{Int32GetDatum(ended.number)},
            now ? Parameter{now->key.value()} : null_parameter,
            now ? Parameter{Int32GetDatum(now->number)} : null_parameter};
}

void add_era(Store &store, const Era &ended, const std::optional<Era> &now) {
    write_now(store, statements_of(ended.key.of()).add, end_parameters(ended, now));
}

void end_as(Store &store, const Era &ended, const std::optional<Era> &now) {
    if (!is_untouched(store))
        write_now(store, statements_of(ended.key.of()).move, end_parameters(ended, now));
    add_era(store, ended, now);
}

// The era that begins when a row gets the key now.
Era next_era(Store &store, KeyRef key) {
    const auto last = last_era(store, key);
    if (!last) return {key, 0};
    // The row of that era was removed while the triggers did not fire.
    if (last->goes_on) end_as(store, {key, last->era}, std::nullopt);
    return {key, last->era + 1};
}

void begin(Store &store, const Era &begun) {
    if (begun.number > 0) add_era(store, begun, begun);
}

// The last key that was looked up, because a cart has one buyer, and a batch can sell one item many
// times.
struct LookedUp {
    std::optional<KeyRef> key;
    int32 era = 0;
};

int32 era_of_recorded(Store &store, KeyRef key, LookedUp *last) {
    if (!last->key || !last->key->is_same(key)) *last = {key, era_of_row(store, key)};
    return last->era;
}

// The current key and era of the row that the ledger means. Nothing where that row is gone.
std::optional<Era> row_now(Store &store, const Era &recorded) {
    if (is_untouched(store)) return recorded;
    const Parameter parameters[] = {{recorded.key.value()}, {Int32GetDatum(recorded.number)}};
    const Rows rows = run_now(store, statements_of(recorded.key.of()).now, parameters);
    Era now = recorded;
    if (rows.count > 0) {
        const auto key = rows.value(1);
        if (!key) return std::nullopt;
        now = {recorded.key.with(*key), DatumGetInt32(rows.required(2))};
    }
    if (era_of_row(store, now.key) != now.number) return std::nullopt;
    return now;
}

bool has_reborn_keys(Store &store) {
    if (store.caches.has_reborn_keys) return true;
    AcceptInvalidationMessages();
    if (store.stale) store.caches.has_reborn_keys = may_have_reborn_keys(store.binding.era_relation);
    return store.caches.has_reborn_keys;
}

} // namespace

void begin_era(Store &store, KeyRef key) {
    begin(store, next_era(store, key));
}

void end_era(Store &store, KeyRef key) {
    end_as(store, {key, era_of_row(store, key)}, std::nullopt);
}

void move_era(Store &store, KeyRef from, KeyRef to) {
    const Era ended{from, era_of_row(store, from)};
    const Era begun = next_era(store, to);
    end_as(store, ended, begun);
    begin(store, begun);
}

void end_all_eras(Store &store, KeyOf of) {
    write_now(store, statements_of(of).end_all, {});
    write_now(store, statements_of(of).add_all, {});
}

void end_lost_eras(Store &store, KeyOf of) {
    write_now(store, statements_of(of).end_lost, {});
    write_now(store, statements_of(of).add_lost, {});
}

template <KeyOf of> std::optional<KeyEra<of>> row_of_era(Store &store, KeyEra<of> recorded) {
    const auto now = row_now(store, {store.binding.ref(recorded.key), recorded.era});
    if (!now) return std::nullopt;
    return KeyEra<of>{now->key.template as<of>(), now->number};
}
template std::optional<ItemEra> row_of_era(Store &store, ItemEra recorded);
template std::optional<WalletEra> row_of_era(Store &store, WalletEra recorded);

std::span<const Movement> with_eras(Store &store, std::span<const Movement> movements) {
    if (!has_reborn_keys(store)) return movements;
    auto *marked =
        static_cast<Movement *>(MemoryContextAllocHuge(CurrentMemoryContext, movements.size_bytes()));
    std::ranges::copy(movements, marked);
    LookedUp item;
    LookedUp wallet;
    for (std::size_t i = 0; i < movements.size(); ++i) {
        Movement &movement = marked[i];
        if (movement.kind == Kind::adjustment) continue;
        if (movement.item && !movement.item_era)
            movement.item_era = era_of_recorded(store, store.binding.ref(*movement.item), &item);
        if (store.binding.has_wallets() && movement.wallet && !movement.wallet_era)
            movement.wallet_era = era_of_recorded(store, store.binding.ref(*movement.wallet), &wallet);
    }
    return {marked, movements.size()};
}

} // namespace vend
