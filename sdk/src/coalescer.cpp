// Callers put requests into a queue. Worker threads take batches from it, send each by
// client::purchase_many(), and give every caller its own answer through a promise. While one batch is
// under way the next one gathers, so nobody has to wait for company; with options.delay_us_max the first
// request of a batch waits for others.
//
// What must stay true:
// - Each caller gets the answer that client::try_purchase() would have given. A batch answers some
//   requests differently: it has a status for errors that a single call raises, and one bad request
//   may fail the whole batch. Such requests are sent once more alone, under their ids. Nothing has
//   taken place under those.
// - Every promise is fulfilled once, also when the coalescer ends: the workers end when the queue is
//   empty.
// - Requests leave the queue in their order. The requests of a batch share the store and `remember`.
// - A batch that fails for a reason that all its requests share, such as a lost server, is not sent
//   one by one: thousands of calls would do again what the client has already repeated until its time
//   was over.
//
// The mutex guards the queue and is_ending. It is not locked while a batch is under way. docs/sdk.md,
// "Many threads: the coalescer".

#include <vend/coalescer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace vend {
namespace {

struct waiting_request {
    purchase_request request;
    std::promise<outcome> answer;
    std::chrono::steady_clock::time_point since;
};

using batch = std::vector<waiting_request>;

bool can_share_a_batch(const purchase_request &a, const purchase_request &b);
void send_alone(client &shop, waiting_request &one);
void send_together(client &shop, batch &requests);

} // namespace

struct coalescer::state {
    state(client to, coalescer_options limits);
    state(const state &) = delete;
    state &operator=(const state &) = delete;
    ~state();

    client shop;
    const coalescer_options options;

    std::mutex mutex; // for the three below
    std::condition_variable changed;
    std::deque<waiting_request> waiting;
    bool is_ending = false;

    std::vector<std::thread> workers;

    std::future<outcome> submit(purchase_request request);
    void work();
    batch gather();
};

coalescer::coalescer(client shop, coalescer_options options)
    : state_(std::make_unique<state>(std::move(shop), options)) {}

coalescer::~coalescer() = default;

receipt coalescer::purchase(const purchase_request &request) {
    return require_purchased(try_purchase(request));
}

outcome coalescer::try_purchase(const purchase_request &request) {
    // A worker would send it alone too.
    if (!is_for_batches(request)) return state_->shop.try_purchase(request);
    return submit(request).get();
}

std::future<outcome> coalescer::submit(purchase_request request) {
    return state_->submit(std::move(request));
}

coalescer::state::state(client to, coalescer_options limits) : shop(std::move(to)), options(limits) {
    for (int i = 0; i < std::max(options.batches_max, 1); ++i) workers.emplace_back([this] { work(); });
}

coalescer::state::~state() {
    {
        const std::lock_guard lock(mutex);
        is_ending = true;
    }
    changed.notify_all();
    for (auto &worker : workers) worker.join();
}

std::future<outcome> coalescer::state::submit(purchase_request request) {
    shop.pool()->require_no_transaction(); // the worker needs a connection of the pool
    if (!request.id) request.id = uuid::make_v7();
    waiting_request one{std::move(request), {}, std::chrono::steady_clock::now()};
    auto answer = one.answer.get_future();
    {
        const std::lock_guard lock(mutex);
        if (waiting.size() >= static_cast<std::size_t>(options.waiting_max))
            throw error(
                {.sqlstate = "53300", .severity = "ERROR", .message = "too many purchases are waiting"});
        waiting.push_back(std::move(one));
    }
    changed.notify_one();
    return answer;
}

void coalescer::state::work() {
    for (;;) {
        batch next = gather();
        if (next.empty()) {
            const std::lock_guard lock(mutex);
            if (is_ending && waiting.empty()) return;
        } else if (next.size() == 1) {
            send_alone(shop, next.front());
        } else {
            send_together(shop, next);
        }
    }
}

// Waits for the next batch. Returns an empty one when the coalescer ends, or when another worker was
// faster.
batch coalescer::state::gather() {
    const auto full = static_cast<std::size_t>(std::max(options.requests_max, 1));
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !waiting.empty() || is_ending; });
    if (options.delay_us_max > 0 && !waiting.empty())
        (void)changed.wait_until(lock,
                                 waiting.front().since + std::chrono::microseconds(options.delay_us_max),
                                 [&] { return waiting.size() >= full || waiting.empty() || is_ending; });
    batch found;
    while (!waiting.empty() && found.size() < full) {
        waiting_request &next = waiting.front();
        const bool is_alone = !is_for_batches(next.request);
        if (!found.empty() && (is_alone || !can_share_a_batch(found.front().request, next.request)))
            break;
        found.push_back(std::move(next));
        waiting.pop_front();
        if (is_alone) break;
    }
    if (!waiting.empty()) changed.notify_one(); // another worker takes the rest
    return found;
}

namespace {

bool is_raised_alone(status value);
bool is_about_a_request(const error &failure);
std::vector<outcome> outcomes_of(client &shop, batch &requests);
void fail(waiting_request &one, const error &failure);

bool can_share_a_batch(const purchase_request &a, const purchase_request &b) {
    return a.store == b.store && a.remember == b.remember;
}

void send_alone(client &shop, waiting_request &one) {
    try {
        one.answer.set_value(shop.try_purchase(one.request));
    } catch (...) {
        one.answer.set_exception(std::current_exception());
    }
}

void send_together(client &shop, batch &requests) {
    auto answers = outcomes_of(shop, requests);
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (is_raised_alone(answers[i].status))
            send_alone(shop, requests[i]);
        else
            requests[i].answer.set_value(std::move(answers[i]));
}

// Sends the batch. Returns no outcomes when it failed and the callers have been answered.
std::vector<outcome> outcomes_of(client &shop, batch &requests) {
    std::vector<purchase_request> asked;
    asked.reserve(requests.size());
    for (auto &one : requests) asked.push_back(one.request);
    try {
        return shop.purchase_many(asked);
    } catch (const error &failure) {
        for (auto &one : requests)
            if (is_about_a_request(failure))
                send_alone(shop, one);
            else
                fail(one, failure);
    } catch (...) {
        for (auto &one : requests) one.answer.set_exception(std::current_exception());
    }
    return {};
}

// A single call raises these as errors, with fields that the answer of a batch does not have.
bool is_raised_alone(status value) {
    return value == status::invalid || value == status::id_mismatch;
}

// Whether one of the requests caused the error, rather than connection, server, time or other
// transactions.
bool is_about_a_request(const error &failure) {
    constexpr std::array<std::string_view, 5> classes{"08", "25", "40", "53", "57"};
    return !failure.is_in_doubt() && failure.diagnostics().severity != "FATAL" &&
           std::ranges::find(classes, std::string_view(failure.sqlstate()).substr(0, 2)) ==
               classes.end();
}

void fail(waiting_request &one, const error &failure) {
    error of_one = failure;
    of_one.set_call(one.request.id, failure.attempts(), failure.is_in_doubt());
    one.answer.set_exception(std::make_exception_ptr(of_one));
}

} // namespace
} // namespace vend
