#pragma once
// What is for the server's log and not for the client: a buyer can do nothing about it.

#include "base/prelude.hpp"

namespace vend {

// Runs report(), of whose warnings the client hears nothing.
template <typename Report> void to_log_alone(Report report) {
    const int nest_level = NewGUCNestLevel();
    (void)set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
    report();
    AtEOXact_GUC(true, nest_level);
}

} // namespace vend
