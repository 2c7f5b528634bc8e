// Makes calls at the same time, each on a connection of its own, and prints what the caller of each is
// told: a line "CALL told STATUS", or "CALL doubt" or "CALL failed" with the error. A call uses the item
// and the wallet of its name.
//   told CONNINFO ATTEMPT_MS CALL_MS CALL:ID...
#include <vend/coalescer.hpp>
#include <vend/vend.hpp>

#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <poll.h>
#include <sstream>
#include <thread>
#include <vector>

namespace {

struct told_call {
    std::string name;
    vend::uuid id;
    std::string conninfo;
    vend::options limits;

    [[nodiscard]] vend::client client() const {
        return vend::client{conninfo + " application_name=" + name, limits};
    }
    [[nodiscard]] vend::purchase_request purchase() const {
        return {.item = name, .buyer = name, .id = id};
    }
};

std::string word(vend::status status) {
    return std::string(to_string(status));
}

std::string by_pipeline(const told_call &call) {
    vend::pipeline line(call.conninfo + " application_name=" + call.name, call.limits);
    auto answer = line.try_purchase(call.purchase());
    for (line.process(); line.pending() > 0; line.process()) {
        pollfd file{line.socket(), 0, 0};
        if (line.wants_to_read()) file.events |= POLLIN;
        if (line.wants_to_write()) file.events |= POLLOUT;
        poll(&file, file.fd < 0 ? 0 : 1, line.timeout_ms());
    }
    return word(answer.get().status);
}

// Stops the call when its COMMIT waits for the standby.
std::string stopped(const told_call &call) {
    std::stop_source stop;
    std::thread watcher([&] {
        vend::client look{call.conninfo};
        const auto waits = [&] {
            return look.transaction([&](vend::transaction &tx) {
                return tx.exec("SELECT 1 FROM pg_stat_activity WHERE application_name = $1 "
                               "AND wait_event = 'SyncRep'",
                               {call.name})
                           .size() > 0;
            });
        };
        while (!waits()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        stop.request_stop();
    });
    std::string found;
    std::exception_ptr failure;
    try {
        found = word(call.client().stopped_by(stop.get_token()).try_purchase(call.purchase()).status);
    } catch (...) {
        failure = std::current_exception();
    }
    watcher.join();
    if (failure) std::rethrow_exception(failure);
    return found;
}

std::string by_transaction(const told_call &call) {
    return call.client().transaction([&](vend::transaction &tx) {
        tx.exec("SET LOCAL client_min_messages = error");
        return word(tx.try_purchase(call.purchase()).status);
    });
}

const std::map<std::string, std::function<std::string(const told_call &)>> calls{
    {"purchase", [](auto &call) { return word(call.client().try_purchase(call.purchase()).status); }},
    {"cancelled", [](auto &call) { return word(call.client().try_purchase(call.purchase()).status); }},
    {"batch",
     [](auto &call) {
         const std::vector<vend::purchase_request> one{call.purchase()};
         return word(call.client().purchase_many(one).at(0).status);
     }},
    {"cart",
     [](auto &call) {
         return word(
             call.client()
                 .try_checkout({.buyer = call.name, .lines = {{.item = call.name}}, .id = call.id})
                 .status);
     }},
    {"deposit",
     [](auto &call) {
         return std::string(
             call.client().deposit({.wallet = call.name, .amount = 1, .id = call.id}).replayed
                 ? "replayed"
                 : "recorded");
     }},
    {"transfer",
     [](auto &call) {
         return word(
             call.client()
                 .try_transfer({.payer = call.name, .payee = "payee", .amount = 1, .id = call.id})
                 .status);
     }},
    {"restock",
     [](auto &call) {
         return std::string(call.client().restock({.item = call.name, .id = call.id}).replayed
                                ? "replayed"
                                : "recorded");
     }},
    {"void",
     [](auto &call) {
         call.client().void_id(call.id);
         return std::string("void");
     }},
    {"transaction", by_transaction},
    {"coalescer",
     [](auto &call) {
         vend::coalescer counter{call.client()};
         return word(counter.try_purchase(call.purchase()).status);
     }},
    {"pipeline", by_pipeline},
    {"stopped", stopped},
};

} // namespace

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 4; i < argc; ++i) {
        const std::string text = argv[i];
        told_call call{.name = text.substr(0, text.find(':')),
                       .id = vend::uuid::parse(text.substr(text.find(':') + 1)),
                       .conninfo = argv[1],
                       .limits = {}};
        call.limits.attempt_ms_max = std::stoi(argv[2]);
        call.limits.call_ms_max = std::stoi(argv[3]);
        threads.emplace_back([&mutex, call] {
            std::ostringstream line;
            line << call.name << ' ';
            try {
                const std::string told = calls.at(call.name)(call);
                line << "told " << told;
            } catch (const vend::error &failure) {
                line << (failure.is_in_doubt() ? "doubt " : "failed ") << failure.sqlstate() << ' '
                     << failure.what();
            }
            const std::lock_guard lock(mutex);
            std::cout << line.str() << '\n';
        });
    }
    for (auto &one : threads) one.join();
}
