#include "base/prelude.hpp"

#include "entry/movement_result.hpp"

#include "binding/number_type.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"

namespace vend {
namespace {

// The columns that a movement and its outcome share, from id to at.
void add_common(ResultRow &result, const NumberType &money, Kind kind, const MovementOutcome &outcome) {
    result.add_uuid(outcome.id);
    result.add_text(to_text(kind));
    result.add_optional_text(outcome.item);
    result.add_optional_text(outcome.wallet);
    result.add_optional_text(outcome.payee);
    result.add_quantity(outcome.qty);
    result.add_money(money, outcome.amount);
    result.add_quantity(outcome.stock);
    result.add_money(money, outcome.balance);
    result.add_time(outcome.at);
}

} // namespace

ResultRow movement_row(const NumberType &money, Kind kind, const MovementOutcome &outcome) {
    ResultRow result;
    add_common(result, money, kind, outcome);
    result.add(BoolGetDatum(outcome.replayed));
    return result;
}

ResultRow movement_outcome_row(const NumberType &money, Kind kind, const MovementOutcome &outcome) {
    ResultRow result;
    if (outcome.verdict != Verdict::accept)
        result.add_text(status_of(outcome.verdict));
    else
        result.add_text(outcome.replayed ? "replayed" : "recorded");
    result.add_optional_text(outcome.detail);
    add_common(result, money, kind, outcome);
    return result;
}

} // namespace vend
