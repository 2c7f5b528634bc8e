#include "base/prelude.hpp"

#include "engine/audit.hpp"

#include "claim/escrow.hpp"

namespace vend {
namespace {

bool is_unchanged(const LoadedCounter &counter) {
    const auto now = view_counter(counter.key);
    return now && now->changes == counter.changes;
}

// Changing the mode, even to the same, makes the counter be read again.
const char *repair_of(const Store &store, const char *item, bool is_in_escrow) {
    return psprintf("SELECT vend.set_lock_mode(%s, %s, store => %s)", quote_literal_cstr(item),
                    is_in_escrow ? "'escrow'" : "NULL", quote_literal_cstr(store.name));
}

} // namespace

List *audit_counters(Store &store) {
    if (!has_counters()) return NIL;
    List *findings = NIL;
    ListCell *cell = nullptr;
    foreach (cell, loaded_counters(store.table_state)) {
        const auto *counter = static_cast<const LoadedCounter *>(lfirst(cell));
        if (!counter->is_quiet) continue;
        const Datum item = key_from_bytes(store.item_type, counter_bytes(counter->key));
        if (!is_same(counter_key(store, item), counter->key)) continue; // of a partition as it was
        const auto units = committed_units(store, item);
        if ((units && units->available == counter->available) || !is_unchanged(*counter)) continue;
        auto *finding = static_cast<CounterFinding *>(palloc(sizeof(CounterFinding)));
        *finding = {key_text(store.item_type, item),
                    units ? std::optional(units->available) : std::nullopt, counter->available};
        finding->repair = repair_of(store, finding->item, units.has_value());
        findings = lappend(findings, finding);
    }
    return findings;
}

} // namespace vend
