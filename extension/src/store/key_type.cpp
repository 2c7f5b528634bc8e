#include "base/prelude.hpp"

#include "store/key_type.hpp"

namespace vend {

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
    fmgr_info_cxt(lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc, &key.compare, context);
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
    return InputFunctionCall(&type.input, text, type.io_param, -1);
}

char *key_text(KeyType &type, Datum key) {
    return OutputFunctionCall(&type.output, key);
}

int compare_keys(KeyType &type, Datum a, Datum b) {
    return DatumGetInt32(FunctionCall2Coll(&type.compare, DEFAULT_COLLATION_OID, a, b));
}

bool same_key(const KeyType &type, Datum a, Datum b) {
    return datum_image_eq(a, b, type.by_value, type.length);
}

} // namespace vend
