#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "base/error_codes.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/open_store.hpp"
#include "binding/store.hpp"
#include "binding/table_state.hpp"
#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "core/right.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/lock_mode.hpp"
#include "entry/arguments.hpp"
#include "entry/call.hpp"
#include "entry/raise.hpp"
#include "escrow/items.hpp"
#include "escrow/settle.hpp"
#include "rows/call.hpp"
#include "rows/rows.hpp"
#include "shared/counter_list.hpp"
#include "shared/counters.hpp"
#include "shared/former_counters.hpp"
#include "shared/settlers.hpp"

#include <algorithm>

using namespace vend;

VEND_FUNCTION(vend_available);
VEND_FUNCTION(vend_set_lock_mode);
VEND_FUNCTION(vend_settle);
VEND_FUNCTION(vend_stat_items);

namespace vend {
namespace {

[[noreturn]] void raise_unknown_item(Store &store, ItemKey item) {
    const char *name = key_text(store.binding.item_type, item);
    raise_refusal(Verdict::unknown_item, name, nullptr,
                  explain(store, {.verdict = Verdict::unknown_item}, {}, {}, {}, name, nullptr));
}

// Whether the table still has the file and the partition that the counter was loaded from.
bool is_current(const CounterStatistics &counter) {
    if (file_of(counter.table.items) != counter.table.files[0]) return false;
    const Oid partition = counter.partition[0];
    return !OidIsValid(partition) || known_partition(partition).state == counter.partition;
}

Datum interval_between(MonotonicTime start, MonotonicTime end) {
    auto *interval = static_cast<Interval *>(palloc0(sizeof(Interval)));
    interval->time = us_between(start, end);
    return DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(interval));
}

std::optional<LockMode> own_mode(const char *text) {
    if (text == nullptr) return std::nullopt;
    const auto mode = lock_mode_from(text);
    if (!mode)
        ereport(
            ERROR,
            (errcode(errcodes::bad_argument), errmsg("unknown lock mode \"%s\"", text),
             errhint("The lock modes are atomic, pessimistic, optimistic and escrow; NULL leaves the "
                     "choice to the call.")));
    return mode;
}

} // namespace
} // namespace vend

Datum vend_available(PG_FUNCTION_ARGS) {
    std::optional<Quantity> units;
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(1),
                                  {Right::buyer, Right::cashier, Right::stock_keeper, Right::auditor});
        require_items(store);
        const ItemKey key = arguments.key(0, store.binding.item_type, "item");
        for_caller(store, [&] {
            const auto item = read_item(store, key);
            if (!item) raise_unknown_item(store, key);
            units = available_units(store, *item);
        });
    });
    if (!units) PG_RETURN_NULL();
    return Int64GetDatum(std::max<int64>(units->value, 0));
}

Datum vend_set_lock_mode(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.set_lock_mode()");
    in_call([&] {
        const Arguments arguments(fcinfo);
        Store &store = open_store(arguments.optional_string(2), {Right::stock_keeper});
        require_items(store);
        const ItemKey key = arguments.key(0, store.binding.item_type, "item");
        const auto mode = own_mode(arguments.optional_string(1));
        for_caller(store, [&] {
            if (!change_lock_mode(store, key, mode)) raise_unknown_item(store, key);
        });
    });
    PG_RETURN_VOID();
}

Datum vend_settle(PG_FUNCTION_ARGS) {
    require_writable(fcinfo, "vend.settle()");
    int64 settled = 0;
    in_call([&] {
        Store &store = open_store(Arguments(fcinfo).optional_string(0), {Right::stock_keeper});
        as_owner(store, [&] { settled = settle_store(store); });
    });
    return Int64GetDatum(settled);
}

Datum vend_stat_items(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    const auto *result = reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
    if (!has_counters()) return 0;
    forget_former_life();
    const MonotonicTime now = monotonic_now();
    const MonotonicTime missing_since = settler_missing_since();
    ListCell *cell = nullptr;
    foreach (cell, counter_statistics()) {
        const auto *counter = static_cast<const CounterStatistics *>(lfirst(cell));
        if (!is_current(*counter)) continue;
        constexpr int column_count = 11;
        Datum values[column_count] = {};
        bool nulls[column_count] = {};
        int column = 0;
        values[column++] = CStringGetTextDatum(counter->store);
        values[column++] = CStringGetTextDatum(counter->item);
        nulls[column] = !counter->available;
        values[column++] = Int64GetDatum(counter->available.value_or(0));
        for (const int64 count : {counter->pending, counter->waiting, counter->reserved,
                                  counter->refused, counter->settled, counter->unsettled})
            values[column++] = Int64GetDatum(count);
        nulls[column] = counter->unsettled_since == MonotonicTime{};
        values[column] = nulls[column] ? 0 : interval_between(counter->unsettled_since, now);
        ++column;
        nulls[column] = counter->unsettled == 0 || missing_since == MonotonicTime{};
        values[column] = nulls[column] ? 0 : interval_between(missing_since, now);
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return 0;
}
