#pragma once
// Raises a refusal as an error.

#include "base/prelude.hpp"

#include "core/verdict.hpp"

namespace vend {

// Raises the refusal under its SQLSTATE. Only 40001 may end otherwise in a retry under the same id, and
// a refusal that was recorded under an id is never 40001.
[[noreturn]] void raise_refusal(Verdict verdict, const char *item, const char *buyer,
                                const char *detail);

} // namespace vend
