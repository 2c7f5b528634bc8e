#pragma once
// A key of an item or of a wallet, as its column has it. Both are a Datum and nothing more, but neither
// can be passed where the other is meant, and neither can be read without its type (key_type.hpp).

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

enum class KeyOf { item, wallet };

template <KeyOf of> struct Key {
    Datum value = 0;

    constexpr Key() = default;
    explicit constexpr Key(Datum of_column) : value(of_column) {}
};

using ItemKey = Key<KeyOf::item>;
using WalletKey = Key<KeyOf::wallet>;

static_assert(std::is_trivially_copyable_v<ItemKey> && sizeof(ItemKey) == sizeof(Datum),
              "a key costs what its Datum costs");
static_assert(!std::is_constructible_v<ItemKey, WalletKey> &&
                  !std::is_constructible_v<WalletKey, ItemKey>,
              "the key of a wallet is no key of an item");
static_assert(!std::is_convertible_v<Datum, ItemKey> && !std::is_convertible_v<ItemKey, Datum>,
              "whoever makes a key of a Datum, or a Datum of a key, says so");

} // namespace vend
