#include "base/prelude.hpp"

#include "engine/journal.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/statement.hpp"
#include "core/checked.hpp"
#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "escrow/deltas.hpp"
#include "escrow/items.hpp"
#include "rows/eras.hpp"
#include "rows/execute.hpp"
#include "rows/ledger.hpp"
#include "rows/rows.hpp"
#include "shared/counters.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/lock_wait.hpp"

#include <utility>

namespace vend {
namespace {

// A counter's row before or after the event.
struct RowImage {
    bool exists = false;
    KeyRef key;
    int64 counter = 0;
    bool is_in_escrow = false;
};

bool is_about_items(const Store &store, const TriggerData *trigger) {
    return RelationGetRelid(trigger->tg_relation) == store.item_table.relation;
}

HeapTuple old_tuple(const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? nullptr : trigger->tg_trigtuple;
}

bool is_escrow_row(const Store &store, HeapTuple tuple, TupleDesc descriptor) {
    if (!store.has_lock_modes()) return false;
    bool is_null = false;
    const Datum mode = heap_getattr(tuple, store.lock_mode.number, descriptor, &is_null);
    return !is_null && TextDatumGetCString(mode) == to_text(LockMode::escrow);
}

RowImage image_of(const Store &store, const TriggerData *trigger, HeapTuple tuple) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    const bool items = is_about_items(store, trigger);
    bool is_key_null = false;
    bool is_counter_null = false;
    RowImage image;
    image.exists = true;
    const Datum key = heap_getattr(tuple, (items ? store.item_key : store.wallet_key).number, descriptor,
                                   &is_key_null);
    image.key = items ? store.ref(ItemKey(key)) : store.ref(WalletKey(key));
    const Datum counter =
        heap_getattr(tuple, (items ? store.stock : store.balance).number, descriptor, &is_counter_null);
    // An old null can only stem from a time without this trigger; it counts as nothing.
    if (is_key_null || (is_counter_null && tuple != old_tuple(trigger)))
        ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
                        errmsg("%s of table \"%s\" must not be null",
                               is_key_null ? "key"
                               : items     ? "stock"
                                           : "balance",
                               relation_label(RelationGetRelid(trigger->tg_relation)))));
    image.is_in_escrow = items && is_escrow_row(store, tuple, descriptor);
    if (!is_counter_null)
        image.counter = number_from_column((items ? store.stock : store.balance).figures, counter);
    return image;
}

bool is_same_row(const RowImage &was, const RowImage &is) {
    return was.exists && is.exists && was.key.is_same(is.key);
}

// What to do instead of a direct write.
const char *instead_of(const TriggerData *trigger, bool items, bool is_same_row, const RowImage &was,
                       const RowImage &is) {
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) return "Delete the rows whose %s is 0 instead.";
    if (!is.exists) return "A row can be deleted when its %s is 0.";
    if (!was.exists)
        return items ? "Insert it with %s 0, then add to it with vend.restock()."
                     : "Insert it with %s 0, then add to it with vend.deposit().";
    if (!is_same_row) return "A row can get another key when its %s is 0.";
    if (items)
        return is.counter > was.counter ? "Add to the %s with vend.restock()."
                                        : "Take from the %s with vend.write_off().";
    return is.counter > was.counter ? "Add to the %s with vend.deposit()."
                                    : "Take from the %s with vend.withdraw().";
}

void require_journal_mode(const Store &store, const TriggerData *trigger, const RowImage &was,
                          const RowImage &is) {
    if (!store.refuses_direct_writes) return;
    const bool items = is_about_items(store, trigger);
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("direct writes to %s of table \"%s\" are refused", items ? "stock" : "balances",
                    relation_label(RelationGetRelid(trigger->tg_relation))),
             errdetail("Store \"%s\" has direct_writes => 'refuse'.", store.name),
             errhint(instead_of(trigger, items, is_same_row(was, is), was, is),
                     items ? "stock" : "balance")));
}

int64 added(int64 counter, Quantity qty) {
    const auto sum = checked_add(Quantity{counter}, qty);
    if (!sum)
        ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("stock of an item is out of range")));
    return sum->value;
}

[[noreturn]] void refuse_write_in_escrow(const TriggerData *trigger, const RowImage &was,
                                         const RowImage &is) {
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("stock of an escrow item of table \"%s\" cannot be written directly",
                    relation_label(RelationGetRelid(trigger->tg_relation))),
             errdetail("Its row is not all of its stock: sales that are not settled yet count as well."),
             is.counter > was.counter ? errhint("Add to it with vend.restock().")
                                      : errhint("Take from it with vend.write_off().")));
    pg_unreachable();
}

// An UPDATE that moves a row to another partition deletes it here and inserts it there, as it was
// without its deltas.
void require_unmoved(const TriggerData *trigger) {
    if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
        !HeapTupleHeaderIndicatesMovedPartitions(trigger->tg_trigtuple->t_data))
        return;
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("an escrow item of table \"%s\" cannot move to another partition",
                           relation_label(RelationGetRelid(trigger->tg_relation))),
                    errdetail("What is sold of it and not settled yet would stay behind."),
                    errhint("Give the item a row mode with vend.set_lock_mode() first.")));
}

// The item leaves escrow: what its deltas say becomes part of its row, if that stays.
void leave_escrow(Store &store, RowImage *was, RowImage *is) {
    const ItemKey key = was->key.as_item();
    forget_counter(store, key);
    const Quantity unsettled = take_deltas(store, key).sum;
    was->counter = added(was->counter, unsettled);
    if (!is->exists || unsettled == Quantity{}) return;
    is->counter = added(is->counter, unsettled);
    Item item;
    if (lock_item(store, is->key.as_item(), {}, &item) == LockResult::locked)
        set_locked_stock(store, item, Quantity{added(item.state.stock.value, unsettled)});
}

void adjust(Store &store, KeyRef key, int64 change) {
    if (change == 0) return;
    Movement movement;
    movement.id = new_uuid_v7();
    movement.kind = Kind::adjustment;
    movement.at = GetCurrentTimestamp();
    if (key.of() == KeyOf::item) {
        movement.item = key.as_item();
        movement.qty = Quantity{change};
    } else {
        movement.wallet = key.as_wallet();
        movement.amount = Money{change};
    }
    record(store, movement);
}

bool has_column_changed(const TriggerData *trigger, AttrNumber number) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, number - 1);
    bool was_null = false;
    bool is_null = false;
    const Datum was = heap_getattr(trigger->tg_trigtuple, number, descriptor, &was_null);
    const Datum is = heap_getattr(trigger->tg_newtuple, number, descriptor, &is_null);
    return was_null != is_null ||
           (!is_null && !datum_image_eq(was, is, attribute->attbyval, attribute->attlen));
}

// Whether a column changed that a reader of the item sees: any but the counter, the two versions and
// the lock mode.
bool is_edit(const Store &store, const TriggerData *trigger) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    for (int number = 1; number <= descriptor->natts; ++number) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, number - 1);
        // What a generated column is made of is looked at itself.
        if (attribute->attisdropped || attribute->attgenerated != '\0' || number == store.stock.number ||
            number == store.stock_version.number || number == store.version.number ||
            number == store.lock_mode.number)
            continue;
        if (has_column_changed(trigger, static_cast<AttrNumber>(number))) return true;
    }
    return false;
}

// An update of an item that leaves all that its counter rests on.
bool is_mere_edit(const Store &store, const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
           !has_column_changed(trigger, store.item_key.number) &&
           !has_column_changed(trigger, store.stock.number) &&
           !(store.has_lock_modes() && has_column_changed(trigger, store.lock_mode.number));
}

// A write of the stock bumps stock_version by one; any other write of ours leaves it.
bool is_stock_version_right(const Store &store, const TriggerData *trigger, const EngineWrite &write) {
    if (!is_about_items(store, trigger) || !store.has_stock_versions()) return true;
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    bool was_null = false;
    bool is_null = false;
    const Datum was =
        heap_getattr(trigger->tg_trigtuple, store.stock_version.number, descriptor, &was_null);
    const Datum is =
        heap_getattr(trigger->tg_newtuple, store.stock_version.number, descriptor, &is_null);
    return !was_null && !is_null &&
           number_from_column(store.stock_version.figures, is) -
                   number_from_column(store.stock_version.figures, was) ==
               (write.change == 0 ? 0 : 1);
}

int64 difference(const RowImage &is, const RowImage &was) {
    const auto change = checked_sub(Quantity{is.counter}, Quantity{was.counter});
    if (!change)
        ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("change of a counter is out of range")));
    return change->value;
}

// What is below zero, or not whole, was so before anybody watched.
void require_countable(Store &store, Statement statement, const char *what, const char *key_of) {
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot()); // as what is journalled then
    const Rows rows = run(store, statement, {}, snapshot);
    UnregisterSnapshot(snapshot);
    if (rows.count == 0) return;
    const auto key = rows.value(1);
    if (!key)
        ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("%s is null", key_of),
                        errhint("Fill the key in and declare it NOT NULL.")));
    ereport(
        ERROR,
        (errcode(errcodes::not_in_state),
         errmsg("%s \"%s\" is %s", what, TextDatumGetCString(*key),
                TextDatumGetCString(rows.required(2))),
         errhint(
             "Only what is at least 0 and a whole number of steps can be counted: mend the row first.")));
}

// A row that an UPDATE has deleted here and is about to insert into another partition: the next event of
// the same command.
struct MovingRow {
    Oid relation = InvalidOid;
    TransactionId transaction = InvalidTransactionId;
    CommandId command = InvalidCommandId;
    int trigger_depth = 0;
    Datum key = 0; // lives as long as the transaction
};
MovingRow moving_row;

// Of an insertion or deletion, which command it was.
MovingRow place_of_event(const Store &store, const TriggerData *trigger) {
    return {is_about_items(store, trigger) ? store.item_table.relation : store.wallet_table.relation,
            GetTopTransactionIdIfAny(), HeapTupleHeaderGetRawCommandId(trigger->tg_trigtuple->t_data),
            DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)), 0};
}

void remember_moving_row(const Store &store, const TriggerData *trigger, KeyRef key) {
    moving_row = place_of_event(store, trigger);
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    moving_row.key = key.copy().value();
    MemoryContextSwitchTo(caller);
}

// The key that a row had which has come from another partition.
std::optional<KeyRef> key_before_move(const Store &store, const TriggerData *trigger, KeyRef now) {
    const MovingRow moved = std::exchange(moving_row, {});
    const MovingRow here = place_of_event(store, trigger);
    if (moved.relation != here.relation || moved.transaction != here.transaction ||
        moved.command != here.command || moved.trigger_depth != here.trigger_depth)
        return std::nullopt;
    return now.with(moved.key);
}

// What becomes of the purchases under a key: they follow the row to its next one, and are not those of
// the next row that gets this one.
void follow_key(Store &store, const TriggerData *trigger, const RowImage &was, const RowImage &is) {
    if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)) {
        if (!was.key.is_same(is.key)) move_era(store, was.key, is.key);
    } else if (!is.exists) {
        if (HeapTupleHeaderIndicatesMovedPartitions(trigger->tg_trigtuple->t_data))
            remember_moving_row(store, trigger, was.key);
        else
            end_era(store, was.key);
    } else if (const auto before = key_before_move(store, trigger, is.key)) {
        if (!before->is_same(is.key)) move_era(store, *before, is.key);
    } else {
        begin_era(store, is.key);
    }
}

// The row must have changed by what was decided, whatever other triggers did to it.
void check_engine_write(EngineWrite *write, const Store &store, const TriggerData *trigger,
                        const RowImage &was, const RowImage &is) {
    if (!is_same_row(was, is) || difference(is, was) != write->change ||
        !is_stock_version_right(store, trigger, *write))
        raise_write_altered(RelationGetRelid(trigger->tg_relation));
    ++write->rows_seen;
}

} // namespace

void journal_row(Store &store, const TriggerData *trigger) {
    const bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    const bool is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
    RowImage was;
    RowImage is;
    if (!is_insert) was = image_of(store, trigger, trigger->tg_trigtuple);
    if (is_insert) is = image_of(store, trigger, trigger->tg_trigtuple);
    if (is_update) is = image_of(store, trigger, trigger->tg_newtuple);

    if (EngineWrite *write = engine_write_of(RelationGetRelid(trigger->tg_relation))) {
        check_engine_write(write, store, trigger, was, is);
        return;
    }

    const bool is_same = is_same_row(was, is);
    if (was.is_in_escrow && is_same && was.counter != is.counter)
        refuse_write_in_escrow(trigger, was, is);
    if (is.is_in_escrow && !(was.is_in_escrow && is_same)) {
        require_escrow(store);
        (void)counter_key(store, is.key.as_item());
    }
    if (was.is_in_escrow && !(is.is_in_escrow && is_same)) {
        require_unmoved(trigger);
        leave_escrow(store, &was, &is);
    }
    const bool moves_nothing = is_same ? was.counter == is.counter : was.counter == 0 && is.counter == 0;
    if (!moves_nothing) {
        require_journal_mode(store, trigger, was, is);
        if (is_same) {
            adjust(store, is.key, difference(is, was));
        } else {
            if (was.exists) adjust(store, was.key, difference({}, was));
            if (is.exists) adjust(store, is.key, is.counter);
        }
    }
    follow_key(store, trigger, was, is);
    if (is_update && is_about_items(store, trigger) && store.has_versions() &&
        !has_column_changed(trigger, store.version.number) && is_edit(store, trigger))
        bump_version(store, is.key.as_item());
}

void forget_counters(Store &store, const TriggerData *trigger) {
    const bool items = is_about_items(store, trigger);
    const AttrNumber key_column = items ? store.item_key.number : store.delta_item;
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    // Nobody else sees a new item yet, and an edit of something else is of no concern.
    if (items && (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || is_mere_edit(store, trigger))) return;
    for (HeapTuple tuple : {trigger->tg_trigtuple, trigger->tg_newtuple}) {
        if (tuple == nullptr || (items && !is_escrow_row(store, tuple, descriptor))) continue;
        bool is_null = false;
        const Datum key = heap_getattr(tuple, key_column, descriptor, &is_null);
        if (!is_null) forget_counter(store, ItemKey(key));
    }
}

void journal_truncation(Store &store, const TriggerData *trigger) {
    require_journal_mode(store, trigger, {}, {});
    if (!is_about_items(store, trigger)) {
        journal_set(store, Statement::journal_wallet_truncate);
        end_all_eras(store, KeyOf::wallet);
        return;
    }
    // Its lock on the table left nothing pending but this transaction's own.
    if (has_pending(store.item_table.relation))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself moved units of escrow items"),
                        errhint("Commit first.")));
    journal_set(store, Statement::journal_item_truncate);
    end_all_eras(store, KeyOf::item);
    for (const ItemKey item : unsettled_items(store)) (void)take_deltas(store, item);
}

// Each transaction changes a counter and its ledger by the same, so what the counter has beyond its
// ledger is the same in every snapshot since the triggers are there: it can be recorded while others
// sell, only not by two at once.
uint64 journal_differences(Store &store) {
    LockRelationOid(store.ledger_table.relation, ShareUpdateExclusiveLock);
    uint64 count = journal_set(store, Statement::journal_item_differences);
    if (store.has_wallets()) count += journal_set(store, Statement::journal_wallet_differences);
    return count;
}

void end_lost_keys(Store &store) {
    end_lost_eras(store, KeyOf::item);
    if (store.has_wallets()) end_lost_eras(store, KeyOf::wallet);
}

uint64 journal_opening(Store &store) {
    require_countable(store, Statement::uncountable_item, "stock of item", "key of an item");
    if (store.has_wallets())
        require_countable(store, Statement::uncountable_wallet, "balance of wallet", "key of a wallet");
    return journal_differences(store);
}

} // namespace vend
