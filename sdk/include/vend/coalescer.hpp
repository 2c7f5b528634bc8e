#pragma once
// Purchases that many threads make at the same time travel as one purchase_many.

#include <vend/client.hpp>

#include <future>
#include <memory>

namespace vend {

struct coalescer_options {
    // Requests of one batch; the database takes at most 10,000.
    int requests_max = 1000;

    // Batches under way at the same time, each on a connection of the client's pool.
    int batches_max = 2;

    // How long the first request of a batch waits for others where a batch could go at once. Under load
    // none has to: while one batch is under way the next one gathers.
    int delay_us_max = 0;

    // Requests that may wait; one more gets 53300 at once.
    int waiting_max = 100000;
};

// Each caller gets the answer that client::try_purchase() would have given, after the same checks in the
// order in which the requests came. Those of a batch commit together: all answers of a batch wait for
// its commit. What a batch cannot carry (lock_mode, nowait, expected_version) goes alone, and so does
// each request of a batch that fails because of one of them.
class coalescer {
  public:
    explicit coalescer(client shop, coalescer_options options = {});

    // Answers what was submitted, then ends.
    ~coalescer();
    coalescer(const coalescer &) = delete;
    coalescer &operator=(const coalescer &) = delete;

    receipt purchase(const purchase_request &request);
    outcome try_purchase(const purchase_request &request);

    // The answer when there is one; its get() throws what try_purchase() would.
    std::future<outcome> submit(purchase_request request);

  private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vend
