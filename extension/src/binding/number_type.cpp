#include "base/prelude.hpp"

#include "binding/number_type.hpp"

#include "base/error_codes.hpp"

namespace vend {
namespace {

constexpr int digits_max = 18; // every number of 18 digits is an int64

int64 power_of_ten(int exponent) {
    int64 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

// Converts a number between steps of different sizes. Returns nothing where the result is not exact.
std::optional<int64> rescaled(int64 number, int from_scale, int to_scale) {
    if (to_scale >= from_scale) {
        int64 steps = 0;
        if (__builtin_mul_overflow(number, power_of_ten(to_scale - from_scale), &steps))
            return std::nullopt;
        return steps;
    }
    const int64 divisor = power_of_ten(from_scale - to_scale);
    if (number % divisor != 0) return std::nullopt;
    return number / divisor;
}

// Converts a numeric to steps. Returns nothing where the result is not exact.
std::optional<int64> steps_from(int scale, Datum number) {
    Numeric value = DatumGetNumeric(number);
    if (numeric_is_nan(value) || numeric_is_inf(value)) return std::nullopt;
    bool is_too_large = false; // for any numeric
    const Datum steps = NumericGetDatum(
        numeric_mul_opt_error(value, int64_to_numeric(power_of_ten(scale)), &is_too_large));
    if (is_too_large) return std::nullopt;
    const Datum whole = DirectFunctionCall2(numeric_trunc, steps, Int32GetDatum(0));
    if (!DatumGetBool(DirectFunctionCall2(numeric_eq, steps, whole))) return std::nullopt;
    const Datum limit = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));
    if (DatumGetBool(DirectFunctionCall2(numeric_gt, DirectFunctionCall1(numeric_abs, whole), limit)))
        return std::nullopt;
    return DatumGetInt64(DirectFunctionCall1(numeric_int8, whole));
}

std::optional<int64> whole_number(Oid type, Datum value) {
    switch (type) {
    case INT2OID:
        return DatumGetInt16(value);
    case INT4OID:
        return DatumGetInt32(value);
    case INT8OID:
        return DatumGetInt64(value);
    default:
        return std::nullopt;
    }
}

Datum numeric_of(int64 steps, int scale) {
    return NumericGetDatum(int64_div_fast_to_numeric(steps, scale));
}

// The number with the decimals of the column. Raises 22003 where that would round it.
Datum in_column(Datum number, int32 typmod) {
    const Datum stored = DirectFunctionCall2(numeric, number, Int32GetDatum(typmod));
    if (!DatumGetBool(DirectFunctionCall2(numeric_eq, stored, number)))
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("%s does not fit into its column",
                               DatumGetCString(DirectFunctionCall1(numeric_out, number)))));
    return stored;
}

char *number_text(Datum number) {
    return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

struct DeclaredDigits {
    int precision;
    int scale;
};

DeclaredDigits declared_digits(int32 typmod) {
    const int32 digits = typmod - static_cast<int32>(VARHDRSZ);
    return {(digits >> 16) & 0xffff, ((digits & 0x7ff) ^ 1024) - 1024};
}

bool declares_digits(int32 typmod) {
    return typmod >= static_cast<int32>(VARHDRSZ);
}

} // namespace

std::optional<NumberType> number_type_of(Oid type, int32 typmod) {
    switch (type) {
    case INT2OID:
        return NumberType{.type = type, .max = PG_INT16_MAX};
    case INT4OID:
        return NumberType{.type = type, .max = PG_INT32_MAX};
    case INT8OID:
        return NumberType{.type = type, .max = PG_INT64_MAX};
    default:
        break;
    }
    if (type != NUMERICOID || !declares_digits(typmod)) return std::nullopt;
    const auto [precision, scale] = declared_digits(typmod);
    if (scale < 0 || scale > precision || precision > digits_max) return std::nullopt;
    return NumberType{NUMERICOID, typmod, scale, scale, power_of_ten(precision) - 1};
}

std::optional<NumberType> wide_number_type_of(Oid type, int32 typmod) {
    if (type != NUMERICOID) return std::nullopt;
    NumberType wide{.type = NUMERICOID, .typmod = typmod, .is_wide = true};
    if (declares_digits(typmod)) {
        const auto [precision, scale] = declared_digits(typmod);
        if (precision <= digits_max || scale < 0 || scale > precision) return std::nullopt;
        wide.decimals = scale;
        wide.whole_digits = precision - scale;
    } else {
        wide.decimals = NUMERIC_MAX_DISPLAY_SCALE;
        wide.whole_digits = NUMERIC_MAX_PRECISION;
    }
    return in_steps_of(wide, 0);
}

NumberType in_steps_of(NumberType type, int scale) {
    if (type.is_wide) {
        const int digits = type.whole_digits + scale;
        type.max = digits > digits_max ? PG_INT64_MAX : power_of_ten(digits) - 1;
        type.scale = scale;
        return type;
    }
    const int64 divisor = scale < type.scale ? power_of_ten(type.scale - scale) : 1;
    type.max = rescaled(type.max - type.max % divisor, type.scale, scale).value_or(PG_INT64_MAX);
    type.scale = scale;
    return type;
}

std::optional<int64> exact_number(const NumberType &type, Datum value) {
    const auto whole = whole_number(type.type, value);
    return whole ? rescaled(*whole, 0, type.scale) : steps_from(type.scale, value);
}

int64 number_from_column(const NumberType &type, Datum value) {
    const auto steps = exact_number(type, value);
    if (steps) return *steps;
    const auto whole = whole_number(type.type, value);
    const char *text = whole ? psprintf(INT64_FORMAT, *whole) : number_text(value);
    ereport(ERROR,
            (errcode(errcodes::out_of_range), errmsg("stored number %s cannot be counted exactly", text),
             errdetail("It is not a multiple of %s, or it is too large.",
                       number_text(numeric_of(1, type.scale)))));
}

Datum number_to_column(const NumberType &type, int64 steps) {
    if (type.type == INT8OID && type.scale == 0) return Int64GetDatum(steps);
    const auto number = type.is_wide ? steps : rescaled(steps, type.scale, type.decimals);
    if (!number || steps > type.max || steps < -type.max)
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("%s does not fit its column", number_text(numeric_of(steps, type.scale))),
                        errdetail("The column is of type %s.",
                                  format_type_with_typemod(type.type, type.typmod))));
    switch (type.type) {
    case INT2OID:
        return Int16GetDatum(static_cast<int16>(*number));
    case INT4OID:
        return Int32GetDatum(static_cast<int32>(*number));
    case INT8OID:
        return Int64GetDatum(*number);
    default:
        return type.is_wide ? in_column(numeric_of(steps, type.scale), type.typmod)
                            : numeric_of(*number, type.decimals);
    }
}

Money money_from_column(const NumberType &type, Datum value) {
    return Money{number_from_column(type, value)};
}

Datum money_to_column(const NumberType &type, Money money) {
    return number_to_column(type, money.value);
}

Money money_from_numeric(const NumberType &type, Datum number, const char *argument) {
    const auto steps = steps_from(type.scale, number);
    if (!steps || *steps > type.max || *steps < -type.max)
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("%s does not fit the money of the store", argument),
                        errdetail("%s is not a value of type %s.", number_text(number),
                                  format_type_with_typemod(type.type, type.typmod))));
    return Money{*steps};
}

Datum money_to_numeric(const NumberType &type, Money money) {
    return numeric_of(money.value, type.scale);
}

} // namespace vend
