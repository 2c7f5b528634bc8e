#pragma once
// Sends the purchases that many threads make at the same time as one purchase_many.

#include <vend/client.hpp>

#include <future>
#include <memory>

namespace vend {

struct coalescer_options {
    // Requests in one batch. The database takes at most 10,000.
    int requests_max = 1000;

    // Batches under way at the same time, each on a connection of the client's pool.
    int batches_max = 2;

    // Microseconds that the first request of a batch waits for others when the batch could be sent at
    // once. Under load 0 is right: while one batch is under way, the next one gathers.
    int delay_us_max = 0;

    // Requests that may wait. One more gets 53300 at once.
    int waiting_max = 100000;
};

// Each caller gets the answer that client::try_purchase() would have given. Requests are decided in the
// order in which they were made. Those of one batch commit together, and no answer is given before that
// commit.
//
// A request with lock_mode, nowait or expected_version is sent alone. When a batch fails because of one
// request, each of its requests is sent alone.
//
// Any number of threads may use a coalescer.
class coalescer {
  public:
    explicit coalescer(client shop, coalescer_options options = {});

    // Waits until all requests are answered.
    ~coalescer();
    coalescer(const coalescer &) = delete;
    coalescer &operator=(const coalescer &) = delete;

    // They answer as the functions of vend::client do. Both throw 53300 when waiting_max requests wait
    // already, and 25001 inside a transaction of the client's pool.
    receipt purchase(const purchase_request &request);
    outcome try_purchase(const purchase_request &request);

    // Does not wait for the answer. get() of the future throws what try_purchase() would throw.
    std::future<outcome> submit(purchase_request request);

  private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vend
