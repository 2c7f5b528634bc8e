// One connection in libpq's pipeline mode: purchases are sent without waiting for the answers to those
// before, and the server carries them out one after the other. Nothing here blocks. The caller's event
// loop calls process() when the socket is ready or the timeout has passed, and process() connects,
// receives, ends what is late, and sends.
//
// Each pending purchase is in one of three lists. `unsent` waits for its turn or for the end of a pause.
// `sent` waits for answers, which come in the order of the list. `blocked` are purchases for an item or
// a buyer whose row is locked: they are put aside so that those behind them can go. A purchase that
// fails in a way that another attempt may cure goes back to `unsent`.
//
// What must stay true:
// - The handler of a purchase is called once. A purchase whose time is over stays in `sent` after
//   that, because its answer is still to come.
// - A result counts when the sync message that follows it has come, because the commit is between the
//   two.
// - Of all blocked purchases one is under way at a time. When it waits in vain, the next is sent no
//   sooner than lock_ms_max later: so the others have at least half of the time.
// - keys has the item and the buyer of each blocked purchase, the one under way included, and of no
//   other.
// - A lost connection leaves everything in `sent` in doubt. Such a purchase is sent again with
//   `remember`, as a client does (client.cpp).
//
// One thread uses a pipeline. Its handlers may call try_purchase(). docs/sdk.md, "Event loops: the
// pipeline".

#include <vend/pipeline.hpp>

#include "call.hpp"
#include "conninfo.hpp"
#include "deadline.hpp"
#include "libpq.hpp"
#include "retry.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <poll.h>
#include <unordered_set>
#include <utility>

namespace vend {
namespace {

// How often the pipeline looks for purchases whose time is over.
constexpr std::chrono::milliseconds look_interval{10};

// Purchases under way: enough that the server is never idle. More of them could all wait for one lock
// before the pipeline knows.
constexpr std::size_t sent_max = 32;

struct pending_call {
    call what;
    pipeline::handler on_answer;
    instant until;
    instant not_before{}; // the end of the pause between two attempts
    int attempts = 0;
    bool is_in_doubt = false;
    last_reason reason = {};
    bool is_answered = false;    // the handler was called; in `sent`, the server has yet to answer
    bool is_for_session = false; // not a purchase: sets the lock_timeout of the session
    bool is_blocked =
        false; // this purchase, or one for the same item or buyer, has waited for a lock in vain
    result_ptr found = {}; // the result, or the first error

    [[nodiscard]] const std::string &item() const {
        return *what.parameters[try_purchase_parameter::item];
    }
    [[nodiscard]] const std::string &buyer() const {
        return *what.parameters[try_purchase_parameter::buyer];
    }
};

// The keys of blocked purchases.
class blocked_keys {
  public:
    [[nodiscard]] bool contains(const pending_call &one) const {
        return items_.contains(one.item()) || buyers_.contains(one.buyer());
    }
    void add(const pending_call &one) {
        items_.insert(one.item());
        buyers_.insert(one.buyer());
    }
    void remove(const pending_call &one) {
        items_.erase(items_.find(one.item()));
        buyers_.erase(buyers_.find(one.buyer()));
    }

  private:
    std::unordered_multiset<std::string> items_;
    std::unordered_multiset<std::string> buyers_;
};

bool is_ready(int socket, PostgresPollingStatusType awaited);

} // namespace

struct pipeline::state {
    state(const std::string &text, vend::options limits)
        : options(std::move(limits)), where(text, options) {
        start();
    }

    const vend::options options;
    const conninfo where;

    // The connection. After each failure the next host is tried.
    connection_ptr connection;
    std::size_t host = 0;
    bool is_connected = false;
    bool is_out_of_step = false;
    bool is_between_results = false;
    session_notices notices;
    last_reason reason;            // why there is no connection
    std::size_t times_refused = 0; // for good, in a row
    bool has_lock_timeout = false; // the session; otherwise each purchase sets its own
    PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
    instant connect_end{};
    instant not_before{};
    pauses between{options};
    instant progress_at{}; // when the server last answered, or was first asked
    bool is_flushed = true;

    // Purchases.
    std::list<pending_call> unsent;
    std::deque<pending_call> sent;
    std::list<pending_call> blocked;
    blocked_keys keys;
    bool is_blocked_sent = false;
    instant blocked_not_before{};
    std::size_t pending = 0;
    instant next_look{}; // for calls whose time is over

    // The steps of process().
    void connect();
    void receive();
    void expire();
    void send_waiting();

    void start();
    void limit_lock_waits();
    bool take_result();
    void settle(pending_call one);
    [[nodiscard]] bool has_limited_lock_waits(const result_ptr &result) const;
    void answer(pending_call &one, const result_ptr &result, bool is_perhaps_lost);
    void finish(pending_call &one, const outcome *sale, const std::exception_ptr &failure);
    // Sends the purchase again, if that can help.
    template <typename Failure> void fail(pending_call one, Failure failure);
    template <typename Failure> void give_up(pending_call &one, Failure failure);
    bool send_one(pending_call one);
    void block(pending_call one);
    void unblock(pending_call &one);
    void release_like(const pending_call &one);
    void end_in_time(pending_call &one);
    void disconnect(const error &why);
};

pipeline::pipeline(const std::string &conninfo, options options)
    : state_(std::make_unique<state>(conninfo, std::move(options))) {}

pipeline::~pipeline() = default;

int pipeline::socket() const {
    return state_->connection ? PQsocket(state_->connection.get()) : -1;
}

bool pipeline::wants_to_read() const {
    return state_->connection && (state_->is_connected || state_->polling == PGRES_POLLING_READING);
}

bool pipeline::wants_to_write() const {
    if (!state_->connection) return false;
    if (!state_->is_connected) return state_->polling == PGRES_POLLING_WRITING;
    return !state_->is_flushed;
}

int pipeline::timeout_ms() const {
    const instant now = std::chrono::steady_clock::now();
    instant next = now + std::chrono::hours(1);
    if (!state_->connection)
        next = state_->not_before;
    else if (!state_->is_connected)
        next = state_->connect_end;
    else if (!state_->unsent.empty() && state_->sent.size() < sent_max)
        next = std::max(state_->unsent.front().not_before, now);
    if (state_->pending > 0) next = std::min(next, state_->next_look);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void pipeline::process() {
    if (!state_->is_connected) state_->connect();
    if (state_->is_connected) state_->receive();
    state_->expire();
    if (state_->is_connected) state_->send_waiting();
}

void pipeline::try_purchase(const purchase_request &request, handler on_answer) {
    if (pending() >= static_cast<std::size_t>(state_->options.waiters_max))
        throw local_error("53300", "too many purchases are pending");
    pending_call one{
        .what = try_purchase_call(request, request.store ? request.store : state_->options.store),
        .on_answer = std::move(on_answer),
        .until = deadline::after(state_->options.call_ms_max)};
    require_sendable(one.what.parameters, one.what.sql);
    state_->unsent.push_back(std::move(one));
    ++state_->pending;
}

std::future<outcome> pipeline::try_purchase(const purchase_request &request) {
    auto promise = std::make_shared<std::promise<outcome>>();
    auto answer = promise->get_future();
    try_purchase(request, [promise](const outcome *sale, const std::exception_ptr &failure) {
        if (sale != nullptr)
            promise->set_value(*sale);
        else
            promise->set_exception(failure);
    });
    return answer;
}

std::size_t pipeline::pending() const {
    return state_->pending;
}

// Connecting.

void pipeline::state::start() {
    is_connected = false;
    is_out_of_step = is_between_results = has_lock_timeout = false;
    notices = {};
    polling = PGRES_POLLING_WRITING;
    connect_end = deadline::after(options.connect_ms_max);
    connection = where.start(host);
    watch_notices(connection.get(), &notices);
    if (PQstatus(connection.get()) == CONNECTION_BAD) disconnect(not_connected(connection.get()));
}

void pipeline::state::connect() {
    if (!connection) {
        if (std::chrono::steady_clock::now() >= not_before) start();
        return;
    }
    // PQconnectPoll() may only be called when the socket is ready: called too early, it takes the
    // connection for made.
    if (!is_ready(PQsocket(connection.get()), polling)) return;
    polling = PQconnectPoll(connection.get());
    if (polling == PGRES_POLLING_FAILED) disconnect(not_connected(connection.get()));
    if (polling != PGRES_POLLING_OK) return;
    if (PQsetnonblocking(connection.get(), 1) != 0 || PQenterPipelineMode(connection.get()) == 0) {
        disconnect(lost(connection.get(), {}));
        return;
    }
    is_connected = true;
    times_refused = 0;
    reason = {};
    between = pauses(options);
    progress_at = std::chrono::steady_clock::now();
    limit_lock_waits();
}

void pipeline::state::limit_lock_waits() {
    if (options.lock_ms_max <= 0) return;
    (void)send_one({.what = lock_timeout_call(options.lock_ms_max, PQbackendPID(connection.get())),
                    .on_answer = {},
                    .until = {},
                    .is_answered = true,
                    .is_for_session = true});
}

// Receiving.

void pipeline::state::receive() {
    if (PQconsumeInput(connection.get()) == 0) {
        disconnect(lost(connection.get(), {}));
        return;
    }
    while (take_result()) {
    }
    if (is_out_of_step || notices.is_out_of_step || PQstatus(connection.get()) != CONNECTION_OK)
        disconnect(lost(connection.get(), {}));
}

// Takes the next result for the first call of `sent`. False: no more has arrived.
bool pipeline::state::take_result() {
    if (sent.empty() || is_out_of_step || notices.is_out_of_step || PQisBusy(connection.get()) != 0)
        return false;
    const result_ptr result = own(PQgetResult(connection.get()));
    if (!result) {
        // libpq returns null between the results of two calls. Twice in a row, it has lost track.
        is_out_of_step = std::exchange(is_between_results, true);
        return PQstatus(connection.get()) == CONNECTION_OK;
    }
    is_between_results = false;
    pending_call &first = sent.front();
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
        progress_at = std::chrono::steady_clock::now();
        pending_call one = std::move(first);
        sent.pop_front();
        settle(std::move(one));
    } else if (is_copy(result.get())) {
        is_out_of_step = true;
        pending_call one = std::move(first);
        sent.pop_front();
        one.found = result;
        settle(std::move(one));
    } else if (!first.found || !is_error(first.found.get())) {
        first.found = result;
    }
    return true;
}

// A call has its whole answer.
void pipeline::state::settle(pending_call one) {
    const bool is_perhaps_lost = std::exchange(notices.is_perhaps_not_on_standby, false);
    const result_ptr result = std::exchange(one.found, nullptr);
    if (one.is_for_session) {
        has_lock_timeout = has_limited_lock_waits(result);
        return;
    }
    if (one.is_blocked) {
        is_blocked_sent = false;
        if (!result || sqlstate_of(result.get()) != "55P03") {
            unblock(one);
            release_like(one);
        }
    }
    if (one.is_answered)
        unblock(one);
    else
        answer(one, result, is_perhaps_lost);
}

// Reads the answer to lock_timeout_call(). When it is false, behind a pooler or after an error, each
// purchase sets a limit of its own.
bool pipeline::state::has_limited_lock_waits(const result_ptr &result) const {
    if (!result || is_error(result.get())) return false;
    const rows found(result);
    return found.size() == 1 && found.columns() > 0 &&
           found.get(0, 0) == std::to_string(PQbackendPID(connection.get()));
}

void pipeline::state::answer(pending_call &one, const result_ptr &result, bool is_perhaps_lost) {
    const char *sql = one.what.sql;
    try {
        if (!result) throw out_of_step(sql);
        if (is_copy(result.get())) throw in_doubt(copy_not_supported(sql));
        if (is_error(result.get())) throw_error(result.get(), connection.get(), sql);
        if (is_perhaps_lost) throw perhaps_not_on_standby(sql);
        const rows found(result);
        is_out_of_step = !one.what.is_answered_by(found);
        if (is_out_of_step) throw out_of_step(sql);
        const outcome sale = read_answer(sql, {}, [&] { return outcome_from(found, 0); });
        finish(one, &sale, nullptr);
    } catch (refused &failure) { // fail() needs the type, so each has a handler
        fail(std::move(one), std::move(failure));
    } catch (unanswered &failure) {
        fail(std::move(one), std::move(failure));
    } catch (unreadable &failure) {
        fail(std::move(one), std::move(failure));
    } catch (error &failure) {
        fail(std::move(one), std::move(failure));
    }
}

void pipeline::state::finish(pending_call &one, const outcome *sale, const std::exception_ptr &failure) {
    one.is_answered = true;
    --pending;
    const auto on_answer = std::move(one.on_answer);
    on_answer(sale, failure);
}

template <typename Failure> void pipeline::state::fail(pending_call one, Failure failure) {
    one.is_in_doubt = one.is_in_doubt || failure.is_in_doubt();
    const bool is_blocked = failure.sqlstate() == "55P03" && options.lock_ms_max > 0;
    if (is_blocked) { // expire() ends it when its time is over
        one.reason.note(failure);
        blocked_not_before = deadline::after(options.lock_ms_max);
        block(std::move(one));
        return;
    }
    unblock(one);
    one.reason.note(failure);
    if (is_transient(failure) && std::chrono::steady_clock::now() < one.until) {
        if (one.is_in_doubt) one.what.remember_refusal();
        pauses pause(options, one.attempts);
        one.not_before = deadline::after(pause.next_ms());
        unsent.push_back(std::move(one));
        return;
    }
    give_up(one, std::move(failure));
}

template <typename Failure> void pipeline::state::give_up(pending_call &one, Failure failure) {
    failure.set_call(one.what.id(), std::max(one.attempts, 1), one.is_in_doubt);
    finish(one, nullptr, std::make_exception_ptr(std::move(failure)));
}

// Sending.

void pipeline::state::send_waiting() {
    const instant now = std::chrono::steady_clock::now();
    if (!blocked.empty() && !is_blocked_sent && now >= blocked_not_before && sent.size() < sent_max) {
        pending_call first = std::move(blocked.front());
        blocked.pop_front();
        is_blocked_sent = true;
        if (!send_one(std::move(first))) return;
    }
    for (auto next = unsent.begin(); next != unsent.end() && sent.size() < sent_max;) {
        if (next->not_before > now) {
            ++next;
            continue;
        }
        pending_call one = std::move(*next);
        next = unsent.erase(next);
        if (keys.contains(one))
            block(std::move(one));
        else if (!send_one(std::move(one)))
            return;
    }
    const int unsent_bytes = PQflush(connection.get());
    if (unsent_bytes < 0) disconnect(lost(connection.get(), {}));
    is_flushed = unsent_bytes == 0;
}

// False: the connection broke.
bool pipeline::state::send_one(pending_call one) {
    std::optional<call> in_time;
    if (options.lock_ms_max > 0 && !has_lock_timeout && !one.is_for_session)
        in_time = with_lock_timeout(one.what, options.lock_ms_max);
    const call &what = in_time ? *in_time : one.what;
    const char *sql = what.sql;
    const auto texts = c_strings(what.parameters);
    if (PQsendQueryParams(connection.get(), sql, static_cast<int>(texts.size()), nullptr, texts.data(),
                          nullptr, nullptr, 0) == 0 ||
        PQpipelineSync(connection.get()) == 0) {
        unblock(one);
        if (!one.is_for_session) unsent.push_front(std::move(one));
        disconnect(lost(connection.get(), sql));
        return false;
    }
    if (sent.empty()) progress_at = std::chrono::steady_clock::now();
    ++one.attempts;
    sent.push_back(std::move(one));
    return true;
}

// Blocked purchases.

void pipeline::state::block(pending_call one) {
    if (!std::exchange(one.is_blocked, true)) keys.add(one);
    blocked.push_back(std::move(one));
}

void pipeline::state::unblock(pending_call &one) {
    if (std::exchange(one.is_blocked, false)) keys.remove(one);
}

// The row is free. The purchases that were put aside because of it go with the others again.
void pipeline::state::release_like(const pending_call &one) {
    for (auto next = blocked.begin(); next != blocked.end();) {
        const auto like = next++;
        if (like->item() != one.item() && like->buyer() != one.buyer()) continue;
        unblock(*like);
        unsent.splice(unsent.end(), blocked, like);
    }
}

// Late purchases and lost connections.

void pipeline::state::expire() {
    const instant now = std::chrono::steady_clock::now();
    if (now < next_look) return;
    next_look = now + look_interval;
    for (auto *waiting : {&unsent, &blocked}) {
        for (auto one = waiting->begin(); one != waiting->end();) {
            if (now < one->until) {
                ++one;
                continue;
            }
            pending_call expired = std::move(*one);
            one = waiting->erase(one);
            unblock(expired);
            end_in_time(expired);
        }
    }
    for (auto &one : sent) {
        if (one.is_answered || now < one.until) continue;
        one.is_in_doubt = true;
        end_in_time(one);
    }
    const bool is_stuck =
        is_connected
            ? !sent.empty() && now >= progress_at + std::chrono::milliseconds(options.attempt_ms_max)
            : connection && now >= connect_end;
    if (is_stuck) disconnect(local_error("08006", "no answer within the time of an attempt"));
}

void pipeline::state::end_in_time(pending_call &one) {
    const error failure = one.reason.added_to(no_answer_in_time(one.what.sql, false));
    give_up(one, is_connected ? failure : reason.added_to(failure));
}

// Leaves everything that was sent in doubt. The next host is tried after a pause.
void pipeline::state::disconnect(const error &why) {
    reason.note(why);
    connection.reset();
    host = (host + 1) % where.hosts();
    not_before = deadline::after(between.next_ms());
    is_connected = false;
    is_blocked_sent = false;
    auto lost_calls = std::exchange(sent, {});
    for (auto &one : lost_calls) {
        unblock(one);
        if (one.is_answered) continue;
        one.found = nullptr;
        fail(std::move(one), in_doubt(why));
    }
    times_refused = is_transient(why) ? 0 : times_refused + 1;
    if (times_refused < where.hosts()) return;
    // Every host refuses for good.
    for (auto *waiting : {&unsent, &blocked}) {
        auto rejected = std::exchange(*waiting, {});
        for (auto &one : rejected) {
            unblock(one);
            give_up(one, why);
        }
    }
}

namespace {

bool is_ready(int socket, PostgresPollingStatusType awaited) {
    pollfd file{socket, static_cast<short>(awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    return poll(&file, 1, 0) > 0;
}

} // namespace
} // namespace vend
