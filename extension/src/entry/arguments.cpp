#include "base/prelude.hpp"

#include "entry/arguments.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/number_type.hpp"
#include "core/checked.hpp"

namespace vend {
Quantity quantity_from(Datum value, const char *name) {
    const Quantity quantity{DatumGetInt64(value)};
    if (quantity < Quantity{1})
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s must be at least 1", name),
                        errhint("vend.refund() gives units back, and vend.restock() adds units.")));
    return quantity;
}

Money price_from(Datum value, const NumberType &type, const char *name) {
    const Money price = money_from_numeric(type, value, name);
    if (price < Money{0})
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s must not be negative", name)));
    return price;
}

Money amount_from(Datum value, const NumberType &type, const char *name) {
    const Money amount = money_from_numeric(type, value, name);
    if (amount <= Money{0})
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s must be more than 0", name),
                        errhint("vend.deposit() adds money, and vend.withdraw() takes money out.")));
    return amount;
}

void Arguments::require(int number, const char *name) const {
    if (is_null(number))
        ereport(ERROR, (errcode(errcodes::null_argument), errmsg("%s must not be null", name),
                        errhint("Only an argument whose default is NULL may be NULL.")));
}

int Arguments::number_of(const char *name) const {
    HeapTuple function = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    Oid *types = nullptr;
    char **names = nullptr;
    char *modes = nullptr;
    const int count = get_func_arg_info(function, &types, &names, &modes);
    ReleaseSysCache(function);
    for (int i = 0; names != nullptr && i < count; ++i)
        if (strcmp(names[i], name) == 0) return i;
    ereport(ERROR,
            (errcode(errcodes::not_in_state), errmsg("library and extension have different versions"),
             errdetail("The function has no argument \"%s\".", name)));
    pg_unreachable();
}

const char *Arguments::optional_string(int number) const {
    return is_null(number) ? nullptr : TextDatumGetCString(datum(number));
}

Oid Arguments::optional_table(int number) const {
    if (is_null(number)) return InvalidOid;
    // The caller did not leave the argument out: '-' is read as oid 0.
    if (!OidIsValid(DatumGetObjectId(datum(number))))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no table of oid 0")));
    return DatumGetObjectId(datum(number));
}

Oid Arguments::optional_type(int number, const char *name) const {
    return is_null(number) ? InvalidOid : type(number, name);
}

std::optional<int64> Arguments::optional_bigint(int number) const {
    if (is_null(number)) return std::nullopt;
    return DatumGetInt64(datum(number));
}

std::optional<Uuid> Arguments::optional_uuid(int number) const {
    if (is_null(number)) return std::nullopt;
    return uuid_from(datum(number));
}

std::optional<Money> Arguments::optional_money(int number, const NumberType &type,
                                               const char *name) const {
    if (is_null(number)) return std::nullopt;
    return price_from(datum(number), type, name);
}

const char *Arguments::string(int number, const char *name) const {
    require(number, name);
    return TextDatumGetCString(datum(number));
}

bool Arguments::boolean(int number, const char *name) const {
    require(number, name);
    return DatumGetBool(datum(number));
}

Oid Arguments::oid(int number, const char *name) const {
    require(number, name);
    return DatumGetObjectId(datum(number));
}

Oid Arguments::type(int number, const char *name) const {
    const Oid type = oid(number, name);
    if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type)))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("%s does not exist", name),
                        errdetail("There is no type of oid %u.", type)));
    return type;
}

int64 Arguments::bigint(int number, const char *name) const {
    require(number, name);
    return DatumGetInt64(datum(number));
}

Datum Arguments::jsonb(int number, const char *name) const {
    require(number, name);
    return datum(number);
}

std::optional<Quantity> Arguments::optional_quantity(int number, const char *name) const {
    if (is_null(number)) return std::nullopt;
    return quantity(number, name);
}

Uuid Arguments::uuid(int number, const char *name) const {
    require(number, name);
    return uuid_from(datum(number));
}

Quantity Arguments::quantity(int number, const char *name) const {
    require(number, name);
    return quantity_from(datum(number), name);
}

Money Arguments::money(int number, const NumberType &type, const char *name) const {
    require(number, name);
    return amount_from(datum(number), type, name);
}

Oid Arguments::type_of(int number, const char *name) const {
    Oid type = get_fn_expr_argtype(fcinfo->flinfo, number);
    if (!OidIsValid(type)) {
        // The call came through the function manager, without an expression: use the declared type.
        Oid *types = nullptr;
        int count = 0;
        (void)get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
        type = types[number];
    }
    if (type == ANYOID)
        ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                        errmsg("could not determine the type of %s", name)));
    return type;
}

Arguments::Elements Arguments::elements(int number, const char *name) const {
    require(number, name);
    const Oid type = type_of(number, name);
    Oid element = get_element_type(getBaseType(type));
    Datum value = datum(number);
    if (type == TEXTOID || type == UNKNOWNOID) {
        // A literal or parameter without a type is an array in its text form.
        char *form = type == TEXTOID ? TextDatumGetCString(value) : DatumGetCString(value);
        element = TEXTOID;
        value = OidInputFunctionCall(F_ARRAY_IN, form, element, -1);
    }
    if (!OidIsValid(element))
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("%s must be an array", name)));
    ArrayType *array = DatumGetArrayTypeP(value);
    if (ARR_NDIM(array) > 1)
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("%s must have one dimension", name)));
    int16 length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(element, &length, &by_value, &alignment);
    Datum *values = nullptr;
    bool *nulls = nullptr;
    int count = 0;
    deconstruct_array(array, element, length, by_value, alignment, &values, &nulls, &count);
    const auto size = static_cast<std::size_t>(count);
    return {{values, size}, {nulls, size}, element};
}

Datum Arguments::key(int number, const KeyType &type, const char *name) const {
    require(number, name);
    return key_from_argument(type, type_of(number, name), datum(number));
}

} // namespace vend
