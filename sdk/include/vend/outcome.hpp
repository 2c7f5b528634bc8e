#pragma once
// What the database answers.

#include <vend/numeric.hpp>
#include <vend/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

// The statuses of docs/errors.md.
enum class status {
    purchased, // a sale or a cart took place
    recorded,  // a movement took place
    replayed,  // it had taken place before, under this id
    unknown_item,
    conflict,
    price_changed,
    sold_out,
    all_pending,
    unknown_buyer,
    insufficient_funds,
    busy,
    unknown_purchase,
    over_refund,
    invalid,     // of a batch: the request makes no sense by itself
    id_mismatch, // of a batch: the id is recorded for another request
};

// The word that SQL has for it.
[[nodiscard]] std::string_view to_string(status value) noexcept;

// Whether it took place, now or before.
[[nodiscard]] constexpr bool took_place(status value) noexcept {
    return value == status::purchased || value == status::recorded || value == status::replayed;
}

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// A sale that took place: amount = qty * unit_price in the store's money, or what was stated for all
// units, which then have no unit_price. balance is what the buyer has left. The store may have no
// wallets.
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

// The answer to an attempt: the status, the reason of a refusal in detail, and what there is of a
// receipt.
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

// A cart that was sold, its lines in the order of the request.
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
    std::optional<int> line = {}; // the one that was refused, from 1
    std::optional<uuid> id = {};
    std::optional<std::string> buyer = {};
    std::optional<numeric> amount = {};
    std::optional<numeric> balance = {};
    std::optional<timestamp> at = {};
    std::vector<cart_line> lines = {};

    explicit operator bool() const noexcept { return took_place(status); }
};

// A movement that took place. qty and amount are positive; stock and balance are those of now, of a
// transfer the payer's.
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

// Something that does not add up, as vend.audit() tells it; repair is the SQL that would mend it.
struct finding {
    std::string what = {};
    std::optional<std::string> key = {};
    std::optional<numeric> expected = {};
    std::optional<numeric> found = {};
    std::optional<std::string> repair = {};
};

} // namespace vend
