#pragma once
// The client: calls that are repeated until they are answered.

#include <vend/pool.hpp>
#include <vend/store_calls.hpp>
#include <vend/transaction.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace vend {

// Each call is a transaction of its own and carries an id: the caller's, or one that the client makes.
// When no answer comes, because the connection broke, the server restarted or another host took over,
// the client sends the call again under the same id until it gets an answer or options.call_ms_max has
// passed. So a call takes place once, or not at all.
//
// An attempt without an answer may still be on its way when a later attempt is refused. It must not sell
// after the caller was told of the refusal. So a repeated purchase has its refusal recorded under its
// id, and the client makes the id of a refused cart or movement void. Such an id is spent: asked again,
// the purchase is refused as before, and the cart or movement gets VN008.
//
// Any number of threads may use a client. Each call has a connection of the pool to itself.
class client : public store_calls {
  public:
    // Makes a pool of its own. Throws what the constructor of vend::pool throws.
    explicit client(const std::string &conninfo, vend::options options = {});

    // Shares a pool with other clients.
    explicit client(std::shared_ptr<vend::pool> pool);

    // A copy of this client whose calls end with 57014 when stop is requested.
    [[nodiscard]] client stopped_by(std::stop_token stop) const;

    // Runs body(transaction &) between BEGIN and COMMIT and returns its result. When body throws, the
    // client rolls back and rethrows. After a serialization failure, a deadlock, or a connection that
    // was lost before COMMIT was sent, it runs body again. When the answer to COMMIT is lost, it asks
    // the server what became of the transaction; when no answer to that comes in time, the error
    // is_in_doubt().
    //
    // The client restores the session after body has used exec(), or closes the connection. body calls
    // the transaction it was given: a call of any client of this pool throws 25001 there.
    template <typename Body> auto transaction(Body &&body) {
        using result = std::invoke_result_t<Body &, vend::transaction &>;
        if constexpr (std::is_void_v<result>) {
            run_transaction([&](vend::transaction &tx) { body(tx); });
        } else {
            std::optional<result> given;
            run_transaction([&](vend::transaction &tx) { given.emplace(body(tx)); });
            return std::move(*given);
        }
    }

    [[nodiscard]] const std::shared_ptr<vend::pool> &pool() const noexcept { return pool_; }

  private:
    rows run(call what) override;
    [[nodiscard]] const std::optional<std::string> &default_store() const override;
    rows repeat(call &what, const deadline &until, bool &is_in_doubt);
    bool make_final(const call &what, const std::vector<uuid> &ids, const deadline &until);
    void run_transaction(const std::function<void(vend::transaction &)> &body);

    std::shared_ptr<vend::pool> pool_;
    std::stop_token stop_;
};

} // namespace vend
