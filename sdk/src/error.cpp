#include <vend/error.hpp>

#include "status.hpp"

#include <utility>

namespace vend {
namespace {

std::string whole_message(const diagnostics &fields) {
    return fields.detail.empty() ? fields.message : fields.message + ": " + fields.detail;
}

} // namespace

error::error(vend::diagnostics diagnostics)
    : std::runtime_error(whole_message(diagnostics)), diagnostics_(std::move(diagnostics)) {}

void error::set_call(std::optional<uuid> id, int attempts, bool is_in_doubt) noexcept {
    id_ = id;
    attempts_ = attempts;
    is_in_doubt_ = is_in_doubt;
}

refused::refused(vend::status status, vend::diagnostics diagnostics, std::optional<int> line)
    : error(std::move(diagnostics)), status_(status), line_(line) {}

receipt require_purchased(outcome sale) {
    if (!sale) throw refused_as("purchase", sale.status, sale.detail, sale.id);
    return {sale.id.value_or(uuid()), sale.item.value_or(""),        sale.buyer.value_or(""),
            sale.qty.value_or(0),     std::move(sale.unit_price),    std::move(sale.amount),
            std::move(sale.balance),  sale.at.value_or(timestamp()), sale.status == status::replayed};
}

} // namespace vend
