#pragma once
// Keys of items and wallets: values of the type that the column has. Identity is the key as the row
// has it, so an argument is read by the input function of that type before anything looks at it.

#include "base/prelude.hpp"

#include <compare>
#include <span>

namespace vend {

struct KeyType {
    Oid type = InvalidOid;
    int16 length = 0;
    bool by_value = false;
    FmgrInfo input{};
    FmgrInfo output{};
    Oid io_param = InvalidOid;
};

// Whether a column of this type can be a key of a managed store.
bool is_key_type(Oid type);

KeyType key_type_of(Oid type, MemoryContext context);

// The key that an argument of any type means. Raises what the input function of the key raises.
Datum key_from_argument(KeyType &type, Oid argument_type, Datum argument);

// The key as text, in the current memory context.
char *key_text(KeyType &type, Datum key);

// The bytes by which two keys differ.
std::span<const uint8> key_bytes(const KeyType &type, const Datum &key);

// The order in which rows are locked: of the bytes, which no collation changes.
std::strong_ordering compare_keys(const KeyType &type, Datum a, Datum b);

// The key of these bytes, in the current memory context.
Datum key_from_bytes(const KeyType &type, std::span<const uint8> bytes);

bool same_key(const KeyType &type, Datum a, Datum b);

} // namespace vend
