#pragma once
// The functions of a store, under the names that docs/sql-reference.md describes.

#include <vend/error.hpp>
#include <vend/outcome.hpp>
#include <vend/request.hpp>
#include <vend/rows.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

struct call;

// The base of vend::client, where each call is a transaction of its own and is repeated until it is
// answered, and of vend::transaction, where the calls share the caller's transaction and are sent once.
//
// Amounts are in the store's money, quantities in units. A function without try_ throws vend::refused
// when the store refuses the call; the try_ form returns the status instead. All other failures are
// thrown as vend::error.
class store_calls {
  public:
    receipt purchase(const purchase_request &request);
    outcome try_purchase(const purchase_request &request);

    // Returns one outcome for each request, in their order. Takes at most 10,000 requests, which must
    // have the same store and the same remember. Throws 22023 for others, and for requests with
    // lock_mode, nowait or expected_version, which a batch cannot have.
    std::vector<outcome> purchase_many(std::span<const purchase_request> requests);

    // All lines of the cart, or none.
    cart_receipt checkout(const cart_request &request);
    cart_outcome try_checkout(const cart_request &request);

    // Movements of money between wallets and the outside, or between two wallets.
    movement deposit(const wallet_request &request);
    movement withdraw(const wallet_request &request);
    movement_outcome try_withdraw(const wallet_request &request);
    movement transfer(const transfer_request &request);
    movement_outcome try_transfer(const transfer_request &request);

    // Returns one outcome for each request, in their order. Throws 22023 when they name different
    // stores.
    std::vector<movement_outcome> transfer_many(std::span<const transfer_request> requests);

    // Movements of units.
    movement restock(const restock_request &request);
    movement write_off(const write_off_request &request);
    movement_outcome try_write_off(const write_off_request &request);

    // Takes a purchase or a part of it back.
    movement refund(const refund_request &request);
    movement_outcome try_refund(const refund_request &request);

    // Makes the id void: nothing takes place under it from now on. Throws VN008 if something has.
    void void_id(const uuid &id, const std::optional<std::string> &store = {});

    // The number of units that can be sold now; nothing for an unlimited item. Throws VN006 for an
    // unknown item.
    std::optional<std::int64_t> available(std::string_view item,
                                          const std::optional<std::string> &store = {});

    // The mode is "atomic", "pessimistic", "optimistic" or "escrow"; std::nullopt stands for the store's
    // own.
    void set_lock_mode(std::string_view item, const std::optional<std::string> &mode,
                       const std::optional<std::string> &store = {});

    // Adds what sales in escrow have taken to the rows of the items. Returns how many sales it added.
    std::int64_t settle(const std::optional<std::string> &store = {});

    // Returns the figures that do not agree with the ledger: none when all is well.
    std::vector<finding> audit(const std::optional<std::string> &store = {});

  protected:
    store_calls() = default;
    store_calls(const store_calls &) = default;
    store_calls(store_calls &&) = default;
    store_calls &operator=(const store_calls &) = default;
    store_calls &operator=(store_calls &&) = default;
    ~store_calls() = default;

  private:
    // Sends the call and returns its answer.
    virtual rows run(call what) = 0;
    [[nodiscard]] virtual const std::optional<std::string> &default_store() const = 0;

    template <typename Read> auto answer_to(call what, Read read);
    std::int64_t integer_of(call what);
    movement_outcome try_move(std::string_view name, const char *sql, const std::optional<uuid> &id,
                              const std::optional<std::string> &store,
                              std::vector<std::optional<std::string>> parameters);
    [[nodiscard]] const std::optional<std::string> &
    store_of(const std::optional<std::string> &store) const;
};

} // namespace vend
