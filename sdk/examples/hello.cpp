// Two buyers want an item of which there is one unit. The first gets it, and the second hears why not.
//   hello [CONNINFO]
#include <vend/vend.hpp>

#include <iostream>

int main(int argc, char **argv) {
    try {
        vend::client shop{argc > 1 ? argv[1] : "dbname=shop"};
        const vend::outcome sale = shop.try_purchase({.item = "ssr-voice", .buyer = "alpha"});
        if (!sale) std::cerr << to_string(sale.status) << ": " << sale.detail << '\n';
        const vend::receipt receipt =
            shop.purchase({.item = "ssr-voice", .buyer = "beta"}); // throws vend::refused
        std::cout << receipt.buyer << " has paid " << receipt.amount.value_or(0).str() << '\n';
    } catch (const vend::refused &refusal) {
        std::cerr << refusal.what() << '\n';
        return 1;
    } catch (const vend::error &failure) {
        std::cerr << failure.sqlstate() << ' ' << failure.what() << '\n';
        return 2;
    }
}
