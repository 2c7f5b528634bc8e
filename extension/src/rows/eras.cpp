#include "base/prelude.hpp"

#include "rows/eras.hpp"

#include "binding/era_table.hpp"
#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "core/kind.hpp"
#include "rows/execute.hpp"
#include "table/engine_write.hpp"

#include <algorithm>

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

const KeyType &type_of(const Store &store, KeyOf of) {
    return of == KeyOf::item ? store.item_type : store.buyer_type;
}

// Under the newest snapshot, whatever the transaction's: the rows that have the keys are read so too.
Rows run_now(Store &store, Statement statement, std::span<const Parameter> parameters) {
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const Rows rows = run(store, statement, parameters, snapshot);
    UnregisterSnapshot(snapshot);
    return rows;
}

// The trigger on the eras knows what we write by this.
void write_now(Store &store, Statement statement, std::span<const Parameter> parameters) {
    EngineWrite write;
    write.relation = store.era_relation;
    write.trigger_depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)) + 1;
    write.outer = current_engine_write();
    restore_engine_write(&write);
    free_rows(run_now(store, statement, parameters));
    restore_engine_write(write.outer);
}

// Not a row has been written to the table, by anybody.
bool is_untouched(const Store &store) {
    Relation eras = table_open(store.era_relation, AccessShareLock);
    const bool is_empty = RelationGetNumberOfBlocks(eras) == 0;
    table_close(eras, NoLock);
    return is_empty;
}

// The last era of a key that anything is known of.
struct LastEra {
    int32 era = 0;
    bool goes_on = false;
};

std::optional<LastEra> last_era(Store &store, KeyOf of, Datum key) {
    if (is_untouched(store)) return std::nullopt;
    const Parameter parameter{key};
    const Rows rows = run_now(store, statements_of(of).era, {&parameter, 1});
    std::optional<LastEra> last;
    if (rows.count > 0) last = {DatumGetInt32(rows.required(1)), DatumGetBool(rows.required(2))};
    free_rows(rows);
    return last;
}

// The era of the row that has the key. Where the last one has ended and no other was begun, as in the
// replica role, it is one that nothing is known of.
int32 era_of_row(Store &store, KeyOf of, Datum key) {
    const auto last = last_era(store, of, key);
    if (!last) return 0;
    return last->goes_on ? last->era : last->era + 1;
}

void add_era(Store &store, KeyOf of, const KeyEra &ended, const std::optional<KeyEra> &now) {
    const Parameter parameters[] = {{ended.key},
                                    {Int32GetDatum(ended.era)},
                                    now ? Parameter{now->key} : null_parameter,
                                    now ? Parameter{Int32GetDatum(now->era)} : null_parameter};
    write_now(store, statements_of(of).add, parameters);
}

void end_as(Store &store, KeyOf of, const KeyEra &ended, const std::optional<KeyEra> &now) {
    const Parameter parameters[] = {{ended.key},
                                    {Int32GetDatum(ended.era)},
                                    now ? Parameter{now->key} : null_parameter,
                                    now ? Parameter{Int32GetDatum(now->era)} : null_parameter};
    if (!is_untouched(store)) write_now(store, statements_of(of).move, parameters);
    add_era(store, of, ended, now);
}

// The era that a row begins which gets the key now.
KeyEra next_era(Store &store, KeyOf of, Datum key) {
    const auto last = last_era(store, of, key);
    if (!last) return {key, 0};
    // That row has gone while nobody watched.
    if (last->goes_on) end_as(store, of, {key, last->era}, std::nullopt);
    return {key, last->era + 1};
}

void begin(Store &store, KeyOf of, const KeyEra &begun) {
    if (begun.era > 0) add_era(store, of, begun, begun);
}

// The last key that was looked up: a cart has one buyer, a batch many sales of one item.
struct LookedUp {
    std::optional<Datum> key;
    int32 era = 0;
};

int32 era_of_recorded(Store &store, KeyOf of, Datum key, LookedUp *last) {
    if (!last->key || !same_key(type_of(store, of), *last->key, key))
        *last = {key, era_of_row(store, of, key)};
    return last->era;
}

bool has_reborn_keys(Store &store) {
    if (store.has_reborn_keys) return true;
    AcceptInvalidationMessages();
    if (store.stale) store.has_reborn_keys = may_have_reborn_keys(store.era_relation);
    return store.has_reborn_keys;
}

} // namespace

void begin_era(Store &store, KeyOf of, Datum key) {
    begin(store, of, next_era(store, of, key));
}

void end_era(Store &store, KeyOf of, Datum key) {
    end_as(store, of, {key, era_of_row(store, of, key)}, std::nullopt);
}

void move_era(Store &store, KeyOf of, Datum from, Datum to) {
    const KeyEra ended{from, era_of_row(store, of, from)};
    const KeyEra begun = next_era(store, of, to);
    end_as(store, of, ended, begun);
    begin(store, of, begun);
}

void end_all_eras(Store &store, KeyOf of) {
    write_now(store, statements_of(of).end_all, {});
    write_now(store, statements_of(of).add_all, {});
}

void end_lost_eras(Store &store, KeyOf of) {
    write_now(store, statements_of(of).end_lost, {});
    write_now(store, statements_of(of).add_lost, {});
}

std::optional<KeyEra> row_of_era(Store &store, KeyOf of, const KeyEra &recorded) {
    if (is_untouched(store)) return recorded;
    const Parameter parameters[] = {{recorded.key}, {Int32GetDatum(recorded.era)}};
    const Rows rows = run_now(store, statements_of(of).now, parameters);
    KeyEra now = recorded;
    if (rows.count > 0) {
        const auto key = rows.value(1);
        if (!key) return std::nullopt;
        now = {*key, DatumGetInt32(rows.required(2))};
    }
    if (era_of_row(store, of, now.key) != now.era) return std::nullopt;
    return now;
}

bool is_same_row(const KeyType &type, const KeyEra &a, const KeyEra &b) {
    return a.era == b.era && same_key(type, a.key, b.key);
}

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
            movement.item_era = era_of_recorded(store, KeyOf::item, *movement.item, &item);
        if (store.has_wallets() && movement.wallet && !movement.wallet_era)
            movement.wallet_era = era_of_recorded(store, KeyOf::wallet, *movement.wallet, &wallet);
    }
    return {marked, movements.size()};
}

} // namespace vend
