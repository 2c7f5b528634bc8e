#pragma once
// Turns the outcome of a movement into a row, alone or in a batch.

#include "base/prelude.hpp"

#include "binding/number_type.hpp"
#include "core/kind.hpp"
#include "engine/movement_outcome.hpp"
#include "entry/result.hpp"

namespace vend {

ResultRow movement_row(const NumberType &money, Kind kind, const MovementOutcome &outcome);
ResultRow movement_outcome_row(const NumberType &money, Kind kind, const MovementOutcome &outcome);

} // namespace vend
