#include "base/prelude.hpp"

#include "engine/journal.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "base/scope.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/statement.hpp"
#include "binding/store_columns.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "escrow/deltas.hpp"
#include "escrow/items.hpp"
#include "rows/eras.hpp"
#include "rows/execute.hpp"
#include "rows/figure.hpp"
#include "rows/ledger.hpp"
#include "rows/rows.hpp"
#include "shared/counters.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/lock_wait.hpp"

#include <utility>

// The journal: triggers on items and wallets see each write, and each write is one of two.
//
// A write of the engine (table/engine_write.hpp) must have changed the row by exactly what was decided,
// whatever other triggers did; the engine has recorded it. Any other write is direct. It is recorded as
// an adjustment of the difference, or refused where the store says direct_writes => 'refuse', and always
// refused for the stock of an item in escrow, whose row does not show the whole stock.
//
// Keys change, too: purchases follow a row to its new key (rows/eras.hpp). A row that moves to another
// partition is deleted in one and inserted into the other, and is still the same row. What must stay
// true: in every snapshot the ledger explains each figure. See docs/existing-tables.md.

namespace vend {
namespace {

// The old or the new row of the event, with its figure: stock or balance.
struct RowImage {
    bool exists = false;
    KeyRef key;
    int64 figure = 0;
    bool is_in_escrow = false;
    bool is_unlimited = false; // the figure is 0
};

// A row that an UPDATE has deleted in one partition and will insert into another one, which is the next
// event of the same command.
struct MovingRow {
    Oid relation = InvalidOid;
    TransactionId transaction = InvalidTransactionId;
    CommandId command = InvalidCommandId;
    int trigger_depth = 0;
    Datum key = 0; // allocated for the transaction
};

MovingRow moving_row;

// The steps. Their bodies follow the public functions.

RowImage image_of(const Store &store, const TriggerData *trigger, HeapTuple tuple);
// The row must have changed by exactly what was decided, whatever other triggers did.
void check_engine_write(EngineWrite *write, const Store &store, const TriggerData *trigger,
                        const RowImage &was, const RowImage &is);
bool is_same_row(const RowImage &was, const RowImage &is);
[[noreturn]] void refuse_write_in_escrow(const TriggerData *trigger, const RowImage &was,
                                         const RowImage &is);
// An UPDATE that moves a row to another partition deletes it in one partition and inserts it into the
// other, without its deltas.
void require_unmoved(const TriggerData *trigger);
// The item leaves escrow: its deltas are folded into its row, if the row stays.
void leave_escrow(Store &store, RowImage *was, RowImage *is);
void require_journal_mode(const Store &store, const TriggerData *trigger, const RowImage &was,
                          const RowImage &is);
void adjust(Store &store, KeyRef key, int64 change);
int64 difference(const RowImage &is, const RowImage &was);
// Keeps the eras of keys: the purchases under a key follow the row to its new key, and do not belong to
// another row that gets the old key.
void follow_key(Store &store, const TriggerData *trigger, const RowImage &was, const RowImage &is);
bool is_about_items(const Store &store, const TriggerData *trigger);
bool has_column_changed(const TriggerData *trigger, AttrNumber number);
// Whether a column changed that counts as an edit: any column but those that the engine itself writes.
bool is_edit(const Store &store, const TriggerData *trigger);
// Whether an update leaves everything as it was that the item's counter depends on.
bool is_mere_edit(const Store &store, const TriggerData *trigger);
bool is_escrow_row(const Store &store, HeapTuple tuple, TupleDesc descriptor);
// The rows whose figures are to be countable, and their words in messages.
struct Countable {
    Statement statement; // selects those that are not
    Oid table;
    const char *column;
    const char *figures;
    const char *a_row;
    const char *otherwise; // the end of the hint about a null
};

// A figure that is null or not whole was so before the table was bound. Names the rows.
void require_countable(Store &store, const Countable &rows_of);

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
    if (was.is_in_escrow && is_same && (was.figure != is.figure || was.is_unlimited != is.is_unlimited))
        refuse_write_in_escrow(trigger, was, is);
    if (is.is_in_escrow && !(was.is_in_escrow && is_same)) {
        require_escrow(store);
        (void)counter_key(store, is.key.as_item());
    }
    if (was.is_in_escrow && !(is.is_in_escrow && is_same)) {
        require_unmoved(trigger);
        leave_escrow(store, &was, &is);
    }
    if (was.is_unlimited && !(is_same && is.is_unlimited)) close_unlimited(store, was.key.as_item());
    const bool moves_nothing = is_same ? was.figure == is.figure : was.figure == 0 && is.figure == 0;
    if (!moves_nothing) {
        require_journal_mode(store, trigger, was, is);
        if (is_same) {
            adjust(store, is.key, difference(is, was));
        } else {
            if (was.exists) adjust(store, was.key, difference({}, was));
            if (is.exists) adjust(store, is.key, is.figure);
        }
    }
    follow_key(store, trigger, was, is);
    if (is_update && is_about_items(store, trigger) && store.binding.has_versions() &&
        !has_column_changed(trigger, store.binding.version.number) && is_edit(store, trigger))
        bump_version(store, is.key.as_item());
}

void forget_counters(Store &store, const TriggerData *trigger) {
    const bool items = is_about_items(store, trigger);
    const AttrNumber key_column = items ? store.binding.item_key.number : store.binding.delta_item;
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    // Nobody else sees a new item yet, and an update that leaves the stock does not matter here.
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
    // DDL has locked the table, so only this transaction can have something pending.
    if (has_pending(store.binding.item_table.relation))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself moved units of escrow items"),
                        errhint("Commit first.")));
    journal_set(store, Statement::journal_item_truncate);
    end_all_eras(store, KeyOf::item);
    for (const ItemKey item : unsettled_items(store)) (void)take_deltas(store, item);
}

// Each transaction changes a figure and the ledger by the same amount. So since the triggers exist, the
// difference between figure and ledger is the same in every snapshot. It can be recorded while others
// sell, but not by two sessions at once.
uint64 journal_differences(Store &store) {
    LockRelationOid(store.binding.ledger_table.relation, ShareUpdateExclusiveLock);
    uint64 count = 0;
    if (store.binding.has_items()) count += journal_set(store, Statement::journal_item_differences);
    if (store.binding.has_wallets()) count += journal_set(store, Statement::journal_wallet_differences);
    return count;
}

void end_lost_keys(Store &store) {
    if (store.binding.has_items()) end_lost_eras(store, KeyOf::item);
    if (store.binding.has_wallets()) end_lost_eras(store, KeyOf::wallet);
}

uint64 journal_opening(Store &store) {
    const Binding &binding = store.binding;
    if (binding.has_items())
        require_countable(store, {Statement::uncountable_item, binding.item_table.relation,
                                  binding.stock.raw_name, "stock of items", "an item",
                                  " If null means that an item is never sold out, bind the table with "
                                  "unlimited => 'null'."});
    if (binding.has_wallets())
        require_countable(store, {Statement::uncountable_wallet, binding.wallet_table.relation,
                                  binding.balance.raw_name, "balances of wallets", "a wallet", ""});
    return journal_differences(store);
}

namespace {

HeapTuple old_tuple(const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? nullptr : trigger->tg_trigtuple;
}

// A row is written whose figure cannot be journalled.
[[noreturn]] void raise_uncountable(const TriggerData *trigger, KeyRef key, bool is_null) {
    const char *figure = key.of() == KeyOf::item ? "stock of item" : "balance of wallet";
    const char *table = relation_label(RelationGetRelid(trigger->tg_relation));
    if (is_null)
        ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
                        errmsg("%s \"%s\" of table \"%s\" must not be null", figure, key.text(), table),
                        errhint("Write 0 where nothing is left.")));
    ereport(ERROR,
            (errcode(errcodes::out_of_range),
             errmsg("%s \"%s\" of table \"%s\" cannot be counted exactly", figure, key.text(), table),
             errhint("Write a whole number of steps that fits the range of the store.")));
    pg_unreachable();
}

FigureInRow figure_in(const Store &store, const TriggerData *trigger, HeapTuple tuple) {
    const auto value = [&](const BoundColumn &column) -> std::optional<Datum> {
        bool is_null = false;
        const Datum datum =
            heap_getattr(tuple, column.number, RelationGetDescr(trigger->tg_relation), &is_null);
        return is_null ? std::nullopt : std::optional(datum);
    };
    return figure_from(is_about_items(store, trigger) ? stock_columns(store.binding)
                                                      : balance_columns(store.binding),
                       value);
}

// What is left in a row. A figure that cannot be counted and was in the row before it is written dates
// from before this trigger existed, and counts as 0.
int64 left_in(const Store &store, const TriggerData *trigger, HeapTuple tuple, KeyRef key) {
    const FigureInRow read = figure_in(store, trigger, tuple);
    if ((read.is_null || read.not_exact != nullptr) && tuple != old_tuple(trigger))
        raise_uncountable(trigger, key, read.is_null);
    return read.left;
}

RowImage image_of(const Store &store, const TriggerData *trigger, HeapTuple tuple) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    const bool items = is_about_items(store, trigger);
    bool is_null = false;
    RowImage image;
    image.exists = true;
    const Datum key = heap_getattr(
        tuple, (items ? store.binding.item_key : store.binding.wallet_key).number, descriptor, &is_null);
    if (is_null)
        ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
                        errmsg("key of table \"%s\" must not be null",
                               relation_label(RelationGetRelid(trigger->tg_relation)))));
    image.key = items ? store.binding.ref(ItemKey(key)) : store.binding.ref(WalletKey(key));
    image.is_in_escrow = items && is_escrow_row(store, tuple, descriptor);
    image.is_unlimited = items && is_unlimited(store.binding, figure_in(store, trigger, tuple));
    if (!image.is_unlimited) image.figure = left_in(store, trigger, tuple, image.key);
    return image;
}

// A write of the engine to a figure counts its version up by one. The other writes leave the version.
bool is_version_right(const Store &store, const TriggerData *trigger, const EngineWrite &write) {
    const BoundColumn &version =
        is_about_items(store, trigger) ? store.binding.stock_version : store.binding.balance_version;
    if (version.name == nullptr) return true;
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    bool was_null = false;
    bool is_null = false;
    const Datum was = heap_getattr(trigger->tg_trigtuple, version.number, descriptor, &was_null);
    const Datum is = heap_getattr(trigger->tg_newtuple, version.number, descriptor, &is_null);
    // A null was written before this trigger existed. It counts as 0.
    const auto count = [&](Datum value, bool null) {
        return null ? 0 : number_from_column(version.figures, value);
    };
    return count(is, is_null) - count(was, was_null) == (write.is_of_figure ? 1 : 0);
}

void check_engine_write(EngineWrite *write, const Store &store, const TriggerData *trigger,
                        const RowImage &was, const RowImage &is) {
    if (!is_same_row(was, is) || difference(is, was) != write->change ||
        !is_version_right(store, trigger, *write))
        raise_write_altered(RelationGetRelid(trigger->tg_relation));
    ++write->rows_seen;
}

bool is_same_row(const RowImage &was, const RowImage &is) {
    return was.exists && is.exists && was.key.is_same(is.key);
}

void refuse_write_in_escrow(const TriggerData *trigger, const RowImage &was, const RowImage &is) {
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("stock of an escrow item of table \"%s\" cannot be written directly",
                    relation_label(RelationGetRelid(trigger->tg_relation))),
             errdetail("Its row is not its whole stock: deltas that are not settled yet count, too."),
             was.is_unlimited != is.is_unlimited
                 ? errhint("Give the item a row mode with vend.set_lock_mode() first.")
             : is.figure > was.figure ? errhint("Add units with vend.restock().")
                                      : errhint("Take units out with vend.write_off().")));
    pg_unreachable();
}

void require_unmoved(const TriggerData *trigger) {
    if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
        !HeapTupleHeaderIndicatesMovedPartitions(trigger->tg_trigtuple->t_data))
        return;
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("an escrow item of table \"%s\" cannot move to another partition",
                           relation_label(RelationGetRelid(trigger->tg_relation))),
                    errdetail("Its deltas that are not settled yet would stay behind."),
                    errhint("Give the item a row mode with vend.set_lock_mode() first.")));
}

int64 added(int64 figure, Quantity qty) {
    const auto sum = checked_add(Quantity{figure}, qty);
    if (!sum)
        ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("stock of an item is out of range")));
    return sum->value;
}

void leave_escrow(Store &store, RowImage *was, RowImage *is) {
    const ItemKey key = was->key.as_item();
    forget_counter(store, key);
    const Change<Quantity> unsettled = take_deltas(store, key).change;
    const Quantity units = sum_of(unsettled).value();
    was->figure = added(was->figure, units);
    if (!is->exists || unsettled == Change<Quantity>{}) return;
    is->figure = added(is->figure, units);
    Item item;
    if (lock_item(store, is->key.as_item(), {}, &item) == LockResult::locked)
        change_locked_stock(store, item, unsettled);
}

// The hint: what to call instead of a direct write.
const char *instead_of(const TriggerData *trigger, bool items, bool is_same_row, const RowImage &was,
                       const RowImage &is) {
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) return "Delete the rows whose %s is 0 instead.";
    if (!is.exists) return "A row can be deleted when its %s is 0.";
    if (!was.exists)
        return items ? "Insert it with %s 0, then add to it with vend.restock()."
                     : "Insert it with %s 0, then add to it with vend.deposit().";
    if (!is_same_row) return "A row can get another key when its %s is 0.";
    if (items)
        return is.figure > was.figure ? "Add to the %s with vend.restock()."
                                      : "Take from the %s with vend.write_off().";
    return is.figure > was.figure ? "Add to the %s with vend.deposit()."
                                  : "Take from the %s with vend.withdraw().";
}

void require_journal_mode(const Store &store, const TriggerData *trigger, const RowImage &was,
                          const RowImage &is) {
    if (!store.binding.refuses_direct_writes) return;
    const bool items = is_about_items(store, trigger);
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("direct writes to %s of table \"%s\" are refused", items ? "stock" : "balances",
                    relation_label(RelationGetRelid(trigger->tg_relation))),
             errdetail("Store \"%s\" has direct_writes => 'refuse'.", store.binding.name),
             errhint(instead_of(trigger, items, is_same_row(was, is), was, is),
                     items ? "stock" : "balance")));
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

int64 difference(const RowImage &is, const RowImage &was) {
    const auto change = checked_sub(Quantity{is.figure}, Quantity{was.figure});
    if (!change)
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("change of a stock or balance is out of range")));
    return change->value;
}

// The command id of an insertion or deletion.
MovingRow place_of_event(const Store &store, const TriggerData *trigger) {
    return {is_about_items(store, trigger) ? store.binding.item_table.relation
                                           : store.binding.wallet_table.relation,
            GetTopTransactionIdIfAny(), HeapTupleHeaderGetRawCommandId(trigger->tg_trigtuple->t_data),
            DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)), 0};
}

void remember_moving_row(const Store &store, const TriggerData *trigger, KeyRef key) {
    moving_row = place_of_event(store, trigger);
    moving_row.key = in_context(TopTransactionContext, [&] { return key.copy().value(); });
}

// The key that a row had before it came from another partition.
std::optional<KeyRef> key_before_move(const Store &store, const TriggerData *trigger, KeyRef now) {
    const MovingRow moved = std::exchange(moving_row, {});
    const MovingRow here = place_of_event(store, trigger);
    if (moved.relation != here.relation || moved.transaction != here.transaction ||
        moved.command != here.command || moved.trigger_depth != here.trigger_depth)
        return std::nullopt;
    return now.with(moved.key);
}

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

bool is_about_items(const Store &store, const TriggerData *trigger) {
    return RelationGetRelid(trigger->tg_relation) == store.binding.item_table.relation;
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

bool is_edit(const Store &store, const TriggerData *trigger) {
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    for (int number = 1; number <= descriptor->natts; ++number) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, number - 1);
        // The columns that a generated column is computed from are compared themselves.
        if (attribute->attisdropped || attribute->attgenerated != '\0') continue;
        const StoreColumn *column =
            column_with(store.binding, item_columns, static_cast<AttrNumber>(number));
        if (column != nullptr && column->use != ColumnUse::read) continue;
        if (has_column_changed(trigger, static_cast<AttrNumber>(number))) return true;
    }
    return false;
}

bool is_mere_edit(const Store &store, const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
           !has_column_changed(trigger, store.binding.item_key.number) &&
           figure_in(store, trigger, trigger->tg_trigtuple).left ==
               figure_in(store, trigger, trigger->tg_newtuple).left &&
           !(store.binding.has_lock_modes() &&
             has_column_changed(trigger, store.binding.lock_mode.number));
}

bool is_escrow_row(const Store &store, HeapTuple tuple, TupleDesc descriptor) {
    if (!store.binding.has_lock_modes()) return false;
    bool is_null = false;
    const Datum mode = heap_getattr(tuple, store.binding.lock_mode.number, descriptor, &is_null);
    return !is_null && TextDatumGetCString(mode) == to_text(LockMode::escrow);
}

// The keys and values of uncountable rows, as text.
const char *list_of(const Rows &rows) {
    StringInfoData list;
    initStringInfo(&list);
    for (uint64 i = 0; i < rows.count; ++i)
        appendStringInfo(&list, "%s\"%s\" (%s)", i == 0 ? "" : ", ",
                         TextDatumGetCString(rows.value_at(i, 1)),
                         TextDatumGetCString(rows.value_at(i, 2)));
    const auto more = DatumGetInt64(rows.required(3)) - static_cast<int64>(rows.count);
    if (more > 0) appendStringInfo(&list, " and " INT64_FORMAT " more", more);
    return list.data;
}

bool is_any_null(const Rows &rows) {
    for (uint64 i = 0; i < rows.count; ++i)
        if (strcmp(TextDatumGetCString(rows.value_at(i, 2)), "null") == 0) return true;
    return false;
}

void require_countable(Store &store, const Countable &rows_of) {
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot()); // like the statement that journals
    const Rows rows = run(store, rows_of.statement, {}, snapshot);
    UnregisterSnapshot(snapshot);
    if (rows.count == 0) return;
    const char *table = relation_label(rows_of.table);
    if (!rows.value(1))
        ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("key of %s is null", rows_of.a_row),
                        errdetail("The row is in table \"%s\".", table),
                        errhint("Fill the key in and declare it NOT NULL.")));
    ereport(ERROR,
            (errcode(errcodes::not_in_state),
             errmsg("%s of table \"%s\" cannot be counted", rows_of.figures, table),
             errdetail("The rows are %s.", list_of(rows)),
             errhint("Set column \"%s\" of these rows to a whole number of steps, for instance to 0.%s",
                     rows_of.column, is_any_null(rows) ? rows_of.otherwise : "")));
}

} // namespace
} // namespace vend
