#pragma once
// What can be asked of a store: the functions of docs/sql-reference.md under the same names.

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

// A client, where each call is a transaction of its own and is repeated until it is answered; or a
// transaction, where it is neither. What is refused is thrown as vend::refused, or is a status of the
// try_ form; everything else is thrown as vend::error.
class verbs {
  public:
    receipt purchase(const purchase_request &request);
    outcome try_purchase(const purchase_request &request);

    // One outcome for each request, in their order; at most 10,000. All name the same store and the same
    // remember; lock_mode, nowait and expected_version are not for batches: 22023.
    std::vector<outcome> purchase_many(std::span<const purchase_request> requests);

    cart_receipt checkout(const cart_request &request);
    cart_outcome try_checkout(const cart_request &request);

    movement deposit(const wallet_request &request);
    movement withdraw(const wallet_request &request);
    movement_outcome try_withdraw(const wallet_request &request);
    movement transfer(const transfer_request &request);
    movement_outcome try_transfer(const transfer_request &request);
    std::vector<movement_outcome> transfer_many(std::span<const transfer_request> requests);
    movement restock(const restock_request &request);
    movement write_off(const write_off_request &request);
    movement_outcome try_write_off(const write_off_request &request);
    movement refund(const refund_request &request);
    movement_outcome try_refund(const refund_request &request);

    // Sees to it that nothing ever takes place under the id. Throws VN008 if something has.
    void void_id(const uuid &id, const std::optional<std::string> &store = {});

    // Units that can be sold now.
    std::int64_t available(std::string_view item, const std::optional<std::string> &store = {});

    // "atomic", "pessimistic", "optimistic" or "escrow"; without one the store's own.
    void set_lock_mode(std::string_view item, const std::optional<std::string> &mode,
                       const std::optional<std::string> &store = {});

    // Adds what sales in escrow have taken to the items' rows, now. How many it took.
    std::int64_t settle(const std::optional<std::string> &store = {});

    // What does not add up; nothing is good news.
    std::vector<finding> audit(const std::optional<std::string> &store = {});

  protected:
    verbs() = default;
    verbs(const verbs &) = default;
    verbs(verbs &&) = default;
    verbs &operator=(const verbs &) = default;
    verbs &operator=(verbs &&) = default;
    ~verbs() = default;

  private:
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
