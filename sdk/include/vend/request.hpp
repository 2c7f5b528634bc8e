#pragma once
// What the database is asked for. Keys are text, whatever the store's key types. An id that is left out
// is made by the client. A store that is left out is that of the options, or the only one there is.

#include <vend/numeric.hpp>
#include <vend/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vend {

// qty units of an item for a buyer; docs/sql-reference.md describes the fields.
struct purchase_request {
    std::string item;
    std::string buyer;
    std::int64_t qty = 1;
    std::optional<uuid> id = {};
    std::optional<std::string> lock_mode = {};
    bool nowait = false;
    std::optional<std::int64_t> expected_version = {};
    std::optional<numeric> max_price = {};
    std::optional<numeric> unit_price = {}; // stated, as a cashier may
    std::optional<numeric> amount = {};     // likewise, of all units together
    bool remember = false;                  // record a refusal under the id, for good
    std::optional<std::string> store = {};
};

// Whether a batch can carry it.
[[nodiscard]] inline bool is_for_batches(const purchase_request &request) noexcept {
    return !request.lock_mode && !request.nowait && !request.expected_version;
}

struct cart_item {
    std::string item;
    std::int64_t qty = 1;
    std::optional<numeric> max_price = {};
    std::optional<numeric> unit_price = {};
    std::optional<numeric> amount = {};
};

// All lines or none; each item once.
struct cart_request {
    std::string buyer;
    std::vector<cart_item> lines;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

struct transfer_request {
    std::string payer;
    std::string payee;
    numeric amount;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

// A deposit or a withdrawal.
struct wallet_request {
    std::string wallet;
    numeric amount;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

struct restock_request {
    std::string item;
    std::int64_t qty = 1;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

// Units that are gone and were not sold: broken, lost, stolen.
struct write_off_request {
    std::string item;
    std::int64_t qty = 1;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

// All that is left of the purchase, of a cart of each line; or qty units, of a cart of one item; or an
// amount of money, with no units where qty is not given.
struct refund_request {
    uuid purchase;
    std::optional<std::int64_t> qty = {};
    std::optional<std::string> item = {};
    std::optional<numeric> amount = {}; // without one: what was paid for the units
    bool restock = true;                // false: the units do not go back onto the shelf
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

} // namespace vend
