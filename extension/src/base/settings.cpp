#include "base/prelude.hpp"

#include "base/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>

namespace vend::settings {
namespace {

char *default_store_value = nullptr;
char *current_buyer_value = nullptr;
int lock_mode_value = static_cast<int>(LockMode::atomic);
int lock_timeout_ms_value = 0;
int optimistic_retries_value = 10;
int concurrent_batches_value = -1;
int escrow_items_value = 1000;
int escrow_wait_ms_value = 1000;
int settle_interval_ms_value = 100;
bool write_by_statements_value = false;

constexpr int optimistic_retries_max = 10000;
constexpr int concurrent_batches_max = 10000;
constexpr int escrow_items_max = 1000000;
constexpr int settle_interval_ms_max = 60000;

// data() is safe here: the names point at string literals, which end with a null character.
const config_enum_entry lock_mode_options[] = {
    {lock_mode_names[0].data(), static_cast<int>(LockMode::atomic), false},
    {lock_mode_names[1].data(), static_cast<int>(LockMode::pessimistic), false},
    {lock_mode_names[2].data(), static_cast<int>(LockMode::optimistic), false},
    {nullptr, 0, false},
};

} // namespace

void define() {
    DefineCustomStringVariable("vend.default_store", "Sets the store of calls that name none.",
                               "When empty, a call means the only store that the caller can use.",
                               &default_store_value, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("vend.current_buyer",
                               "Sets the only wallet that a buyer may name, in stores that ask for it.",
                               "A gateway sets it for its buyers and lets none of them run SET.",
                               &current_buyer_value, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("vend.lock_mode",
                             "Sets the lock mode of items that have none of their own.", nullptr,
                             &lock_mode_value, static_cast<int>(LockMode::atomic), lock_mode_options,
                             PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("vend.lock_timeout",
                            "Sets how long a sale waits for a lock before it answers busy.",
                            "0 leaves the wait to lock_timeout.", &lock_timeout_ms_value, 0, 0, INT_MAX,
                            PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("vend.optimistic_retries",
                            "Sets how often an optimistic sale starts over after a concurrent "
                            "write before it answers conflict.",
                            nullptr, &optimistic_retries_value, 10, 0, optimistic_retries_max,
                            PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "vend.concurrent_batches",
        "Sets how many batches of a store may run at the same time before others wait "
        "for a moment.",
        "-1 means one more than there are processors, and 0 means no limit.", &concurrent_batches_value,
        -1, -1, concurrent_batches_max, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    // Without preloading the setting has no effect; PGC_POSTMASTER can only be defined while preloading.
    DefineCustomIntVariable(
        "vend.escrow_items", "Sets how many escrow items can have counters at the same time.",
        "Each takes about 0.6 kB of shared memory.", &escrow_items_value, 1000, 1, escrow_items_max,
        process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0, nullptr, nullptr,
        nullptr);
    DefineCustomIntVariable("vend.escrow_wait",
                            "Sets how long a sale of an escrow item waits for units that are pending "
                            "in other transactions before it answers all_pending.",
                            nullptr, &escrow_wait_ms_value, 1000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS,
                            nullptr, nullptr, nullptr);
    DefineCustomIntVariable("vend.settle_interval",
                            "Sets how long the sales of escrow items gather before they are settled.",
                            nullptr, &settle_interval_ms_value, 100, 1, settle_interval_ms_max,
                            PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    // PGC_SUSET: a session that is being watched must not turn the setting off.
    DefineCustomBoolVariable(
        "vend.write_by_statements",
        "Writes the rows of all stores by statements, which other extensions see.",
        "pg_stat_statements, auto_explain and audit extensions then see each write. "
        "The rate of sales of a plain store is about halved.",
        &write_by_statements_value, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("vend");
}

const char *default_store() {
    return default_store_value == nullptr ? "" : default_store_value;
}

const char *current_buyer() {
    return current_buyer_value == nullptr ? "" : current_buyer_value;
}

LockMode lock_mode() {
    return static_cast<LockMode>(lock_mode_value);
}

int lock_timeout_ms() {
    return lock_timeout_ms_value;
}

int concurrent_batches() {
    if (concurrent_batches_value >= 0) return concurrent_batches_value;
    static const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return static_cast<int>(std::clamp<long>(processors + 1, 2, concurrent_batches_max));
}

int escrow_items() {
    return escrow_items_value;
}

int escrow_wait_ms() {
    return escrow_wait_ms_value;
}

int settle_interval_ms() {
    return settle_interval_ms_value;
}

bool write_by_statements() {
    return write_by_statements_value;
}

int optimistic_retries() {
    return optimistic_retries_value;
}

} // namespace vend::settings
