#pragma once
// The table of the eras of keys: its name, and what a session knows about its contents. rows/eras.hpp
// explains eras.

#include "base/prelude.hpp"

namespace vend {

inline constexpr const char *reborn_index = "key_era_reborn";

// The quoted, qualified name of the table, which is in the schema of the ledger.
char *eras_beside(const char *ledger);

// Whether some key may have had two eras. The answer can be true too early, but never false too late.
bool may_have_reborn_keys(Oid era_relation);

// Makes all sessions check this again, at once and again at the end of this transaction.
void announce_eras(Relation eras);

} // namespace vend
