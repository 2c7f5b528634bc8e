// Makes batches of bytes. Each batch must be decided as the model decides it, and lose nothing.

#include "batch_model.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>

namespace {

using namespace vend;

// Reads numbers from the bytes, and zeros once there are no more.
class Bytes {
  public:
    explicit Bytes(std::span<const std::uint8_t> bytes) : left(bytes) {}

    std::uint64_t operator()(std::uint64_t below) {
        std::uint64_t number = next();
        for (int i = 1; below > 256 && i < 8; ++i) number = number << 8 | next();
        return number % below;
    }

  private:
    std::uint8_t next() {
        if (left.empty()) return 0;
        const std::uint8_t byte = left.front();
        left = left.subspan(1);
        return byte;
    }

    std::span<const std::uint8_t> left;
};

void require_none(const char *function, const std::string &broken) {
    if (broken.empty()) return;
    (void)std::fprintf(stderr, "%s: %s\n", function, broken.c_str());
    std::abort();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Bytes bytes({data, size});
    const model::Case drawn = model::draw_case(bytes);
    require_none("decide_purchases", model::purchases_differ_from_model(drawn));
    require_none("decide_purchases", model::purchases_do_not_conserve(drawn));
    require_none("decide_cart", model::cart_is_not_all_or_none(drawn));
    require_none("decide_transfers", model::transfers_differ_from_model(drawn));
    require_none("decide_transfers", model::transfers_do_not_conserve(drawn));
    return 0;
}
