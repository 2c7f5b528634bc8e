#pragma once
// A result row. Its columns are added in the order of the row type.

#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "binding/number_type.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"

#include <optional>
#include <string_view>

namespace vend {

// The row type that the function returns.
inline TupleDesc result_type(FunctionCallInfo fcinfo) {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("function returning record called in a context that cannot "
                               "accept type record")));
    return descriptor;
}

class ResultRow {
  public:
    void add(Datum value) { append(value, false); }
    void add_null() { append(0, true); }
    void add_text(std::string_view text) {
        add(PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))));
    }
    void add_optional_text(const char *text) { text == nullptr ? add_null() : add_text(text); }
    void add_uuid(const std::optional<Uuid> &id) { id ? add(to_datum(*id)) : add_null(); }
    void add_quantity(std::optional<Quantity> qty) { qty ? add(Int64GetDatum(qty->value)) : add_null(); }
    void add_money(const NumberType &type, std::optional<Money> money) {
        money ? add(money_to_numeric(type, *money)) : add_null();
    }
    void add_time(std::optional<TimestampTz> at) { at ? add(TimestampTzGetDatum(*at)) : add_null(); }

    // Makes the row in the function's result type. Call it after SPI_finish().
    [[nodiscard]] Datum row(FunctionCallInfo fcinfo) { return row(result_type(fcinfo)); }

    [[nodiscard]] Datum row(TupleDesc descriptor) {
        require_columns(descriptor);
        return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
    }

    // Adds the row to the set that the function returns.
    void put(const ReturnSetInfo *set) {
        require_columns(set->setDesc);
        tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
    }

  private:
    void require_columns(TupleDesc descriptor) const {
        if (descriptor->natts != count)
            ereport(ERROR, (errcode(errcodes::not_in_state),
                            errmsg("library and extension have different versions"),
                            errhint("Connect again, or run ALTER EXTENSION pg_vend UPDATE.")));
    }

    static constexpr int columns_max = 12;

    void append(Datum value, bool is_null) {
        values[count] = value;
        nulls[count] = is_null;
        ++count;
    }

    Datum values[columns_max] = {};
    bool nulls[columns_max] = {};
    int count = 0;
};

} // namespace vend
