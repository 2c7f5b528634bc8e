#pragma once
// The store that the tests sell from. libpq finds the server and the database by PGHOST, PGPORT and
// PGDATABASE.

#include <vend/vend.hpp>

#include <atomic>
#include <cstdint>
#include <string>

inline std::string text_of(const vend::rows &found) {
    return std::string(found.get(0, 0).value_or("NULL"));
}

// Keys that no other test has.
inline std::string new_key(const std::string &prefix) {
    static std::atomic<int> count{0};
    return prefix + std::to_string(getpid()) + "_" + std::to_string(++count);
}

class shop_for_tests {
  public:
    explicit shop_for_tests(const std::string &conninfo = "", vend::options options = {})
        : client(conninfo, std::move(options)) {}

    std::string new_item(std::int64_t stock, std::int64_t price = 10) {
        auto key = new_key("item");
        exec("INSERT INTO shop.item (id, price, stock) VALUES ($1, $2, $3)", {key, price, stock});
        return key;
    }

    std::string new_wallet(std::int64_t balance) {
        auto key = new_key("wallet");
        exec("INSERT INTO shop.wallet (id, balance) VALUES ($1, $2)", {key, balance});
        return key;
    }

    std::string exec(const std::string &sql, std::initializer_list<vend::parameter> parameters = {}) {
        return client.transaction([&](vend::transaction &tx) {
            const vend::rows found = tx.exec(sql, parameters);
            return found.size() > 0 ? text_of(found) : std::string();
        });
    }

    std::string sales_under(const vend::uuid &id) {
        return exec("SELECT count(*) FROM shop.ledger WHERE id = $1 AND kind = 'purchase'", {id});
    }

    std::string stock_of(const std::string &item) { return exec("SELECT vend.available($1)", {item}); }

    vend::client client;
};
