#pragma once
// Money as the columns of a store have it, and as the surface does: int64 steps inside, bigint or
// numeric(p,s) in the columns, numeric in arguments and receipts.

#include "base/prelude.hpp"

#include "core/checked.hpp"

#include <optional>

namespace vend {

struct MoneyType {
    Oid type = InvalidOid; // INT8OID or NUMERICOID
    int32 typmod = -1;
    int scale = 0;
    Money max{}; // the largest that a column holds
    friend bool operator==(const MoneyType &, const MoneyType &) = default;
};

// Exact, or nothing where the sum is beyond the type.
std::optional<Money> checked_add(const MoneyType &type, Money a, Money b);

// The money type of a column, or nothing where a column of that type cannot hold money exactly:
// numeric needs a declared scale, and no more digits than an int64 has.
std::optional<MoneyType> money_type_of(Oid type, int32 typmod);

// From and to the column's own type.
Money money_from_column(const MoneyType &type, Datum value);
Datum money_to_column(const MoneyType &type, Money money);

// From and to numeric. Raises 22003, naming the argument, when the number does not fit the scale.
Money money_from_numeric(const MoneyType &type, Datum number, const char *argument);
Datum money_to_numeric(const MoneyType &type, Money money);

} // namespace vend
