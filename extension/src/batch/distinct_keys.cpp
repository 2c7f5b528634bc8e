#include "base/prelude.hpp"

#include "batch/distinct_keys.hpp"

#include "base/new_array.hpp"
#include "binding/key.hpp"
#include "binding/store.hpp"

#include <algorithm>

namespace vend {
namespace {

// A key with its first bytes: most comparisons need only those.
template <KeyOf of> struct Sortable {
    uint64 start = 0;
    Key<of> key;
    int request = 0;
};

template <KeyOf of> uint64 start_of(const KeyTypeOf<of> &type, Key<of> key) {
    if (type.by_value) return key.value;
    const auto bytes = key_bytes(type, key);
    uint64 start = 0;
    for (std::size_t i = 0; i < sizeof start; ++i)
        start = start << 8 | (i < bytes.size() ? bytes[i] : 0);
    return start;
}

template <KeyOf of>
std::strong_ordering order(const KeyTypeOf<of> &type, const Sortable<of> &a, const Sortable<of> &b) {
    if (a.start != b.start) return a.start <=> b.start;
    return compare_keys(type, a.key, b.key);
}

// The place of a key, or -1.
template <KeyOf of> int place_of(const KeyTypeOf<of> &type, const Keys<of> &keys, Key<of> key) {
    const auto found = std::ranges::lower_bound(
        keys.keys, key, [&](Key<of> a, Key<of> b) { return compare_keys(type, a, b) < 0; });
    if (found == keys.keys.end() || !same_key(type, *found, key)) return -1;
    return static_cast<int>(found - keys.keys.begin());
}

} // namespace

template <KeyOf of>
Keys<of> distinct_keys(const KeyTypeOf<of> &type, std::span<const std::optional<Key<of>>> of_requests) {
    const auto sorted = new_array<Sortable<of>>(of_requests.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < of_requests.size(); ++i)
        if (of_requests[i])
            sorted[count++] = {start_of(type, *of_requests[i]), *of_requests[i], static_cast<int>(i)};
    std::ranges::sort(sorted.first(count), [&](const Sortable<of> &a, const Sortable<of> &b) {
        return order(type, a, b) < 0;
    });
    const Keys<of> keys{new_array<Key<of>>(count), new_array<int>(of_requests.size())};
    std::ranges::fill(keys.places, -1);
    std::size_t different = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (i == 0 || order(type, sorted[i - 1], sorted[i]) != 0) keys.keys[different++] = sorted[i].key;
        keys.places[static_cast<std::size_t>(sorted[i].request)] = static_cast<int>(different) - 1;
    }
    return {keys.keys.first(different), keys.places};
}

template <KeyOf of>
void look_up_party(Store &store, const Keys<of> &keys, KeyEra<of> recorded, int asked, Party *party) {
    const KeyTypeOf<of> &type = store.binding.key_type<of>();
    party->then = place_of(type, keys, recorded.key);
    if (*party == asked || (of == KeyOf::wallet && !store.binding.has_wallets())) return;
    const auto now = row_of_era(store, recorded);
    party->now = now ? place_of(type, keys, now->key) : none;
}

template ItemKeys distinct_keys(const ItemKeyType &, std::span<const std::optional<ItemKey>>);
template WalletKeys distinct_keys(const WalletKeyType &, std::span<const std::optional<WalletKey>>);
template void look_up_party(Store &, const ItemKeys &, ItemEra, int, Party *);
template void look_up_party(Store &, const WalletKeys &, WalletEra, int, Party *);

Ids distinct_ids(std::span<const std::optional<Uuid>> of_requests) {
    const auto ids = new_array<Uuid>(of_requests.size());
    std::size_t count = 0;
    for (const auto &id : of_requests)
        if (id) ids[count++] = *id;
    std::ranges::sort(ids.first(count));
    // clang 14 cannot compile std::ranges::unique() of libstdc++ 12.
    const auto end = std::unique(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
    const Ids different{ids.first(static_cast<std::size_t>(end - ids.begin())),
                        new_array<int>(of_requests.size())};
    for (std::size_t i = 0; i < of_requests.size(); ++i)
        different.places[i] =
            of_requests[i] ? static_cast<int>(std::ranges::lower_bound(different.ids, *of_requests[i]) -
                                              different.ids.begin())
                           : -1;
    return different;
}

} // namespace vend
