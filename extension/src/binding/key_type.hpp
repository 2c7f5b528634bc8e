#pragma once
// The types of keys of items and wallets, and how keys are read, compared and printed.
//
// A key is a value of the type of its column, and its identity is the key as the row has it. So an
// argument of any type is first read by the input function of the column's type. An index tells rows
// apart by the = of that type; in memory, keys are compared and hashed by their bytes. The two differ
// for citext: its index takes two spellings for one key (means_same_key()), their bytes differ
// (same_key()). The blanks with which a value of type character(n) is filled up are no part of a key,
// neither of its bytes nor of its text.

#include "base/prelude.hpp"

#include "binding/key.hpp"

#include <compare>
#include <span>

namespace vend {

struct KeyType {
    Oid type = InvalidOid;
    Oid stored_as = InvalidOid; // the type of such keys in companion tables, with the same bytes
    int16 length = 0;
    bool by_value = false;
    char *equals = nullptr;   // the = of its index, as SQL
    mutable FmgrInfo equal{}; // mutable: a function caches data of its own in its FmgrInfo
    Oid collation = InvalidOid;
    mutable FmgrInfo input{};
    mutable FmgrInfo output{};
    Oid io_param = InvalidOid;
};

// Whether a column of this type can be a key. For a domain, pass the type below it.
bool is_key_type(Oid type);

// The type in which companion tables store keys of a type. They store a text type of an extension as
// text.
Oid kept_type_of(Oid type);
char *kept_type_sql(Oid type);
char *kept_key_type(const KeyType &type); // as SQL

KeyType key_type_of(Oid type, Oid collation, MemoryContext context);

// The key that an argument of any type means. Raises the errors of the key type's input function.
Datum key_from_argument(const KeyType &type, Oid argument_type, Datum argument);

// The key as text, in the current memory context.
char *key_text(const KeyType &type, Datum key);

// The bytes of a key, by which keys in memory are compared.
std::span<const uint8> key_bytes(const KeyType &type, const Datum &key);

// The order in which rows are locked. It is the order of the bytes, which no collation changes.
std::strong_ordering compare_keys(const KeyType &type, Datum a, Datum b);

// Whether the bytes can be a key of this type. They may have been stored when keys had another type.
bool has_key_size(const KeyType &type, std::span<const uint8> bytes);

// Makes a key of the bytes, in the current memory context.
Datum key_from_bytes(const KeyType &type, std::span<const uint8> bytes);

// Whether two keys have the same bytes.
bool same_key(const KeyType &type, Datum a, Datum b);

// Whether the index takes two keys for one, as an index of citext does with two spellings.
bool means_same_key(const KeyType &type, Datum a, Datum b);

// The type of the keys of items, or of wallets. The functions below compare, hash and print each key by
// the type of its own column, and accept no other. The functions above accept any type, which has to be
// passed with untyped().
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

// Copies a key to the current memory context, so that it outlives its row.
template <KeyOf of> Key<of> copy_key(const KeyTypeOf<of> &type, Datum of_row) {
    return Key<of>(datumCopy(of_row, type.by_value, type.length));
}

template <KeyOf of> bool same_key(const KeyTypeOf<of> &type, Key<of> a, Key<of> b) {
    return same_key(type.untyped(), a.value, b.value);
}

template <KeyOf of> bool means_same_key(const KeyTypeOf<of> &type, Key<of> a, Key<of> b) {
    return means_same_key(type.untyped(), a.value, b.value);
}

// A key of an item or of a wallet together with its type, for code that treats both alike.
class KeyRef {
  public:
    KeyRef() = default;
    template <KeyOf of>
    KeyRef(const KeyTypeOf<of> &type, Key<of> key)
        : kind(of), key_type(&type.untyped()), datum(key.value) {}

    [[nodiscard]] KeyOf of() const { return kind; }
    [[nodiscard]] Datum value() const { return datum; }

    // The key, as an item's or a wallet's. It must be of that kind.
    template <KeyOf of> [[nodiscard]] Key<of> as() const {
        Assert(of == kind);
        return Key<of>(datum);
    }
    [[nodiscard]] ItemKey as_item() const { return as<KeyOf::item>(); }
    [[nodiscard]] WalletKey as_wallet() const { return as<KeyOf::wallet>(); }

    // Another key of the same type.
    [[nodiscard]] KeyRef with(Datum value) const {
        KeyRef other = *this;
        other.datum = value;
        return other;
    }

    // A copy in the current memory context.
    [[nodiscard]] KeyRef copy() const {
        return with(datumCopy(datum, key_type->by_value, key_type->length));
    }
    [[nodiscard]] char *text() const { return key_text(*key_type, datum); }
    [[nodiscard]] bool is_same(const KeyRef &other) const {
        Assert(key_type == other.key_type);
        return same_key(*key_type, datum, other.datum);
    }

  private:
    KeyOf kind = KeyOf::item;
    const KeyType *key_type = nullptr;
    Datum datum = 0;
};

} // namespace vend
