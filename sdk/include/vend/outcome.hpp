#pragma once
// The answers of the database.

#include <vend/numeric.hpp>
#include <vend/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

// The statuses that docs/errors.md describes.
enum class status {
    purchased, // a sale or a cart took place
    recorded,  // a movement took place
    replayed,  // the call had taken place before, under this id
    unknown_item,
    conflict,
    price_changed,
    not_on_sale,
    sold_out,
    all_pending,
    unknown_buyer,
    currency_mismatch,
    insufficient_funds,
    busy,
    unknown_purchase,
    over_refund,
    invalid,     // in a batch: the request makes no sense by itself
    id_mismatch, // in a batch: the id is recorded for another request
};

// The word for it in SQL.
[[nodiscard]] std::string_view to_string(status value) noexcept;

// Whether the call took place, now or before.
[[nodiscard]] constexpr bool took_place(status value) noexcept {
    return value == status::purchased || value == status::recorded || value == status::replayed;
}

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// A sale that took place. amount is qty * unit_price in the store's money; a sale whose request stated
// an amount has no unit_price. balance is what the buyer has left, in a store with wallets.
struct receipt {
    uuid id = {};
    std::string item = {};
    std::string buyer = {};
    std::int64_t qty = 0;
    std::optional<numeric> unit_price = {};
    std::optional<numeric> amount = {};
    std::optional<numeric> balance = {};
    timestamp at = {};
    bool replayed = false;
};

// The answer to a try_purchase: the status, the reason of a refusal in detail, and the fields of the
// receipt as far as they are known.
struct outcome {
    vend::status status = status::invalid;
    std::string detail = {};
    std::optional<uuid> id = {};
    std::optional<std::string> item = {};
    std::optional<std::string> buyer = {};
    std::optional<std::int64_t> qty = {};
    std::optional<numeric> unit_price = {};
    std::optional<numeric> amount = {};
    std::optional<numeric> balance = {};
    std::optional<timestamp> at = {};

    explicit operator bool() const noexcept { return took_place(status); }
};

struct cart_line {
    std::string item = {};
    std::int64_t qty = 0;
    std::optional<numeric> unit_price = {};
    std::optional<numeric> amount = {};
};

// A cart that was sold, with its lines in the order of the request.
struct cart_receipt {
    uuid id = {};
    std::string buyer = {};
    std::optional<numeric> amount = {};
    std::optional<numeric> balance = {};
    timestamp at = {};
    bool replayed = false;
    std::vector<cart_line> lines = {};
};

struct cart_outcome {
    vend::status status = status::invalid;
    std::string detail = {};
    std::optional<int> line = {}; // the line that was refused, from 1
    std::optional<uuid> id = {};
    std::optional<std::string> buyer = {};
    std::optional<numeric> amount = {};
    std::optional<numeric> balance = {};
    std::optional<timestamp> at = {};
    std::vector<cart_line> lines = {};

    explicit operator bool() const noexcept { return took_place(status); }
};

// A movement that took place. qty and amount are positive. stock and balance are the values after it;
// the balance of a transfer is the payer's.
struct movement {
    uuid id = {};
    std::string kind = {};
    std::optional<std::string> item = {};
    std::optional<std::string> wallet = {};
    std::optional<std::string> payee = {};
    std::optional<std::int64_t> qty = {};
    std::optional<numeric> amount = {};
    std::optional<std::int64_t> stock = {};
    std::optional<numeric> balance = {};
    timestamp at = {};
    bool replayed = false;
};

struct movement_outcome {
    vend::status status = status::invalid;
    std::string detail = {};
    std::optional<uuid> id = {};
    std::string kind = {};
    std::optional<std::string> item = {};
    std::optional<std::string> wallet = {};
    std::optional<std::string> payee = {};
    std::optional<std::int64_t> qty = {};
    std::optional<numeric> amount = {};
    std::optional<std::int64_t> stock = {};
    std::optional<numeric> balance = {};
    std::optional<timestamp> at = {};

    explicit operator bool() const noexcept { return took_place(status); }
};

// A figure that does not agree with the ledger, as vend.audit() reports it. repair is the SQL that would
// correct it.
struct finding {
    std::string what = {};
    std::optional<std::string> key = {};
    std::optional<numeric> expected = {};
    std::optional<numeric> found = {};
    std::optional<std::string> repair = {};
};

} // namespace vend
