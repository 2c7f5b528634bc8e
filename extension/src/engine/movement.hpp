#pragma once
// Movements other than sales: of one counter (deposit, withdrawal, restock), between two wallets
// (transfer), and back from a purchase (refund).
//
// Every one locks before it reads what it decides on, in the order of all calls: wallets by key, then
// the item. A refusal changes nothing.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "rows/movement.hpp"

#include <optional>

namespace vend {

// Texts live in the memory context that was given to the call.
struct MovementOutcome {
    Verdict verdict = Verdict::accept; // sell: it took place
    bool replayed = false;
    const char *detail = nullptr;  // why it was refused
    const char *unknown = nullptr; // the item or wallet that does not exist
    const char *item = nullptr;
    const char *wallet = nullptr; // of a transfer: the payer
    const char *payee = nullptr;
    std::optional<Uuid> id;
    std::optional<Quantity> qty;   // positive, of a withdrawal and a transfer too
    std::optional<Money> amount;   // positive
    std::optional<Quantity> stock; // of now
    std::optional<Money> balance;  // of now; of a transfer the payer's
    std::optional<TimestampTz> at;
};

// Each raises VN008 for a mismatched id and 22003 when a counter would overflow. Without an id the
// movement gets a new one.

struct FigureRequest {
    Kind kind = Kind::deposit; // deposit, withdrawal, restock
    Datum key = 0;             // of the wallet or item
    Quantity qty{};
    Money amount{};
    std::optional<Uuid> id;
};
MovementOutcome change_figure(Store &store, const FigureRequest &request, MemoryContext result_context);

// Takes units from an item that were not sold. Waits for units that sales under way may give back, as a
// sale does.
struct WriteOffRequest {
    Datum item = 0;
    Quantity qty{};
    std::optional<Uuid> id;
};
MovementOutcome write_off(Store &store, const WriteOffRequest &request, MemoryContext result_context);

// The ledger lines of a transfer.
inline constexpr int32 payer_line = 0;
inline constexpr int32 payee_line = 1;

// One of them, to be recorded.
Movement transfer_movement(const Uuid &id, int32 line, Datum wallet, Money amount, TimestampTz at);

// Raises 55000: the ledger has one line only.
[[noreturn]] void raise_half_transfer(const Store &store);

struct TransferRequest {
    Datum payer = 0;
    Datum payee = 0;
    Money amount{};
    std::optional<Uuid> id;
};
MovementOutcome transfer(Store &store, const TransferRequest &request, MemoryContext result_context);

struct RefundRequest {
    Uuid purchase{};
    std::optional<Quantity> qty; // nothing: all that is left or, with an amount, none
    std::optional<Uuid> id;
    std::optional<Datum> item;   // of a cart; nothing: all its lines
    std::optional<Money> amount; // nothing: what was paid for the units
    bool restock = true;         // false: the units are written off
};
MovementOutcome refund(Store &store, const RefundRequest &request, MemoryContext result_context);

} // namespace vend
