#pragma once
// All SQLSTATEs: those of the class VN, which is ours, and standard ones under the names used here.
// docs/errors.md lists them for callers.

#include "base/prelude.hpp"

namespace vend::errcodes {

// Refusals: the request was understood, and the answer is no.
inline constexpr int sold_out = MAKE_SQLSTATE('V', 'N', '0', '0', '1');
inline constexpr int all_pending = MAKE_SQLSTATE('V', 'N', '0', '0', '2');
inline constexpr int insufficient_funds = MAKE_SQLSTATE('V', 'N', '0', '0', '3');
inline constexpr int stale_version = MAKE_SQLSTATE('V', 'N', '0', '0', '4');
inline constexpr int price_changed = MAKE_SQLSTATE('V', 'N', '0', '0', '5');
inline constexpr int unknown_item = MAKE_SQLSTATE('V', 'N', '0', '0', '6');
inline constexpr int unknown_buyer = MAKE_SQLSTATE('V', 'N', '0', '0', '7');
inline constexpr int unknown_purchase = MAKE_SQLSTATE('V', 'N', '0', '0', '9');
inline constexpr int over_refund = MAKE_SQLSTATE('V', 'N', '0', '1', '0');
inline constexpr int not_on_sale = MAKE_SQLSTATE('V', 'N', '0', '1', '2');
inline constexpr int currency_mismatch = MAKE_SQLSTATE('V', 'N', '0', '1', '3');
inline constexpr int unknown_row = ERRCODE_NO_DATA_FOUND;
inline constexpr int busy = ERRCODE_LOCK_NOT_AVAILABLE;
inline constexpr int lost_race = ERRCODE_T_R_SERIALIZATION_FAILURE;

// Faults: the request or the store is wrong.
inline constexpr int id_mismatch = MAKE_SQLSTATE('V', 'N', '0', '0', '8');
inline constexpr int version_unstated = MAKE_SQLSTATE('V', 'N', '0', '1', '1');
inline constexpr int null_argument = ERRCODE_NULL_VALUE_NOT_ALLOWED;
inline constexpr int bad_argument = ERRCODE_INVALID_PARAMETER_VALUE;
inline constexpr int bad_text = ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
inline constexpr int out_of_range = ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
inline constexpr int unknown_store = ERRCODE_UNDEFINED_OBJECT;
inline constexpr int unknown_column = ERRCODE_UNDEFINED_COLUMN;
inline constexpr int not_permitted = ERRCODE_INSUFFICIENT_PRIVILEGE;
inline constexpr int not_in_state = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
inline constexpr int unsafe_plan = ERRCODE_FEATURE_NOT_SUPPORTED;
inline constexpr int write_altered = ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION;

} // namespace vend::errcodes
