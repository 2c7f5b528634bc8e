#pragma once
// Refusals as errors.

#include "base/prelude.hpp"

#include "core/verdict.hpp"

namespace vend {

// Raises the refusal under its SQLSTATE. A retry can cure 40001 only; a refusal that was recorded under
// an id never is one.
[[noreturn]] void raise_refusal(Verdict verdict, const char *item, const char *buyer,
                                const char *detail);

} // namespace vend
