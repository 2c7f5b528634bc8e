#include "base/prelude.hpp"

#include "engine/audit.hpp"

#include "base/error_codes.hpp"
#include "binding/binding.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "escrow/items.hpp"
#include "rows/audit_query.hpp"
#include "rows/execute.hpp"
#include "shared/counter_key.hpp"
#include "shared/counter_list.hpp"
#include "shared/counters.hpp"
#include "table/catalog.hpp"
#include "table/subtransaction.hpp"

namespace vend {
namespace {

bool is_unchanged(const LoadedCounter &counter) {
    const auto now = read_counter(counter.key);
    return now && now->changes == counter.changes;
}

// Setting the mode, even to the same one, closes the counter, so that it is loaded again.
const char *repair_of(const Store &store, const char *item, bool is_in_escrow) {
    return psprintf("SELECT vend.set_lock_mode(%s, %s, store => %s)", quote_literal_cstr(item),
                    is_in_escrow ? "'escrow'" : "NULL", quote_literal_cstr(store.binding.name));
}

Datum numeric_of(Quantity qty) {
    return DirectFunctionCall1(int8_numeric, Int64GetDatum(qty.value));
}

void add_rows(const AuditSink &sink, const Rows &rows) {
    for (uint64 i = 0; i < rows.count; ++i) tuplestore_puttuple(sink.rows, rows.table->vals[i]);
}

// Runs a query of the audit. The caller handles errors.
void look_one_by_one(Store &store, const AuditSink &sink) {
    for (const AuditLook &look : audit_looks(store.binding)) {
        ErrorData *error = in_subtransaction([&] {
            const char *sql = compose_look(look);
            const int result = SPI_execute(sql, false, 0);
            if (result < 0)
                ereport(ERROR,
                        (errcode(ERRCODE_INTERNAL_ERROR),
                         errmsg("could not run \"%s\": %s", sql, SPI_result_code_string(result))));
            add_rows(sink, {SPI_processed, SPI_tuptable});
        });
        if (error != nullptr) add_finding(sink, not_looked_at("unchecked", look.name, error));
    }
}

std::optional<Finding> finding_of(Store &store, const LoadedCounter &counter, const char **name) {
    const ItemKey item = key_from_bytes(store.binding.item_type, counter_bytes(counter.key));
    *name = key_text(store.binding.item_type, item);
    // The partition has changed since.
    if (!is_same(counter_key(store, item), counter.key)) return std::nullopt;
    const auto units = committed_units(store, item);
    if ((units && units->available == counter.available) || !is_unchanged(counter)) return std::nullopt;
    return Finding{"counter", *name, units ? std::optional(units->available) : std::nullopt,
                   counter.available, repair_of(store, *name, units.has_value())};
}

} // namespace

Finding not_looked_at(const char *finding, const char *key, ErrorData *error) {
    const int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
    if (category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_TRANSACTION_ROLLBACK)
        ReThrowError(error);
    // The detail of an error that is not ours may show a row that the caller may not read.
    const bool is_ours = error->sqlerrcode == errcodes::not_in_state && error->detail != nullptr;
    ereport(WARNING,
            (errcode(error->sqlerrcode), errmsg("the audit could not check \"%s\"", key),
             errdetail("%s%s%s", error->message, is_ours ? ": " : "", is_ours ? error->detail : "")));
    FreeErrorData(error);
    return {finding, key, std::nullopt, std::nullopt, nullptr};
}

void add_finding(const AuditSink &sink, const Finding &finding) {
    Datum values[] = {CStringGetTextDatum(finding.finding), CStringGetTextDatum(finding.key),
                      finding.expected ? numeric_of(*finding.expected) : 0,
                      finding.found ? numeric_of(*finding.found) : 0,
                      finding.repair == nullptr ? 0 : CStringGetTextDatum(finding.repair)};
    bool nulls[] = {false, false, !finding.expected, !finding.found, finding.repair == nullptr};
    tuplestore_putvalues(sink.rows, sink.descriptor, values, nulls);
}

// One query with one snapshot makes all checks. Only where it fails are they made one by one.
void audit_tables(Store &store, const AuditSink &sink) {
    ErrorData *error = in_subtransaction([&] { add_rows(sink, run(store, Statement::audit, {})); });
    if (error == nullptr) return;
    FreeErrorData(error);
    look_one_by_one(store, sink);
}

void audit_partitions(Store &store, const AuditSink &sink) {
    if (!store.binding.item_table.is_partitioned) return;
    ListCell *cell = nullptr;
    foreach (cell, find_all_inheritors(store.binding.item_table.relation, AccessShareLock, nullptr)) {
        const Oid partition = lfirst_oid(cell);
        if (get_rel_relkind(partition) != RELKIND_RELATION) continue;
        const char *name = relation_label(partition);
        ErrorData *error = in_subtransaction([&] { require_item_partition(store.binding, partition); });
        if (error != nullptr) add_finding(sink, not_looked_at("binding", name, error));
    }
}

void audit_counters(Store &store, const AuditSink &sink) {
    if (!has_counters()) return;
    open_deltas(store); // outside of a subtransaction, whose end would close them
    ListCell *cell = nullptr;
    foreach (cell, loaded_counters(store.binding.table_state)) {
        const auto *counter = static_cast<const LoadedCounter *>(lfirst(cell));
        if (!counter->is_quiet) continue;
        const char *name = "?";
        std::optional<Finding> finding;
        ErrorData *error = in_subtransaction([&] { finding = finding_of(store, *counter, &name); });
        if (error != nullptr) {
            finding = not_looked_at("counter", name, error);
            finding->found = counter->available;
        }
        if (finding) add_finding(sink, *finding);
    }
}

} // namespace vend
