#pragma once
// One purchase from a fake server, and what was told of it.

#include "fake_server.hpp"

#include <vend/vend.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>

inline const vend::uuid some_id = vend::uuid::make_v7();

// 0.6 seconds at most for a call; nothing is asked but the call itself.
inline vend::options half_a_second() {
    vend::options options;
    options.connections_max = 4;
    options.call_ms_max = 500;
    options.attempt_ms_max = 200;
    options.cancel_ms_max = 100;
    options.prepare = vend::prepare::never;
    return options;
}

// The row of try_purchase, under the id that was asked for.
inline wire::row sale_under(const std::string &id, const std::string &status = "purchased") {
    return {status, {}, id, "lamp", "alpha", "1", "10", "10", "90", "1700000000000000"};
}

inline constexpr std::size_t sale_columns = 10;
inline constexpr std::size_t id_parameter = 3;

inline vend::purchase_request lamp() {
    return {.item = "lamp", .buyer = "alpha", .id = some_id};
}

struct told {
    std::string sqlstate = "none";
    std::string what = {};
    bool is_in_doubt = false;
    std::optional<vend::uuid> id = {};
    int attempts = 0;
    std::chrono::milliseconds time{0};
};

template <typename Call> told told_by(Call call) {
    const auto start = std::chrono::steady_clock::now();
    told found;
    try {
        call();
    } catch (const vend::error &failure) {
        found = {failure.sqlstate(), failure.what(), failure.is_in_doubt(), failure.id(),
                 failure.attempts()};
    }
    found.time =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    return found;
}

// What a pipeline tells. A process() that never comes back keeps its thread, not the test.
inline told told_by_pipeline(const std::string &conninfo, const vend::options &options) {
    auto found = std::make_shared<std::promise<told>>();
    auto answer = found->get_future();
    std::thread([=] {
        vend::pipeline line(conninfo, options);
        auto sale = line.try_purchase(lamp());
        found->set_value(told_by([&] {
            while (line.pending() > 0) {
                line.process();
                pollfd file{line.socket(), 0, 0};
                if (line.wants_to_read()) file.events |= POLLIN;
                if (line.wants_to_write()) file.events |= POLLOUT;
                poll(&file, file.fd < 0 ? 0 : 1, std::min(line.timeout_ms(), 100));
            }
            (void)sale.get();
        }));
    }).detach();
    if (answer.wait_for(std::chrono::seconds(60)) == std::future_status::ready) return answer.get();
    told nothing;
    nothing.sqlstate = "no answer";
    return nothing;
}
