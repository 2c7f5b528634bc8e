#include "base/prelude.hpp"

#include "store/money_type.hpp"

#include "base/error_codes.hpp"

namespace vend {
namespace {

constexpr int digits_max = 18; // every number of 18 digits is an int64

int64 power_of_ten(int exponent) {
    int64 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

// Exact, or nothing.
std::optional<Money> money_from(int scale, Datum number) {
    Numeric value = DatumGetNumeric(number);
    if (numeric_is_nan(value) || numeric_is_inf(value)) return std::nullopt;
    const Datum steps =
        DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(power_of_ten(scale))));
    const Datum whole = DirectFunctionCall2(numeric_trunc, steps, Int32GetDatum(0));
    if (!DatumGetBool(DirectFunctionCall2(numeric_eq, steps, whole))) return std::nullopt;
    const Datum limit = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));
    if (DatumGetBool(DirectFunctionCall2(numeric_gt, DirectFunctionCall1(numeric_abs, whole), limit)))
        return std::nullopt;
    return Money{DatumGetInt64(DirectFunctionCall1(numeric_int8, whole))};
}

} // namespace

std::optional<MoneyType> money_type_of(Oid type, int32 typmod) {
    if (type == INT8OID) return MoneyType{INT8OID, -1, 0, Money{PG_INT64_MAX}};
    if (type != NUMERICOID || typmod < static_cast<int32>(VARHDRSZ)) return std::nullopt;
    const int precision = ((typmod - static_cast<int32>(VARHDRSZ)) >> 16) & 0xffff;
    const int scale = (((typmod - static_cast<int32>(VARHDRSZ)) & 0x7ff) ^ 1024) - 1024;
    if (scale < 0 || scale > precision || precision > digits_max) return std::nullopt;
    return MoneyType{NUMERICOID, typmod, scale, Money{power_of_ten(precision) - 1}};
}

std::optional<Money> checked_add(const MoneyType &type, Money a, Money b) {
    const auto sum = checked_add(a, b);
    return sum && *sum <= type.max ? sum : std::nullopt;
}

Money money_from_column(const MoneyType &type, Datum value) {
    if (type.type == INT8OID) return Money{DatumGetInt64(value)};
    const auto money = money_from(type.scale, value);
    if (!money)
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("stored amount %s is not an exact amount of money",
                               DatumGetCString(DirectFunctionCall1(numeric_out, value)))));
    return *money;
}

Datum money_to_column(const MoneyType &type, Money money) {
    return type.type == INT8OID ? Int64GetDatum(money.value) : money_to_numeric(type, money);
}

Money money_from_numeric(const MoneyType &type, Datum number, const char *argument) {
    const auto money = money_from(type.scale, number);
    if (!money || *money > type.max || *money < Money{-type.max.value})
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("%s does not fit the money of the store", argument),
                        errdetail("%s is not a value of type %s.",
                                  DatumGetCString(DirectFunctionCall1(numeric_out, number)),
                                  format_type_with_typemod(type.type, type.typmod))));
    return *money;
}

Datum money_to_numeric(const MoneyType &type, Money money) {
    return NumericGetDatum(int64_div_fast_to_numeric(money.value, type.scale));
}

} // namespace vend
