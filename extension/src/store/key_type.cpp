#include "base/prelude.hpp"

#include "store/key_type.hpp"

namespace vend {

namespace {

struct KeyInput {
    const char *text;
    Oid type;
};

// Says what the text was read as, where the input function says only what it does not like.
void explain_key_input(void *argument) {
    const auto *input = static_cast<const KeyInput *>(argument);
    errdetail("\"%s\" was given for a key of type %s.", input->text, format_type_be(input->type));
}

Datum read_key(KeyType &type, char *text) {
    KeyInput input{text, type.type};
    ErrorContextCallback callback{error_context_stack, explain_key_input, &input};
    error_context_stack = &callback;
    const Datum key = InputFunctionCall(&type.input, text, type.io_param, -1);
    error_context_stack = callback.previous;
    return key;
}

} // namespace

bool is_key_type(Oid type) {
    return type == TEXTOID || type == INT8OID || type == UUIDOID;
}

KeyType key_type_of(Oid type, MemoryContext context) {
    KeyType key;
    key.type = type;
    get_typlenbyval(type, &key.length, &key.by_value);
    Oid function = InvalidOid;
    getTypeInputInfo(type, &function, &key.io_param);
    fmgr_info_cxt(function, &key.input, context);
    bool is_varlena = false;
    getTypeOutputInfo(type, &function, &is_varlena);
    fmgr_info_cxt(function, &key.output, context);
    return key;
}

Datum key_from_argument(KeyType &type, Oid argument_type, Datum argument) {
    if (argument_type == type.type) return argument;
    if (type.type == INT8OID && argument_type == INT4OID) return Int64GetDatum(DatumGetInt32(argument));
    char *text = nullptr;
    if (argument_type == UNKNOWNOID) {
        text = DatumGetCString(argument);
    } else {
        Oid output = InvalidOid;
        bool is_varlena = false;
        getTypeOutputInfo(argument_type, &output, &is_varlena);
        text = OidOutputFunctionCall(output, argument);
    }
    return read_key(type, text);
}

char *key_text(KeyType &type, Datum key) {
    return OutputFunctionCall(&type.output, key);
}

std::span<const uint8> key_bytes(const KeyType &type, const Datum &key) {
    if (type.by_value)
        return {reinterpret_cast<const uint8 *>(&key), static_cast<std::size_t>(type.length)};
    if (type.length > 0)
        return {reinterpret_cast<const uint8 *>(DatumGetPointer(key)),
                static_cast<std::size_t>(type.length)};
    const auto *text = reinterpret_cast<const struct varlena *>(PG_DETOAST_DATUM_PACKED(key));
    return {reinterpret_cast<const uint8 *>(VARDATA_ANY(text)), VARSIZE_ANY_EXHDR(text)};
}

std::strong_ordering compare_keys(const KeyType &type, Datum a, Datum b) {
    if (type.by_value) return a <=> b;
    const auto left = key_bytes(type, a);
    const auto right = key_bytes(type, b);
    if (const int order = memcmp(left.data(), right.data(), std::min(left.size(), right.size())))
        return order <=> 0;
    return left.size() <=> right.size();
}

Datum key_from_bytes(const KeyType &type, std::span<const uint8> bytes) {
    if (type.by_value) {
        Datum key = 0;
        memcpy(&key, bytes.data(), bytes.size());
        return key;
    }
    if (type.length > 0) {
        void *key = palloc(bytes.size());
        memcpy(key, bytes.data(), bytes.size());
        return PointerGetDatum(key);
    }
    return PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char *>(bytes.data()),
                                                    static_cast<int>(bytes.size())));
}

bool same_key(const KeyType &type, Datum a, Datum b) {
    return datum_image_eq(a, b, type.by_value, type.length);
}

} // namespace vend
