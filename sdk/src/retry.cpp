#include "retry.hpp"

#include <array>
#include <string_view>

namespace vend {

bool is_transient(const error &failure) {
    constexpr std::array<std::string_view, 7> codes{"40001", "40P01", "57P01", "57P02",
                                                    "57P03", "57P05", "25006"};
    const std::string_view sqlstate = failure.sqlstate();
    return sqlstate.starts_with("08") || std::ranges::find(codes, sqlstate) != codes.end() ||
           // Of a pool the same code is final: its caller has waited in line.
           (sqlstate == "53300" && failure.diagnostics().severity == "FATAL") ||
           dynamic_cast<const unanswered *>(&failure) != nullptr;
}

} // namespace vend
