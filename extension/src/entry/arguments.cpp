#include "base/prelude.hpp"

#include "entry/arguments.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"

namespace vend {

void Arguments::require(int number, const char *name) const {
    if (is_null(number))
        ereport(ERROR, (errcode(errcodes::null_argument), errmsg("%s must not be null", name),
                        errhint("Only an argument whose default is NULL may be NULL.")));
}

const char *Arguments::optional_string(int number) const {
    return is_null(number) ? nullptr : TextDatumGetCString(datum(number));
}

std::optional<int64> Arguments::optional_bigint(int number) const {
    if (is_null(number)) return std::nullopt;
    return DatumGetInt64(datum(number));
}

std::optional<Uuid> Arguments::optional_uuid(int number) const {
    if (is_null(number)) return std::nullopt;
    return uuid_from(datum(number));
}

std::optional<Money> Arguments::optional_money(int number, const MoneyType &type,
                                               const char *name) const {
    if (is_null(number)) return std::nullopt;
    const Money amount = money_from_numeric(type, datum(number), name);
    if (amount < Money{0})
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s must not be negative", name)));
    return amount;
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
    const Quantity quantity{DatumGetInt64(datum(number))};
    if (quantity < Quantity{1})
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("%s must be at least 1", name),
                 errhint("Units are given back with vend.refund() and added with vend.restock().")));
    return quantity;
}

Money Arguments::money(int number, const MoneyType &type, const char *name) const {
    require(number, name);
    const Money amount = money_from_numeric(type, datum(number), name);
    if (amount <= Money{0})
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("%s must be more than 0", name),
                 errhint("Money is put in with vend.deposit() and taken out with vend.withdraw().")));
    return amount;
}

Datum Arguments::key(int number, KeyType &type, const char *name) const {
    require(number, name);
    Oid argument_type = get_fn_expr_argtype(fcinfo->flinfo, number);
    if (!OidIsValid(argument_type)) {
        // Called through the function manager, without an expression: the declaration has to tell.
        Oid *types = nullptr;
        int count = 0;
        (void)get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
        argument_type = types[number];
    }
    if (argument_type == ANYOID)
        ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                        errmsg("could not determine the type of %s", name)));
    return key_from_argument(type, argument_type, datum(number));
}

} // namespace vend
