#pragma once
// Arguments of the SQL functions, checked and typed.

#include "base/prelude.hpp"

#include "core/uuid.hpp"
#include "store/key_type.hpp"
#include "store/store.hpp"

#include <optional>

namespace vend {

// One call's arguments. A missing required one raises 22004 and names it.
class Arguments {
  public:
    explicit Arguments(FunctionCallInfo call_info) : fcinfo(call_info) {}

    // Null when the argument is null.
    [[nodiscard]] const char *optional_string(int number) const;
    [[nodiscard]] std::optional<int64> optional_bigint(int number) const;
    [[nodiscard]] std::optional<Uuid> optional_uuid(int number) const;
    [[nodiscard]] std::optional<Money> optional_money(int number, const MoneyType &type,
                                                      const char *name) const;

    // Null, or at least 1, else 22023.
    [[nodiscard]] std::optional<Quantity> optional_quantity(int number, const char *name) const;
    [[nodiscard]] Uuid uuid(int number, const char *name) const;
    [[nodiscard]] const char *string(int number, const char *name) const;
    [[nodiscard]] bool boolean(int number, const char *name) const;
    [[nodiscard]] Oid oid(int number, const char *name) const;
    // At least 1, else 22023.
    [[nodiscard]] Quantity quantity(int number, const char *name) const;
    // More than 0, else 22023.
    [[nodiscard]] Money money(int number, const MoneyType &type, const char *name) const;
    // Of any type that the key can be read from.
    [[nodiscard]] Datum key(int number, KeyType &type, const char *name) const;

  private:
    void require(int number, const char *name) const;
    [[nodiscard]] bool is_null(int number) const { return fcinfo->args[number].isnull; }
    [[nodiscard]] Datum datum(int number) const { return fcinfo->args[number].value; }

    FunctionCallInfo fcinfo;
};

} // namespace vend
