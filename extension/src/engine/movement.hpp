#pragma once
// Movements of one counter: money into a wallet, units onto a shelf.

#include "base/prelude.hpp"

#include "core/uuid.hpp"
#include "store/ledger.hpp"
#include "store/store.hpp"

#include <optional>

namespace vend {

struct MovementRequest {
    Kind kind = Kind::deposit;
    Datum key = 0; // of the wallet or item
    Quantity qty{};
    Money amount{};
    std::optional<Uuid> id; // nothing: a new one
};

// Texts live in the memory context that was given to move().
struct MovementOutcome {
    bool is_unknown = false; // no such wallet or item; nothing was done
    bool replayed = false;
    const char *key = nullptr;
    Uuid id{};
    Quantity qty{};
    Money amount{};
    std::optional<Quantity> stock;
    std::optional<Money> balance;
    TimestampTz at = 0;
};

// Raises VN008 for a mismatched id and 22003 when the counter would overflow.
MovementOutcome move(Store &store, const MovementRequest &request, MemoryContext result_context);

} // namespace vend
