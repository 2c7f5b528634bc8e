#pragma once
// One purchase from a fake server, and what its caller is told.

#include "event_loop.hpp"
#include "fake_server.hpp"

#include <vend/vend.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

inline const vend::uuid some_id = vend::uuid::make_v7();

// The row of try_purchase, with the id of the request.
inline wire::row sale_under(const std::string &id, const std::string &status = "purchased") {
    return {status, {}, id, "lamp", "alpha", "1", "10", "10", "90", "1700000000000000"};
}

inline constexpr std::size_t sale_columns = 10;
inline constexpr std::size_t id_parameter = 3; // of try_purchase

inline vend::purchase_request lamp() {
    return {.item = "lamp", .buyer = "alpha", .id = some_id};
}

struct call_result {
    std::string sqlstate = "none";
    std::string what = {};
    bool is_in_doubt = false;
    std::optional<vend::uuid> id = {};
    int attempts = 0;
    std::chrono::milliseconds time{0};
};

template <typename Call> call_result result_of(Call call) {
    const auto start = std::chrono::steady_clock::now();
    call_result found;
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

// The same purchase by a pipeline. A process() that never returns keeps its thread, not the test.
inline call_result pipeline_result(const std::string &conninfo, const vend::options &options) {
    auto found = std::make_shared<std::promise<call_result>>();
    auto answer = found->get_future();
    std::thread([=] {
        vend::pipeline line(conninfo, options);
        auto sale = line.try_purchase(lamp());
        found->set_value(result_of([&] {
            while (line.pending() > 0) {
                line.process();
                if (line.pending() > 0) wait_for_socket(line);
            }
            (void)sale.get();
        }));
    }).detach();
    if (answer.wait_for(long_time) == std::future_status::ready) return answer.get();
    call_result nothing;
    nothing.sqlstate = "no answer";
    return nothing;
}
