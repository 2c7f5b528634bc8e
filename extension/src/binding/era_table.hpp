#pragma once
// The table of the eras of keys, which rows/eras.hpp explains: its name, and what a session knows of it.

#include "base/prelude.hpp"

namespace vend {

inline constexpr const char *reborn_index = "key_era_reborn";

// The table of the eras of keys, quoted and qualified: it is in the schema of the ledger.
char *eras_beside(const char *ledger);

// Whether some key may have had two eras: true too soon rather than too late.
bool may_have_reborn_keys(Oid era_relation);

// Makes all sessions look at that again: at once, not only at the end of this transaction.
void announce_eras(Relation eras);

} // namespace vend
