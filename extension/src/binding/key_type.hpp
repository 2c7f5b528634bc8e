#pragma once
// Keys of items and wallets: values of the type that the column has. Identity is the key as the row
// has it, so an argument is read by the input function of that type before anything looks at it.

#include "base/prelude.hpp"

#include "binding/key.hpp"

#include <compare>
#include <span>

namespace vend {

struct KeyType {
    Oid type = InvalidOid;
    Oid stored_as = InvalidOid; // of the same bytes, in which companion tables keep the keys
    int16 length = 0;
    bool by_value = false;
    char *equals = nullptr;   // the operator of its index, as SQL
    mutable FmgrInfo equal{}; // the functions keep notes of their own here
    Oid collation = InvalidOid;
    mutable FmgrInfo input{};
    mutable FmgrInfo output{};
    Oid io_param = InvalidOid;
};

// Whether a column of this type can be a key; of a domain, what it is over. Rows are told apart by an
// index on it, keys in memory by their bytes.
bool is_key_type(Oid type);

// The type in which companion tables keep keys of a type: an extension's kind of text as text.
Oid kept_type_of(Oid type);
char *kept_key_type(const KeyType &type); // as SQL

KeyType key_type_of(Oid type, Oid collation, MemoryContext context);

// The key that an argument of any type means. Raises what the input function of the key raises.
Datum key_from_argument(const KeyType &type, Oid argument_type, Datum argument);

// The key as text, in the current memory context.
char *key_text(const KeyType &type, Datum key);

// The bytes by which two keys differ.
std::span<const uint8> key_bytes(const KeyType &type, const Datum &key);

// The order in which rows are locked: of the bytes, which no collation changes.
std::strong_ordering compare_keys(const KeyType &type, Datum a, Datum b);

// Whether the bytes can be those of a key; they may have been kept since the keys were of another type.
bool has_key_size(const KeyType &type, std::span<const uint8> bytes);

// The key of these bytes, in the current memory context.
Datum key_from_bytes(const KeyType &type, std::span<const uint8> bytes);

// Whether they are the same bytes.
bool same_key(const KeyType &type, Datum a, Datum b);

// Whether the index takes them for one key, as that of citext does with two spellings.
bool means_same_key(const KeyType &type, Datum a, Datum b);

// The type of the keys of items, or of wallets. Each key is compared, hashed and printed by the type of
// its own column: the functions below take no other, and a type is not lent to those above unless
// untyped() says so.
template <KeyOf of> class KeyTypeOf : private KeyType {
  public:
    using KeyType::by_value;
    using KeyType::equals;
    using KeyType::length;
    using KeyType::stored_as;
    using KeyType::type;

    [[nodiscard]] const KeyType &untyped() const { return *this; }
    [[nodiscard]] KeyType &untyped() { return *this; }
};

using ItemKeyType = KeyTypeOf<KeyOf::item>;
using WalletKeyType = KeyTypeOf<KeyOf::wallet>;

template <KeyOf of>
Key<of> key_from_argument(const KeyTypeOf<of> &type, Oid argument_type, Datum argument) {
    return Key<of>(key_from_argument(type.untyped(), argument_type, argument));
}

template <KeyOf of> char *kept_key_type(const KeyTypeOf<of> &type) {
    return kept_key_type(type.untyped());
}

template <KeyOf of> char *key_text(const KeyTypeOf<of> &type, Key<of> key) {
    return key_text(type.untyped(), key.value);
}

template <KeyOf of> std::span<const uint8> key_bytes(const KeyTypeOf<of> &type, const Key<of> &key) {
    return key_bytes(type.untyped(), key.value);
}

template <KeyOf of> std::strong_ordering compare_keys(const KeyTypeOf<of> &type, Key<of> a, Key<of> b) {
    return compare_keys(type.untyped(), a.value, b.value);
}

template <KeyOf of> bool has_key_size(const KeyTypeOf<of> &type, std::span<const uint8> bytes) {
    return has_key_size(type.untyped(), bytes);
}

template <KeyOf of> Key<of> key_from_bytes(const KeyTypeOf<of> &type, std::span<const uint8> bytes) {
    return Key<of>(key_from_bytes(type.untyped(), bytes));
}

// A copy in the current memory context, which outlives the row that the key is from.
template <KeyOf of> Key<of> copy_key(const KeyTypeOf<of> &type, Datum of_row) {
    return Key<of>(datumCopy(of_row, type.by_value, type.length));
}

template <KeyOf of> bool same_key(const KeyTypeOf<of> &type, Key<of> a, Key<of> b) {
    return same_key(type.untyped(), a.value, b.value);
}

template <KeyOf of> bool means_same_key(const KeyTypeOf<of> &type, Key<of> a, Key<of> b) {
    return means_same_key(type.untyped(), a.value, b.value);
}

// A key of either kind together with its type, for code that treats both alike.
class KeyRef {
  public:
    KeyRef() = default;
    template <KeyOf of>
    KeyRef(const KeyTypeOf<of> &type, Key<of> key)
        : of_(of), type_(&type.untyped()), value_(key.value) {}

    [[nodiscard]] KeyOf of() const { return of_; }
    [[nodiscard]] Datum value() const { return value_; }

    // As the key of the kind that it is.
    template <KeyOf of> [[nodiscard]] Key<of> as() const {
        Assert(of == of_);
        return Key<of>(value_);
    }
    [[nodiscard]] ItemKey as_item() const { return as<KeyOf::item>(); }
    [[nodiscard]] WalletKey as_wallet() const { return as<KeyOf::wallet>(); }

    // Another key of the same type.
    [[nodiscard]] KeyRef with(Datum value) const {
        KeyRef other = *this;
        other.value_ = value;
        return other;
    }

    // In the current memory context.
    [[nodiscard]] KeyRef copy() const { return with(datumCopy(value_, type_->by_value, type_->length)); }
    [[nodiscard]] char *text() const { return key_text(*type_, value_); }
    [[nodiscard]] bool is_same(const KeyRef &other) const {
        Assert(type_ == other.type_);
        return same_key(*type_, value_, other.value_);
    }

  private:
    KeyOf of_ = KeyOf::item;
    const KeyType *type_ = nullptr;
    Datum value_ = 0;
};

} // namespace vend
