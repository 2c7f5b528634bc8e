#include "base/prelude.hpp"

#include "store/ledger.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "store/execute.hpp"

namespace vend {
namespace {

Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

Parameter optional_parameter(std::optional<Datum> value) {
    return value ? Parameter{*value} : null_parameter;
}

// The id was free when this call looked, and the index found it taken: a concurrent transaction was
// first. What it recorded cannot be looked up from here, since the error ends the statement.
[[noreturn]] void raise_id_taken(const Uuid &id) {
    const char *text = DatumGetCString(DirectFunctionCall1(uuid_out, to_datum(id)));
    if (IsolationUsesXactSnapshot())
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("could not serialize access due to concurrent use of id %s", text)));
    ereport(ERROR, (errcode(errcodes::id_mismatch), errmsg("id %s is taken", text),
                    errdetail("A concurrent transaction recorded it for another request."),
                    errhint("Ask again under this id to hear what was recorded.")));
    pg_unreachable();
}

bool is_id_taken(const Store &store, const ErrorData *error) {
    return error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION && error->table_name != nullptr &&
           error->constraint_name != nullptr && strcmp(error->table_name, store.ledger_name) == 0 &&
           strcmp(error->constraint_name, store.ledger_primary_key) == 0;
}

// Runs the INSERT; an id that is taken becomes an error of ours.
Rows insert_movement(Store &store, const Movement &movement, const Parameter (&row)[10]) {
    MemoryContext context = CurrentMemoryContext;
    Rows rows;
    PG_TRY();
    {
        rows = run(store, Statement::record,
                   {row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9]});
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        FlushErrorState();
        if (is_id_taken(store, error)) raise_id_taken(movement.id);
        ReThrowError(error);
    }
    PG_END_TRY();
    return rows;
}

// Whether the row that came back is the row that was sent.
bool is_intact(const Rows &rows, const Parameter (&row)[10]) {
    if (rows.count != 1) return false;
    for (int i = 0; i < 10; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(rows.table->tupdesc, i);
        const auto stored = rows.value(i + 1);
        if (stored.has_value() == row[i].is_null) return false;
        if (stored && !datum_image_eq(*stored, row[i].value, attribute->attbyval, attribute->attlen))
            return false;
    }
    return true;
}

} // namespace

std::optional<Entry> read_entry(Store &store, const Uuid &id) {
    const Rows rows = run(store, Statement::read_entry, {{to_datum(id)}});
    if (rows.count == 0) return std::nullopt;
    Entry entry;
    entry.kind = TextDatumGetCString(*rows.value(1));
    entry.item = rows.value(2);
    entry.qty = Quantity{DatumGetInt64(*rows.value(3))};
    entry.wallet = rows.value(4);
    entry.amount = money_from_column(store.money, *rows.value(5));
    if (const auto unit_price = rows.value(6))
        entry.unit_price = money_from_column(store.money, *unit_price);
    entry.at = DatumGetTimestampTz(*rows.value(7));
    if (const auto refusal = rows.value(8)) entry.refusal = TextDatumGetCString(*refusal);
    if (const auto qty = rows.value(9)) entry.refusal_qty = Quantity{DatumGetInt64(*qty)};
    return entry;
}

void record(Store &store, const Movement &movement) {
    const Parameter unit_price = movement.unit_price
                                     ? Parameter{money_to_column(store.money, *movement.unit_price)}
                                     : null_parameter;
    const Parameter row[10] = {{to_datum(movement.id)},
                               {Int32GetDatum(0)},
                               {text_datum(to_text(movement.kind))},
                               optional_parameter(movement.item),
                               {Int64GetDatum(movement.qty.value)},
                               optional_parameter(movement.wallet),
                               {money_to_column(store.money, movement.amount)},
                               unit_price,
                               null_parameter,
                               {TimestampTzGetDatum(movement.at)}};
    if (!is_intact(insert_movement(store, movement, row), row)) raise_write_altered(store.ledger_name);
}

bool remember(Store &store, const Uuid &id, Datum item, Datum buyer, Quantity qty, Verdict refusal) {
    const Rows rows = run(store, Statement::remember,
                          {{to_datum(id)},
                           {item},
                           {buyer},
                           {TimestampTzGetDatum(GetCurrentTimestamp())},
                           {text_datum(status_of(refusal))},
                           {Int64GetDatum(qty.value)}});
    return rows.count == 1;
}

void journal_truncate(Store &store, Oid relation) {
    const Statement statement = relation == store.item_relation ? Statement::journal_item_truncate
                                                                : Statement::journal_wallet_truncate;
    (void)run(store, statement, {{TimestampTzGetDatum(GetCurrentTimestamp())}});
}

} // namespace vend
