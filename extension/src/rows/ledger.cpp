#include "base/prelude.hpp"

#include "rows/ledger.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/statement.hpp"
#include "core/verdict.hpp"
#include "rows/eras.hpp"
#include "rows/execute.hpp"
#include "rows/movement.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/our_triggers.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

template <KeyOf of> Parameter optional_parameter(std::optional<Key<of>> key) {
    return key ? Parameter{key->value} : null_parameter;
}

char *id_text(Datum id) {
    return DatumGetCString(DirectFunctionCall1(uuid_out, id));
}

// Raises 40001: the id was free when this call looked, but a concurrent transaction has recorded it
// since. It may have recorded another request, or a refusal of this one. The error has ended the
// statement, so this call cannot look that up. The same call, sent again, can.
[[noreturn]] void raise_id_taken(std::span<const Movement> movements, const ErrorData *error) {
    const Uuid &id = movements.front().id;
    const bool is_one =
        std::ranges::all_of(movements, [&](const Movement &movement) { return movement.id == id; });
    const char *which = is_one ? psprintf("id %s", id_text(to_datum(id))) : "one of the ids";
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent use of %s", which),
                    !is_one && error->detail != nullptr ? errdetail("%s", error->detail) : 0,
                    errhint("Call again with the same id to get what was recorded.")));
    pg_unreachable();
}

// Whether the index is a key of the ledger, on id and line. There can be two while one replaces the
// other.
bool is_key_of_ledger(const Store &store, Oid index) {
    HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(tuple)) return false;
    const auto *form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
    const bool is_key = form->indrelid == store.binding.ledger_table.relation &&
                        form->indnkeyatts == 2 &&
                        form->indkey.values[0] == store.binding.ledger_table.key_numbers[0] &&
                        form->indkey.values[1] == store.binding.ledger_table.key_numbers[1];
    ReleaseSysCache(tuple);
    return is_key;
}

bool is_id_taken(const Store &store, const ErrorData *error) {
    return error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION && error->constraint_name != nullptr &&
           error->schema_name != nullptr &&
           is_key_of_ledger(store, get_relname_relid(error->constraint_name,
                                                     get_namespace_oid(error->schema_name, true)));
}

// Raises 55000 for a ledger row that somebody made by hand.
[[noreturn]] void raise_null_column(const char *column, const char *row = "a ledger row") {
    ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("column \"%s\" of %s is null", column, row),
                    errdetail("pg_vend does not write such rows. This row was made by hand."),
                    errhint("Correct the row while trigger \"%s\" of the ledger is disabled.",
                            append_only_trigger)));
    pg_unreachable();
}

// The columns of a ledger row, in the order of the statements that insert it.
struct LedgerRow {
    Parameter id, line, kind, item, qty, wallet, amount, unit_price, list_price, ref, at, refusal,
        refusal_qty, ref_line, item_era, wallet_era, stock_change;
};
std::array<Parameter, ledger_column_count> parameters_of(const LedgerRow &row) {
    return {row.id,         row.line,        row.kind,        row.item,       row.qty,
            row.wallet,     row.amount,      row.unit_price,  row.list_price, row.ref,
            row.at,         row.refusal,     row.refusal_qty, row.ref_line,   row.item_era,
            row.wallet_era, row.stock_change};
}

// Runs write(), which inserts rows. If an id is taken, its unique violation becomes 40001.
template <typename Write>
void with_free_ids(const Store &store, std::span<const Movement> movements, Write write) {
    MemoryContext context = CurrentMemoryContext;
    PG_TRY();
    { write(); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        FlushErrorState();
        if (is_id_taken(store, error)) raise_id_taken(movements, error);
        ReThrowError(error);
    }
    PG_END_TRY();
}

void fill(const Store &store, const LedgerRow &row, TupleTableSlot *slot) {
    std::fill_n(slot->tts_isnull, slot->tts_tupleDescriptor->natts, true);
    const AttrNumber *number = store.binding.ledger_columns;
    for (const Parameter &column : parameters_of(row)) {
        slot->tts_values[*number - 1] = column.value;
        slot->tts_isnull[*number - 1] = column.is_null;
        ++number;
    }
    ExecStoreVirtualTuple(slot);
}

// Raises 27000 unless the row that was returned is the row that was sent.
void require_intact(const Store &store, const Rows &rows, const LedgerRow &row) {
    const auto sent = parameters_of(row);
    bool is_intact = rows.count == 1;
    for (int i = 0; is_intact && i < ledger_column_count; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(rows.table->tupdesc, i);
        const auto stored = rows.value(i + 1);
        is_intact =
            stored.has_value() != sent[i].is_null &&
            (!stored || datum_image_eq(*stored, sent[i].value, attribute->attbyval, attribute->attlen));
    }
    if (!is_intact) raise_write_altered(store.binding.ledger_table.relation);
}

// The columns of a ledger row, in the order of LedgerRow.
enum LedgerColumn : int {
    column_id,
    column_line,
    column_kind,
    column_item,
    column_qty,
    column_wallet,
    column_amount,
    column_unit_price,
    column_list_price,
    column_ref,
    column_at,
    column_refusal,
    column_refusal_qty,
    column_ref_line,
    column_item_era,
    column_wallet_era,
    column_stock_change,
};

// Makes the commit of this transaction wait for the synchronous standbys, as if it had recorded the row
// itself. RecordTransactionCommit() waits when the transaction has an xid and has written WAL. An empty
// transactional message provides both. Where no standby is configured, nothing is written. The setting
// of synchronous_commit is not tested here, because its value at the commit decides.
void commit_after_standbys() {
    const bool are_asked_for =
        max_wal_senders > 0 && SyncRepStandbyNames != nullptr && *SyncRepStandbyNames != '\0';
    const bool waits_anyway =
        TransactionIdIsValid(GetTopTransactionIdIfAny()) && XactLastRecEnd != InvalidXLogRecPtr;
    if (are_asked_for && !waits_anyway) compat::log_transactional_message("pg_vend");
}

// Flushes the commit of the transaction that recorded the row, if that commit was asynchronous and may
// not be on disk yet.
void flush_commit_of(const TupleTableSlot *row) {
    if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF || !TTS_IS_BUFFERTUPLE(row)) return;
    const auto *tuple = reinterpret_cast<const BufferHeapTupleTableSlot *>(row)->base.tuple->t_data;
    // The commit status of a frozen xid may have been removed.
    if (HeapTupleHeaderXminFrozen(tuple)) return;
    const TransactionId writer = HeapTupleHeaderGetRawXmin(tuple);
    if (TransactionIdIsCurrentTransactionId(writer)) return;
    const XLogRecPtr commit = TransactionIdGetCommitLSN(writer);
    if (!XLogRecPtrIsInvalid(commit)) XLogFlush(commit);
}

// Makes an answer that is read from a ledger row as durable as the row (G11). The row's commit can be
// visible before it is durable: it may have been asynchronous, or its wait for the standbys was
// cancelled or ended by a crash. A caller who gets the answer must be able to rely on it.
void require_durable(const TupleTableSlot *row) {
    flush_commit_of(row);
    commit_after_standbys();
}

Entry entry_of(const Store &store, TupleTableSlot *row) {
    require_durable(row);
    const auto value = [&](LedgerColumn column) -> std::optional<Datum> {
        bool is_null = false;
        const Datum datum = slot_getattr(row, store.binding.ledger_columns[column], &is_null);
        if (is_null) return std::nullopt;
        return datum;
    };
    const auto required = [&](LedgerColumn column, const char *name) {
        const auto datum = value(column);
        if (!datum)
            raise_null_column(name,
                              psprintf("the row of id %s in table \"%s\"", id_text(*value(column_id)),
                                       relation_label(store.binding.ledger_table.relation)));
        return *datum;
    };
    const auto key = [&](LedgerColumn column, const auto &type) {
        const auto datum = value(column);
        return datum ? std::optional(copy_key(type, *datum)) : std::nullopt;
    };
    Entry entry;
    entry.kind = TextDatumGetCString(required(column_kind, "kind"));
    entry.item = key(column_item, store.binding.item_type);
    entry.qty = Quantity{DatumGetInt64(required(column_qty, "qty"))};
    entry.wallet = key(column_wallet, store.binding.buyer_type);
    entry.amount = money_from_column(store.binding.money, required(column_amount, "amount"));
    if (const auto unit_price = value(column_unit_price))
        entry.unit_price = money_from_column(store.binding.money, *unit_price);
    if (const auto ref = value(column_ref)) entry.ref = uuid_from(*ref);
    entry.at = DatumGetTimestampTz(required(column_at, "at"));
    if (const auto refusal = value(column_refusal)) entry.refusal = TextDatumGetCString(*refusal);
    if (const auto qty = value(column_refusal_qty)) entry.refusal_qty = Quantity{DatumGetInt64(*qty)};
    if (const auto line = value(column_ref_line)) entry.ref_line = DatumGetInt32(*line);
    if (const auto era = value(column_item_era)) entry.item_era = DatumGetInt32(*era);
    if (const auto era = value(column_wallet_era)) entry.wallet_era = DatumGetInt32(*era);
    return entry;
}

Parameter money_parameter(const Store &store, std::optional<Money> money) {
    return money ? Parameter{money_to_column(store.binding.money, *money)} : null_parameter;
}

Parameter optional_parameter(std::optional<int32> value) {
    return value ? Parameter{Int32GetDatum(*value)} : null_parameter;
}

// The first era of a key is stored as null.
Parameter era_parameter(std::optional<int32> era) {
    return era && *era > 0 ? Parameter{Int32GetDatum(*era)} : null_parameter;
}

LedgerRow row_of(const Store &store, const Movement &movement) {
    return {
        .id = {to_datum(movement.id)},
        .line = {Int32GetDatum(movement.line)},
        .kind = {text_datum(to_text(movement.kind))},
        .item = optional_parameter(movement.item),
        .qty = {Int64GetDatum(movement.qty.value)},
        .wallet = optional_parameter(movement.wallet),
        .amount = {money_to_column(store.binding.money, movement.amount)},
        .unit_price = money_parameter(store, movement.unit_price),
        .list_price = money_parameter(store, movement.list_price),
        .ref = movement.ref ? Parameter{to_datum(*movement.ref)} : null_parameter,
        .at = {TimestampTzGetDatum(movement.at)},
        .refusal =
            movement.refusal ? Parameter{text_datum(status_of(*movement.refusal))} : null_parameter,
        .refusal_qty =
            movement.refusal ? Parameter{Int64GetDatum(movement.refusal_qty.value)} : null_parameter,
        .ref_line = optional_parameter(movement.ref_line),
        .item_era = era_parameter(movement.item_era),
        .wallet_era = era_parameter(movement.wallet_era),
        .stock_change = movement.leaves_stock ? Parameter{Int64GetDatum(0)} : null_parameter,
    };
}

// How many rows are written to the table before their index entries are made.
constexpr std::size_t rows_at_once = 500;

void insert_plain(Store &store, std::span<const Movement> movements) {
    // Slots do not have to pin a copy of the descriptor.
    const TupleDesc descriptor = CreateTupleDescCopy(RelationGetDescr(store.binding.ledger_table.rel));
    TupleTableSlot *slots[rows_at_once];
    const std::size_t slot_count = std::min(rows_at_once, movements.size());
    for (std::size_t i = 0; i < slot_count; ++i)
        slots[i] = MakeSingleTupleTableSlot(descriptor, &TTSOpsVirtual);
    while (!movements.empty()) {
        const auto now = movements.first(std::min(slot_count, movements.size()));
        for (std::size_t i = 0; i < now.size(); ++i)
            fill(store, row_of(store, now[i]), ExecClearTuple(slots[i]));
        with_free_ids(store, now, [&] { insert_rows(store.binding.ledger_table, {slots, now.size()}); });
        movements = movements.subspan(now.size());
    }
    for (std::size_t i = 0; i < slot_count; ++i) ExecDropSingleTupleTableSlot(slots[i]);
    FreeTupleDesc(descriptor);
}

} // namespace

ItemKey required_key(const std::optional<ItemKey> &item) {
    if (!item) raise_null_column("item");
    return *item;
}

WalletKey required_key(const std::optional<WalletKey> &wallet) {
    if (!wallet) raise_null_column("wallet");
    return *wallet;
}

std::optional<Entry> read_entry(Store &store, const Uuid &id, int32 line) {
    const Datum key[] = {to_datum(id), Int32GetDatum(line)};
    return with_row(store.binding.ledger_table, [&](TupleTableSlot *row) {
        return find_row(store.binding.ledger_table, key, row) ? std::optional(entry_of(store, row))
                                                              : std::nullopt;
    });
}

void read_entries(Store &store, std::span<const Uuid> ids, int32 line,
                  std::span<std::optional<Entry>> entries) {
    if (ids.empty()) return;
    const auto key_of = [&](const Uuid &id) { return std::array{to_datum(id), Int32GetDatum(line)}; };
    const auto read = [&](TupleTableSlot *row) {
        const RowScan scan = begin_row_scan(store.binding.ledger_table, key_of(ids[0]));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (i > 0) restart_row_scan(store.binding.ledger_table, scan, key_of(ids[i]));
            if (next_row(scan, row)) entries[i] = entry_of(store, row);
        }
        end_row_scan(scan);
    };
    in_snapshot(SnapshotKind::of_transaction, [&] { with_row(store.binding.ledger_table, read); });
}

Refunded refunded_so_far(Store &store, const Uuid &purchase, int32 line) {
    const std::array<Parameter, 2> parameters{Parameter{to_datum(purchase)},
                                              Parameter{Int32GetDatum(line)}};
    const auto refunded = [&](const Rows &rows) -> Refunded {
        const Refunded sum{Quantity{DatumGetInt64(rows.required(1))},
                           money_from_column(store.binding.money, rows.required(2))};
        free_rows(rows);
        return sum;
    };
    const Refunded seen = refunded(run(store, Statement::refunded, parameters));
    if (!IsolationUsesXactSnapshot()) return seen;
    // A refund that the snapshot does not show need not have written a row that this one writes, too. So
    // no other conflict would reveal it.
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const Refunded now = refunded(run(store, Statement::refunded, parameters, snapshot));
    UnregisterSnapshot(snapshot);
    if (now != seen) raise_concurrent_write("update");
    return seen;
}

void record(Store &store, const Movement &movement) {
    record_all(store, {&movement, 1});
}

void record_all(Store &store, std::span<const Movement> movements) {
    movements = with_eras(store, movements);
    if (store.binding.is_written_directly()) {
        for (std::size_t done = 0; done < movements.size(); done += rows_at_once)
            insert_plain(store,
                         movements.subspan(done, std::min(rows_at_once, movements.size() - done)));
        return;
    }
    for (const Movement &movement : movements) {
        const LedgerRow row = row_of(store, movement);
        with_free_ids(store, {&movement, 1}, [&] {
            const Rows rows = run(store, Statement::record, parameters_of(row));
            require_intact(store, rows, row);
            free_rows(rows);
        });
    }
}

bool remember(Store &store, const Movement &refusal) {
    const LedgerRow row = row_of(store, refusal);
    Rows rows;
    with_free_ids(store, {&refusal, 1},
                  [&] { rows = run(store, Statement::remember, parameters_of(row)); });
    // No row was inserted: the id was recorded meanwhile, or a trigger has suppressed the row.
    if (rows.count == 0 && read_entry(store, refusal.id)) return false;
    require_intact(store, rows, row);
    return true;
}

uint64 journal_set(Store &store, Statement statement) {
    // The statement has to see the current rows, whatever the transaction's snapshot shows.
    const Parameter at{TimestampTzGetDatum(GetCurrentTimestamp())};
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const Rows rows = run(store, statement, std::span(&at, 1), snapshot);
    UnregisterSnapshot(snapshot);
    return rows.count;
}

} // namespace vend
