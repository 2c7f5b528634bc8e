#pragma once
// Warnings for whoever runs the server. They go to the log alone: a buyer can do nothing about them.

#include "base/prelude.hpp"

namespace vend {

// Runs report(). Its warnings reach the log and not the client.
template <typename Report> void to_log_alone(Report report) {
    const int nest_level = NewGUCNestLevel();
    (void)set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
    report();
    AtEOXact_GUC(true, nest_level);
}

} // namespace vend
