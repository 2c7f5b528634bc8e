#include "base/prelude.hpp"

#include "engine/journal.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "store/binding.hpp"
#include "store/execute.hpp"
#include "store/ledger.hpp"
#include "store/rows.hpp"

namespace vend {
namespace {

// A counter's row before or after the event.
struct Side {
    bool exists = false;
    Datum key = 0;
    int64 counter = 0;
};

bool is_about_items(const Store &store, const TriggerData *trigger) {
    return RelationGetRelid(trigger->tg_relation) == store.item_table.relation;
}

HeapTuple old_tuple(const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? nullptr : trigger->tg_trigtuple;
}

Side side_of(const Store &store, const TriggerData *trigger, HeapTuple tuple) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    const bool items = is_about_items(store, trigger);
    bool is_key_null = false;
    bool is_counter_null = false;
    Side side;
    side.exists = true;
    side.key = heap_getattr(tuple, (items ? store.item_key : store.wallet_key).number, descriptor,
                            &is_key_null);
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
    if (!is_counter_null)
        side.counter = items ? DatumGetInt64(counter) : money_from_column(store.money, counter).value;
    return side;
}

bool is_same_row(const Store &store, const TriggerData *trigger, const Side &was, const Side &is) {
    const KeyType &type = is_about_items(store, trigger) ? store.item_type : store.buyer_type;
    return was.exists && is.exists && same_key(type, was.key, is.key);
}

// What to do instead of a direct write.
const char *instead_of(const TriggerData *trigger, bool items, bool is_same_row, const Side &was,
                       const Side &is) {
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) return "Delete the rows whose %s is 0 instead.";
    if (!is.exists) return "A row can be deleted when its %s is 0.";
    if (!was.exists)
        return items ? "Insert it with %s 0, then add to it with vend.restock()."
                     : "Insert it with %s 0, then add to it with vend.deposit().";
    if (!is_same_row) return "A row can get another key when its %s is 0.";
    if (items)
        return is.counter > was.counter ? "Add to the %s with vend.restock()."
                                        : "Take from the %s with vend.purchase().";
    return is.counter > was.counter ? "Add to the %s with vend.deposit()."
                                    : "Take from the %s with vend.withdraw().";
}

void require_journal_mode(const Store &store, const TriggerData *trigger, const Side &was,
                          const Side &is) {
    if (!store.refuses_direct_writes) return;
    const bool items = is_about_items(store, trigger);
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("direct writes to %s of table \"%s\" are refused", items ? "stock" : "balances",
                    relation_label(RelationGetRelid(trigger->tg_relation))),
             errdetail("Store \"%s\" was made with direct_writes => 'refuse'.", store.name),
             errhint(instead_of(trigger, items, is_same_row(store, trigger, was, is), was, is),
                     items ? "stock" : "balance")));
}

void adjust(Store &store, const TriggerData *trigger, Datum key, int64 change) {
    if (change == 0) return;
    Movement movement;
    movement.id = new_uuid_v7();
    movement.kind = Kind::adjustment;
    movement.at = GetCurrentTimestamp();
    if (is_about_items(store, trigger)) {
        movement.item = key;
        movement.qty = Quantity{change};
    } else {
        movement.wallet = key;
        movement.amount = Money{change};
    }
    record(store, movement);
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
        bool was_null = false;
        bool is_null = false;
        const Datum was = heap_getattr(trigger->tg_trigtuple, number, descriptor, &was_null);
        const Datum is = heap_getattr(trigger->tg_newtuple, number, descriptor, &is_null);
        if (was_null != is_null) return true;
        if (!is_null && !datum_image_eq(was, is, attribute->attbyval, attribute->attlen)) return true;
    }
    return false;
}

bool is_version_unchanged(const Store &store, const TriggerData *trigger) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    bool is_null = false;
    const Datum was = heap_getattr(trigger->tg_trigtuple, store.version.number, descriptor, &is_null);
    const Datum is = heap_getattr(trigger->tg_newtuple, store.version.number, descriptor, &is_null);
    return was == is;
}

// A write of the stock bumps stock_version by one; any other write of ours leaves it.
bool is_stock_version_right(const Store &store, const TriggerData *trigger, const EngineWrite &write) {
    if (!is_about_items(store, trigger)) return true;
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    bool was_null = false;
    bool is_null = false;
    const Datum was =
        heap_getattr(trigger->tg_trigtuple, store.stock_version.number, descriptor, &was_null);
    const Datum is =
        heap_getattr(trigger->tg_newtuple, store.stock_version.number, descriptor, &is_null);
    return !was_null && !is_null &&
           DatumGetInt64(is) - DatumGetInt64(was) == (write.change == 0 ? 0 : 1);
}

int64 difference(const Side &is, const Side &was) {
    const auto change = checked_sub(Quantity{is.counter}, Quantity{was.counter});
    if (!change)
        ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("change of a counter is out of range")));
    return change->value;
}

// The row must have changed by what was decided, whatever other triggers did to it.
void check_engine_write(EngineWrite *write, const Store &store, const TriggerData *trigger,
                        const Side &was, const Side &is) {
    if (!is_same_row(store, trigger, was, is) || difference(is, was) != write->change ||
        !is_stock_version_right(store, trigger, *write))
        raise_write_altered(RelationGetRelid(trigger->tg_relation));
    ++write->rows_seen;
}

} // namespace

void journal_row(Store &store, const TriggerData *trigger) {
    const bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    const bool is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
    Side was;
    Side is;
    if (!is_insert) was = side_of(store, trigger, trigger->tg_trigtuple);
    if (is_insert) is = side_of(store, trigger, trigger->tg_trigtuple);
    if (is_update) is = side_of(store, trigger, trigger->tg_newtuple);

    if (EngineWrite *write = engine_write_of(RelationGetRelid(trigger->tg_relation))) {
        check_engine_write(write, store, trigger, was, is);
        return;
    }

    const bool is_same = is_same_row(store, trigger, was, is);
    const bool moves_nothing = is_same ? was.counter == is.counter : was.counter == 0 && is.counter == 0;
    if (!moves_nothing) {
        require_journal_mode(store, trigger, was, is);
        if (is_same) {
            adjust(store, trigger, is.key, difference(is, was));
        } else {
            if (was.exists) adjust(store, trigger, was.key, difference({}, was));
            if (is.exists) adjust(store, trigger, is.key, is.counter);
        }
    }
    if (is_update && is_about_items(store, trigger) && is_version_unchanged(store, trigger) &&
        is_edit(store, trigger))
        bump_version(store, is.key);
}

void journal_truncation(Store &store, const TriggerData *trigger) {
    require_journal_mode(store, trigger, {}, {});
    journal_set(store, RelationGetRelid(trigger->tg_relation) == store.item_table.relation
                           ? Statement::journal_item_truncate
                           : Statement::journal_wallet_truncate);
}

void journal_differences(Store &store) {
    journal_set(store, Statement::journal_item_differences);
    if (store.has_wallets()) journal_set(store, Statement::journal_wallet_differences);
}

} // namespace vend
