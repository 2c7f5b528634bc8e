#pragma once
// Requests to the database. Keys are text, whatever the store's key types are. Without an id the client
// makes one. Without a store the call goes to options.store, or to the store that the database decides
// on.

#include <vend/numeric.hpp>
#include <vend/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vend {

// A purchase of qty units of an item. docs/sql-reference.md describes the fields.
struct purchase_request {
    std::string item;
    std::string buyer;
    std::int64_t qty = 1;
    std::optional<uuid> id = {};
    std::optional<std::string> lock_mode = {};
    bool nowait = false;
    std::optional<std::int64_t> expected_version = {};
    std::optional<numeric> max_price = {};
    std::optional<numeric> unit_price = {};   // the price that a cashier states
    std::optional<numeric> amount = {};       // or the price of all units together
    bool remember = false;                    // record a refusal under the id, for good
    std::optional<std::string> currency = {}; // of the price
    std::optional<std::string> store = {};
};

// Whether purchase_many takes the request: a batch has no lock_mode, nowait or expected_version.
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

// A purchase of several items: all lines or none. Each item may stand in one line only.
struct cart_request {
    std::string buyer;
    std::vector<cart_item> lines;
    std::optional<uuid> id = {};
    std::optional<std::string> currency = {}; // of the prices
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

// Units that are gone without a sale: broken, lost or stolen.
struct write_off_request {
    std::string item;
    std::int64_t qty = 1;
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

// Refunds what is left of a purchase or of all lines of a cart. With qty it refunds so many units, of a
// cart those of one item. With amount and no qty it refunds money and no units.
struct refund_request {
    uuid purchase;
    std::optional<std::int64_t> qty = {};
    std::optional<std::string> item = {};
    std::optional<numeric> amount = {}; // the default is what was paid for the units
    bool restock = true;                // whether the units can be sold again
    std::optional<uuid> id = {};
    std::optional<std::string> store = {};
};

} // namespace vend
