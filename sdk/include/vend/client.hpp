#pragma once
// The client: calls that are answered.

#include <vend/pool.hpp>
#include <vend/transaction.hpp>
#include <vend/verbs.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace vend {

// Each call is a transaction of its own under an id, the caller's or one that the client makes. Where
// the answer fails to come (the connection breaks, the server restarts or hands over to another host) it
// is sent again under the same id until one comes or options.call_ms_max has passed. So it takes place
// once, or not at all. A purchase that is repeated has its refusal recorded under the id, so that no
// attempt that is still on its way can sell later: an id of the caller's own that hears a refusal in
// this way hears it for good. The id of a cart or movement that is refused after an answer was lost is
// made void, for the same end: asked for again, it is VN008.
//
// Safe for any number of threads; each call has a connection of the pool to itself.
class client : public verbs {
  public:
    explicit client(const std::string &conninfo, vend::options options = {});
    explicit client(std::shared_ptr<vend::pool> pool);

    // The same client, whose calls end with 57014 when stop is requested.
    [[nodiscard]] client stopped_by(std::stop_token stop) const;

    // Runs body(transaction &) between BEGIN and COMMIT and gives what it gives. Where it throws, the
    // transaction is rolled back and the exception goes on; but after a serialization failure, a
    // deadlock or a lost connection that left nothing behind, body is run again. A COMMIT whose answer
    // was lost is looked up; if that cannot be done in time, the error is_in_doubt(). What body has left
    // in the session by exec() is undone, or the connection closed. body calls the transaction, not the
    // client: calls of clients of this pool are 25001 there.
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
    rows repeat(call &what, const deadline &until, bool &is_in_doubt);
    bool make_final(const call &what, const std::vector<uuid> &ids, const deadline &until);
    [[nodiscard]] const std::optional<std::string> &default_store() const override;
    void run_transaction(const std::function<void(vend::transaction &)> &body);

    std::shared_ptr<vend::pool> pool_;
    std::stop_token stop_;
};

} // namespace vend
