#pragma once
// The key of an item or of a wallet, as its column has it. Both are only a Datum, but neither can be
// passed where the other one is meant, and neither can be read without its type (binding/key_type.hpp).

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
              "a wallet's key is not an item's key");
static_assert(!std::is_convertible_v<Datum, ItemKey> && !std::is_convertible_v<ItemKey, Datum>,
              "converting between a Datum and a key must be explicit");

} // namespace vend
