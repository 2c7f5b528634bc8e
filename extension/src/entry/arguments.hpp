#pragma once
// Reads the arguments of an SQL function, checked and typed.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"

#include <optional>
#include <span>

namespace vend {

// Check a value of an argument or an array element. Each raises 22023 for a value that makes no sense.
Quantity quantity_from(Datum value, const char *name);
Money price_from(Datum value, const NumberType &type, const char *name);
Money amount_from(Datum value, const NumberType &type, const char *name);

// The arguments of one call. A required argument that is null raises 22004, which names it.
class Arguments {
  public:
    explicit Arguments(FunctionCallInfo call_info) : fcinfo(call_info) {}

    // The number of the argument that SQL declares under this name.
    [[nodiscard]] int number_of(const char *name) const;

    // A null pointer when the argument is null.
    [[nodiscard]] const char *optional_string(int number) const;
    // InvalidOid when the argument is null.
    [[nodiscard]] Oid optional_table(int number) const;
    // Raises 42704 when there is no such type.
    [[nodiscard]] Oid optional_type(int number, const char *name) const;
    [[nodiscard]] Oid type(int number, const char *name) const;
    [[nodiscard]] std::optional<int64> optional_bigint(int number) const;
    [[nodiscard]] std::optional<Uuid> optional_uuid(int number) const;
    [[nodiscard]] std::optional<Money> optional_money(int number, const NumberType &type,
                                                      const char *name) const;

    // Raises 22023 for a quantity below 1.
    [[nodiscard]] std::optional<Quantity> optional_quantity(int number, const char *name) const;
    [[nodiscard]] Uuid uuid(int number, const char *name) const;
    [[nodiscard]] const char *string(int number, const char *name) const;
    [[nodiscard]] bool boolean(int number, const char *name) const;
    [[nodiscard]] Oid oid(int number, const char *name) const;
    [[nodiscard]] int64 bigint(int number, const char *name) const;
    [[nodiscard]] Datum jsonb(int number, const char *name) const;
    // Raises 22023 for a quantity below 1.
    [[nodiscard]] Quantity quantity(int number, const char *name) const;
    // Raises 22023 for an amount of 0 or less.
    [[nodiscard]] Money money(int number, const NumberType &type, const char *name) const;
    // The argument may have any type that a key can be read from.
    [[nodiscard]] Datum key(int number, const KeyType &type, const char *name) const;
    template <KeyOf of>
    [[nodiscard]] Key<of> key(int number, const KeyTypeOf<of> &type, const char *name) const {
        return Key<of>(key(number, type.untyped(), name));
    }

    // Whether the caller left the argument out, or passed NULL.
    [[nodiscard]] bool is_null(int number) const { return fcinfo->args[number].isnull; }
    // The elements of a one-dimensional array, and their type.
    struct Elements {
        std::span<Datum> values;
        std::span<bool> nulls;
        Oid type = InvalidOid;

        [[nodiscard]] std::optional<Datum> at(std::size_t i) const {
            if (nulls[i]) return std::nullopt;
            return values[i];
        }
    };
    [[nodiscard]] Elements elements(int number, const char *name) const;

    // Raises 22004 when the argument is null.
    void require(int number, const char *name) const;

  private:
    [[nodiscard]] Oid type_of(int number, const char *name) const;
    [[nodiscard]] Datum datum(int number) const { return fcinfo->args[number].value; }

    FunctionCallInfo fcinfo;
};

} // namespace vend
