#include "base/prelude.hpp"

#include "binding/key_type.hpp"

#include <algorithm>

namespace vend {

namespace {

struct KeyInput {
    const char *text;
    Oid type;
};

// Adds the text and the type of the key to an error of the input function, which names neither.
void explain_key_input(void *argument) {
    const auto *input = static_cast<const KeyInput *>(argument);
    errdetail("\"%s\" was given for a key of type %s.", input->text, format_type_be(input->type));
}

Datum read_key(const KeyType &type, char *text) {
    KeyInput input{text, type.type};
    ErrorContextCallback callback{error_context_stack, explain_key_input, &input};
    error_context_stack = &callback;
    const Datum key = InputFunctionCall(&type.input, text, type.io_param, -1);
    error_context_stack = callback.previous;
    return key;
}

char *operator_sql(Oid operator_id) {
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator_id));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for operator %u", operator_id);
    const auto *form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    char *sql = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
                         NameStr(form->oprname));
    ReleaseSysCache(tuple);
    return sql;
}

// Whether the text of a value does not depend on settings. The text of times, intervals, floating point
// numbers and bytes depends on DateStyle, extra_float_digits and the like, so the same value would be
// another key in another session.
bool has_text_of_its_own(Oid type) {
    const Oid base = getBaseType(type);
    constexpr Oid others[] = {FLOAT4OID, FLOAT8OID, BYTEAOID, MONEYOID, XMLOID};
    const char category = TypeCategory(base);
    return std::ranges::find(others, base) == std::end(others) && category != TYPCATEGORY_DATETIME &&
           category != TYPCATEGORY_TIMESPAN;
}

char *argument_text(const KeyType &type, Oid argument_type, Datum argument) {
    if (!has_text_of_its_own(argument_type))
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("a key of type %s cannot be given as %s", format_type_be(type.type),
                               format_type_be(argument_type)),
                        errdetail("The text of such a value depends on the settings of the session."),
                        errhint("Cast it to text.")));
    if (getBaseType(argument_type) == BPCHAROID) // like a cast to text, without the padding
        return TextDatumGetCString(DirectFunctionCall1(rtrim1, argument));
    Oid output = InvalidOid;
    bool is_varlena = false;
    getTypeOutputInfo(argument_type, &output, &is_varlena);
    return OidOutputFunctionCall(output, argument);
}

} // namespace

bool is_key_type(Oid type) {
    constexpr Oid key_types[] = {INT2OID, INT4OID, INT8OID, UUIDOID, TEXTOID, VARCHAROID, BPCHAROID};
    if (std::ranges::find(key_types, type) != std::end(key_types)) return true;
    // A text type of an extension, such as citext, needs a btree operator class of its own.
    return type_is_enum(type) || (type >= FirstNormalObjectId && IsBinaryCoercible(type, TEXTOID) &&
                                  OidIsValid(GetDefaultOpClass(type, BTREE_AM_OID)));
}

Oid kept_type_of(Oid type) {
    return type >= FirstNormalObjectId && !type_is_enum(type) ? TEXTOID : type;
}

// The modifier says that character is of any length, not of length 1.
char *kept_type_sql(Oid type) {
    return format_type_extended(kept_type_of(type), -1,
                                FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

char *kept_key_type(const KeyType &type) {
    return kept_type_sql(type.type);
}

KeyType key_type_of(Oid type, Oid collation, MemoryContext context) {
    KeyType key;
    key.type = type;
    key.stored_as = kept_type_of(type);
    key.collation = collation;
    const Oid equal = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
    key.equals = MemoryContextStrdup(context, operator_sql(equal));
    fmgr_info_cxt(get_opcode(equal), &key.equal, context);
    get_typlenbyval(type, &key.length, &key.by_value);
    Oid function = InvalidOid;
    getTypeInputInfo(type, &function, &key.io_param);
    fmgr_info_cxt(function, &key.input, context);
    bool is_varlena = false;
    getTypeOutputInfo(type, &function, &is_varlena);
    fmgr_info_cxt(function, &key.output, context);
    return key;
}

Datum key_from_argument(const KeyType &type, Oid argument_type, Datum argument) {
    if (argument_type == type.type) return argument;
    if (type.type == INT8OID && argument_type == INT4OID) return Int64GetDatum(DatumGetInt32(argument));
    return read_key(type, argument_type == UNKNOWNOID ? DatumGetCString(argument)
                                                      : argument_text(type, argument_type, argument));
}

char *key_text(const KeyType &type, Datum key) {
    if (type.type == BPCHAROID) {
        const auto text = key_bytes(type, key);
        return pnstrdup(reinterpret_cast<const char *>(text.data()), text.size());
    }
    return OutputFunctionCall(&type.output, key);
}

std::span<const uint8> key_bytes(const KeyType &type, const Datum &key) {
    if (type.by_value)
        return {reinterpret_cast<const uint8 *>(&key), static_cast<std::size_t>(type.length)};
    if (type.length > 0)
        return {reinterpret_cast<const uint8 *>(DatumGetPointer(key)),
                static_cast<std::size_t>(type.length)};
    const auto *text = reinterpret_cast<const struct varlena *>(PG_DETOAST_DATUM_PACKED(key));
    std::size_t size = VARSIZE_ANY_EXHDR(text);
    const char *characters = VARDATA_ANY(text);
    if (type.type == BPCHAROID) // without the blanks that fill it up
        while (size > 0 && characters[size - 1] == ' ') --size;
    return {reinterpret_cast<const uint8 *>(characters), size};
}

std::strong_ordering compare_keys(const KeyType &type, Datum a, Datum b) {
    if (type.by_value) return a <=> b;
    const auto left = key_bytes(type, a);
    const auto right = key_bytes(type, b);
    if (const int order = memcmp(left.data(), right.data(), std::min(left.size(), right.size())))
        return order <=> 0;
    return left.size() <=> right.size();
}

bool has_key_size(const KeyType &type, std::span<const uint8> bytes) {
    return type.length < 0 || bytes.size() == static_cast<std::size_t>(type.length);
}

Datum key_from_bytes(const KeyType &type, std::span<const uint8> bytes) {
    Assert(has_key_size(type, bytes));
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
    if (type.type == BPCHAROID) return std::ranges::equal(key_bytes(type, a), key_bytes(type, b));
    return datum_image_eq(a, b, type.by_value, type.length);
}

bool means_same_key(const KeyType &type, Datum a, Datum b) {
    return DatumGetBool(FunctionCall2Coll(&type.equal, type.collation, a, b));
}

} // namespace vend
