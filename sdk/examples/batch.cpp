// Reads requests, one per line: "ITEM BUYER QTY". Sells them in batches of 1,000 and prints each
// outcome.
//   batch [CONNINFO] < requests
#include <vend/vend.hpp>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

void sell(vend::client &shop, std::vector<vend::purchase_request> &requests) {
    const auto outcomes = shop.purchase_many(requests);
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        std::cout << requests[i].item << ' ' << requests[i].buyer << ' ' << to_string(outcomes[i].status)
                  << '\n';
    requests.clear();
}

} // namespace

int main(int argc, char **argv) {
    constexpr std::size_t requests_max = 1000;
    try {
        vend::client shop{argc > 1 ? argv[1] : "dbname=shop"};
        std::vector<vend::purchase_request> requests;
        for (std::string line; std::getline(std::cin, line);) {
            std::istringstream words(line);
            vend::purchase_request request;
            words >> request.item >> request.buyer >> request.qty;
            requests.push_back(std::move(request));
            if (requests.size() == requests_max) sell(shop, requests);
        }
        sell(shop, requests);
    } catch (const vend::error &failure) {
        std::cerr << failure.sqlstate() << ' ' << failure.what() << '\n';
        return 2;
    }
}
