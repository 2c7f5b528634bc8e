#include "base/prelude.hpp"

#include "base/settings.hpp"

#include <climits>

namespace vend::settings {
namespace {

char *default_store_value = nullptr;
int lock_mode_value = static_cast<int>(LockMode::atomic);
int lock_timeout_ms_value = 0;
int optimistic_retries_value = 10;

constexpr int optimistic_retries_max = 10000;

// The names point at string literals, which are terminated.
const config_enum_entry lock_mode_options[] = {
    {lock_mode_names[0].data(), static_cast<int>(LockMode::atomic), false},
    {lock_mode_names[1].data(), static_cast<int>(LockMode::pessimistic), false},
    {lock_mode_names[2].data(), static_cast<int>(LockMode::optimistic), false},
    {nullptr, 0, false},
};

} // namespace

void define() {
    DefineCustomStringVariable("vend.default_store", "Sets the store of calls that name none.",
                               "When empty, the only store of the database is meant.",
                               &default_store_value, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("vend.lock_mode",
                             "Sets the lock mode of items that have none of their own.", nullptr,
                             &lock_mode_value, static_cast<int>(LockMode::atomic), lock_mode_options,
                             PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("vend.lock_timeout",
                            "Sets how long a sale waits for a row lock before it answers busy.",
                            "0 leaves the wait to lock_timeout.", &lock_timeout_ms_value, 0, 0, INT_MAX,
                            PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("vend.optimistic_retries",
                            "Sets how often an optimistic sale starts over after a concurrent "
                            "write before it answers conflict.",
                            nullptr, &optimistic_retries_value, 10, 0, optimistic_retries_max,
                            PGC_USERSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("vend");
}

const char *default_store() {
    return default_store_value == nullptr ? "" : default_store_value;
}

LockMode lock_mode() {
    return static_cast<LockMode>(lock_mode_value);
}

int lock_timeout_ms() {
    return lock_timeout_ms_value;
}

int optimistic_retries() {
    return optimistic_retries_value;
}

} // namespace vend::settings
