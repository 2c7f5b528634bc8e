#pragma once
// Figures as the columns of a store have them, and as the surface does: int64 steps inside, integers or
// numeric(p,s) in the columns, numeric in arguments and receipts.
//
// The figures of one store have one step: a unit of stock, and of money what the ledger's last decimal
// says. A column may have fewer decimals than that, or more where all that it holds is whole steps.

#include "base/prelude.hpp"

#include "core/checked.hpp"

#include <optional>

namespace vend {

struct NumberType {
    Oid type = InvalidOid; // INT2OID, INT4OID, INT8OID or NUMERICOID
    int32 typmod = -1;
    int decimals = 0; // of the column
    int scale = 0;    // decimals of a step
    int64 max = 0;    // the largest that a column holds, in steps
    friend bool operator==(const NumberType &, const NumberType &) = default;
};

// Exact, or nothing where the sum is beyond the type.
std::optional<Money> checked_add(const NumberType &type, Money a, Money b);

// The number type of a column, its last decimal a step; nothing where a column of that type cannot hold
// figures exactly: numeric needs a declared scale, and no more digits than an int64 has.
std::optional<NumberType> number_type_of(Oid type, int32 typmod);

// The same column, with steps of that many decimals.
NumberType in_steps_of(NumberType type, int scale);

// From and to the column's own type. Raise 22003 for what is no whole number of steps, or beyond them.
int64 number_from_column(const NumberType &type, Datum value);
Datum number_to_column(const NumberType &type, int64 steps);
Money money_from_column(const NumberType &type, Datum value);
Datum money_to_column(const NumberType &type, Money money);

// From and to numeric. Raises 22003, naming the argument, when the number does not fit the scale.
Money money_from_numeric(const NumberType &type, Datum number, const char *argument);
Datum money_to_numeric(const NumberType &type, Money money);

} // namespace vend
