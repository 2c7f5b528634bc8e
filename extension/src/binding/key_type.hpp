#pragma once
// Keys of items and wallets: values of the type that the column has. Identity is the key as the row
// has it, so an argument is read by the input function of that type before anything looks at it.

#include "base/prelude.hpp"

#include <compare>
#include <span>

namespace vend {

struct KeyType {
    Oid type = InvalidOid;
    Oid stored_as = InvalidOid; // of the same bytes, in which companion tables keep the keys
    int16 length = 0;
    bool by_value = false;
    char *equals = nullptr; // the operator of its index, as SQL
    FmgrInfo equal{};
    Oid collation = InvalidOid;
    FmgrInfo input{};
    FmgrInfo output{};
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
Datum key_from_argument(KeyType &type, Oid argument_type, Datum argument);

// The key as text, in the current memory context.
char *key_text(KeyType &type, Datum key);

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
bool means_same_key(KeyType &type, Datum a, Datum b);

} // namespace vend
