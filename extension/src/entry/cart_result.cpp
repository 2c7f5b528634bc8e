#include "base/prelude.hpp"

#include "entry/cart_result.hpp"

#include "binding/number_type.hpp"
#include "core/verdict.hpp"

namespace vend {
namespace {

// The lines as an array, which is the last column of the function's result type.
Datum lines_array(FunctionCallInfo fcinfo, const NumberType &money, const CartOutcome &outcome) {
    const TupleDesc result = result_type(fcinfo);
    const Oid type = get_element_type(TupleDescAttr(result, result->natts - 1)->atttypid);
    const TupleDesc descriptor = lookup_rowtype_tupdesc(type, -1);
    auto *lines = static_cast<Datum *>(palloc(sizeof(Datum) * outcome.lines.size()));
    for (std::size_t i = 0; i < outcome.lines.size(); ++i) {
        const CartLineOutcome &line = outcome.lines[i];
        ResultRow row;
        row.add_optional_text(line.item);
        row.add_quantity(line.qty);
        row.add_money(money, line.unit_price);
        row.add_money(money, line.amount);
        lines[i] = row.row(descriptor);
    }
    ReleaseTupleDesc(descriptor);
    return PointerGetDatum(construct_array(lines, static_cast<int>(outcome.lines.size()), type, -1,
                                           false, TYPALIGN_DOUBLE));
}

// The columns that a receipt and an outcome share, from id to at.
void add_common(ResultRow &result, const NumberType &money, const CartOutcome &outcome) {
    result.add_uuid(outcome.id);
    result.add_optional_text(outcome.buyer);
    result.add_money(money, outcome.amount);
    result.add_money(money, outcome.balance);
    result.add_time(outcome.at);
}

} // namespace

ResultRow cart_receipt_row(FunctionCallInfo fcinfo, const NumberType &money,
                           const CartOutcome &outcome) {
    ResultRow result;
    add_common(result, money, outcome);
    result.add(BoolGetDatum(outcome.replayed));
    result.add(lines_array(fcinfo, money, outcome));
    return result;
}

ResultRow cart_outcome_row(FunctionCallInfo fcinfo, const NumberType &money,
                           const CartOutcome &outcome) {
    const bool is_replayed = outcome.replayed && outcome.verdict == Verdict::accept;
    ResultRow result;
    result.add_text(is_replayed ? "replayed" : status_of(outcome.verdict));
    result.add_optional_text(outcome.detail);
    if (outcome.refused)
        result.add(Int32GetDatum(static_cast<int32>(*outcome.refused) + 1));
    else
        result.add_null();
    add_common(result, money, outcome);
    result.add(lines_array(fcinfo, money, outcome));
    return result;
}

} // namespace vend
