#include <vend/pipeline.hpp>

#include "call.hpp"
#include "deadline.hpp"
#include "libpq.hpp"
#include "retry.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <poll.h>
#include <utility>

namespace vend {
namespace {

// Times are kept as exactly as this.
constexpr std::chrono::milliseconds look_interval{10};

struct pending_call {
    call what;
    pipeline::handler on_answer;
    instant until;
    instant not_before{}; // a pause between two attempts
    int attempts = 0;
    bool is_in_doubt = false;
    bool is_answered = false; // its time is over, though the server may still answer
    result_ptr found =
        {}; // its result, or the first error; it counts when the server is ready for the next call
};

bool is_ready(int socket, PostgresPollingStatusType awaited) {
    pollfd file{socket, static_cast<short>(awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    return poll(&file, 1, 0) > 0;
}

} // namespace

struct pipeline::state {
    state(const std::string &text, vend::options limits)
        : options(std::move(limits)), where(text, options) {
        start();
    }

    const vend::options options;
    const conninfo where;

    connection_ptr connection;
    std::size_t host = 0;
    bool is_connected = false;
    bool is_out_of_step = false;
    bool is_between = false;
    PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
    instant connect_end{};
    instant not_before{};
    pauses between{options};

    std::list<pending_call> unsent;
    std::deque<pending_call> sent;
    instant progress_at{};
    std::size_t pending = 0;
    bool is_flushed = true;
    instant next_look{}; // for calls whose time is over

    void start();
    void connect();
    void send();
    void receive();
    bool take_result();
    void settle(pending_call one);
    void finish(pending_call &one, const outcome *sale, const std::exception_ptr &failure);
    void fail(pending_call one, error failure);
    void give_up(pending_call &one, error failure);
    void disconnect(const error &why);
    void expire();
};

void pipeline::state::start() {
    is_connected = false;
    is_out_of_step = is_between = false;
    polling = PGRES_POLLING_WRITING;
    connect_end = deadline::after(options.connect_ms_max);
    connection = where.start(host);
    watch_notices(connection.get(), &is_out_of_step);
    if (PQstatus(connection.get()) == CONNECTION_BAD) disconnect(not_connected(connection.get()));
}

void pipeline::state::connect() {
    if (!connection) {
        if (std::chrono::steady_clock::now() >= not_before) start();
        return;
    }
    // Asked too early, libpq takes a connection for made that is not.
    if (!is_ready(PQsocket(connection.get()), polling)) return;
    polling = PQconnectPoll(connection.get());
    if (polling == PGRES_POLLING_FAILED) {
        disconnect(not_connected(connection.get()));
    } else if (polling == PGRES_POLLING_OK) {
        if (PQsetnonblocking(connection.get(), 1) != 0 || PQenterPipelineMode(connection.get()) == 0) {
            disconnect(lost(connection.get(), {}));
            return;
        }
        is_connected = true;
        between = pauses(options);
        progress_at = std::chrono::steady_clock::now();
    }
}

void pipeline::state::send() {
    const instant now = std::chrono::steady_clock::now();
    for (auto next = unsent.begin(); next != unsent.end();) {
        if (next->not_before > now) {
            ++next;
            continue;
        }
        const auto texts = c_strings(next->what.parameters);
        if (PQsendQueryParams(connection.get(), next->what.sql, static_cast<int>(texts.size()), nullptr,
                              texts.data(), nullptr, nullptr, 0) == 0 ||
            PQpipelineSync(connection.get()) == 0) {
            disconnect(lost(connection.get(), next->what.sql));
            return;
        }
        if (sent.empty()) progress_at = now;
        ++next->attempts;
        sent.push_back(std::move(*next));
        next = unsent.erase(next);
    }
    const int unsent_bytes = PQflush(connection.get());
    if (unsent_bytes < 0) disconnect(lost(connection.get(), {}));
    is_flushed = unsent_bytes == 0;
}

// Takes what belongs to one call or ends it; false when there is no more now.
bool pipeline::state::take_result() {
    if (sent.empty() || is_out_of_step || PQisBusy(connection.get()) != 0) return false;
    const result_ptr result = own(PQgetResult(connection.get()));
    if (!result) {
        // Between a result and what follows; two of them where libpq has nothing more to come.
        is_out_of_step = std::exchange(is_between, true);
        return PQstatus(connection.get()) == CONNECTION_OK;
    }
    is_between = false;
    progress_at = std::chrono::steady_clock::now();
    pending_call &first = sent.front();
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
        pending_call one = std::move(first);
        sent.pop_front();
        settle(std::move(one));
    } else if (!first.found || !is_error(first.found.get())) {
        first.found = result;
    }
    return true;
}

// All of a call's answer has come. Before that a result says nothing: the commit comes after it.
void pipeline::state::settle(pending_call one) {
    if (one.is_answered) return;
    const result_ptr result = std::exchange(one.found, nullptr);
    try {
        if (!result) throw local_error("08P01", "no answer", one.what.sql);
        if (is_error(result.get())) throw_error(result.get(), connection.get(), one.what.sql);
        const rows found(result);
        is_out_of_step = !one.what.is_answered_by(found);
        if (is_out_of_step)
            throw local_error("08P01", "client and server are out of step", one.what.sql);
        const outcome sale = outcome_from(found, 0);
        finish(one, &sale, nullptr);
    } catch (error &failure) {
        if (failure.sqlstate() == "08P01") failure.set_call({}, 1, true);
        fail(std::move(one), std::move(failure));
    } catch (...) {
        finish(one, nullptr, std::current_exception());
    }
}

void pipeline::state::receive() {
    if (PQconsumeInput(connection.get()) == 0) {
        disconnect(lost(connection.get(), {}));
        return;
    }
    while (take_result()) {
    }
    if (is_out_of_step || PQstatus(connection.get()) != CONNECTION_OK)
        disconnect(lost(connection.get(), {}));
}

void pipeline::state::finish(pending_call &one, const outcome *sale, const std::exception_ptr &failure) {
    one.is_answered = true;
    --pending;
    const auto on_answer = std::move(one.on_answer);
    on_answer(sale, failure);
}

// Has it sent again, if that can help.
void pipeline::state::fail(pending_call one, error failure) {
    one.is_in_doubt = one.is_in_doubt || failure.is_in_doubt();
    if (is_transient(failure) && std::chrono::steady_clock::now() < one.until) {
        if (one.is_in_doubt) one.what.parameters[static_cast<std::size_t>(one.what.remember)] = "true";
        pauses pause(options, one.attempts);
        one.not_before = deadline::after(pause.next_ms());
        unsent.push_back(std::move(one));
        return;
    }
    give_up(one, std::move(failure));
}

void pipeline::state::give_up(pending_call &one, error failure) {
    failure.set_call(one.what.id(), std::max(one.attempts, 1), one.is_in_doubt);
    finish(one, nullptr, std::make_exception_ptr(std::move(failure)));
}

// All that was sent is in doubt; the next host is tried after a pause.
void pipeline::state::disconnect(const error &why) {
    connection.reset();
    host = (host + 1) % where.hosts();
    not_before = deadline::after(between.next_ms());
    is_connected = false;
    auto lost_calls = std::exchange(sent, {});
    for (auto &one : lost_calls) {
        if (one.is_answered) continue;
        one.found = nullptr;
        fail(std::move(one), in_doubt(why));
    }
}

void pipeline::state::expire() {
    const instant now = std::chrono::steady_clock::now();
    if (now < next_look) return;
    next_look = now + look_interval;
    const auto end = [&](pending_call &one) {
        give_up(one, local_error("57014", "no answer within the time that there is", one.what.sql));
    };
    for (auto one = unsent.begin(); one != unsent.end();) {
        if (now < one->until) {
            ++one;
            continue;
        }
        pending_call expired = std::move(*one);
        one = unsent.erase(one);
        end(expired);
    }
    for (auto &one : sent) {
        if (one.is_answered || now < one.until) continue;
        one.is_in_doubt = true;
        end(one);
    }
    const bool is_stuck =
        is_connected
            ? !sent.empty() && now >= progress_at + std::chrono::milliseconds(options.attempt_ms_max)
            : connection && now >= connect_end;
    if (is_stuck) disconnect(local_error("08006", "no answer within the time of an attempt"));
}

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
    else if (!state_->unsent.empty())
        next = std::max(state_->unsent.front().not_before, now);
    if (state_->pending > 0) next = std::min(next, state_->next_look);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void pipeline::process() {
    if (!state_->is_connected) state_->connect();
    if (state_->is_connected) state_->receive();
    state_->expire();
    if (state_->is_connected) state_->send();
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

} // namespace vend
