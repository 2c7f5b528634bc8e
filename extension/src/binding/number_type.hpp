#pragma once
// Converts figures. The engine counts in int64 steps, the columns are integers or numeric(p,s), and
// arguments and receipts are numeric.
//
// A numeric column of more than 18 digits, or of no declared number, is wide. It can store numbers that
// the engine does not count; only money may be in such a column, and the ledger says how it is counted.
//
// All figures of one store are counted in the same steps: units of stock, and for money the last decimal
// of the ledger. A column may have fewer decimals than that. It may also have more, as long as all of
// its values are whole steps.

#include "base/prelude.hpp"

#include "core/checked.hpp"

#include <optional>

namespace vend {

struct NumberType {
    Oid type = InvalidOid; // INT2OID, INT4OID, INT8OID or NUMERICOID
    int32 typmod = -1;
    int decimals = 0; // decimals of the column
    int scale = 0;    // decimals of a step
    int64 max = 0;    // the largest value of the column that is counted, in steps
    bool is_wide = false;
    int whole_digits = 0; // of a wide column: before the decimal point
    friend bool operator==(const NumberType &, const NumberType &) = default;
};

// The number type of a column, counted in steps of its last decimal. Nothing where a column of this type
// cannot store figures exactly: numeric needs a declared scale and at most 18 digits.
std::optional<NumberType> number_type_of(Oid type, int32 typmod);

// The type of a wide column. Nothing for any other column.
std::optional<NumberType> wide_number_type_of(Oid type, int32 typmod);

// The type of the same column, counted in steps of `scale` decimals.
NumberType in_steps_of(NumberType type, int scale);

// The number in a column, in steps. Nothing where it is not a whole number of steps, or too large.
std::optional<int64> exact_number(const NumberType &type, Datum value);

// Convert from and to the column's own type. Raise 22003 for a number that is not a whole number of
// steps or is too large.
int64 number_from_column(const NumberType &type, Datum value);
Datum number_to_column(const NumberType &type, int64 steps);
Money money_from_column(const NumberType &type, Datum value);
Datum money_to_column(const NumberType &type, Money money);

// Convert from and to numeric. Raises 22003, with the name of the argument, when the number is not a
// whole number of steps or is too large.
Money money_from_numeric(const NumberType &type, Datum number, const char *argument);
Datum money_to_numeric(const NumberType &type, Money money);

} // namespace vend
