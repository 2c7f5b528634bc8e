#include "call.hpp"

#include "text_values.hpp"

namespace vend {

std::optional<uuid> call::id() const {
    return ids.size() == 1 ? std::optional(ids.front()) : std::nullopt;
}

bool call::is_answered_by(const rows &found) const {
    if (found.size() < ids.size()) return false;
    if (!ids.empty() && !has_lines && found.size() > ids.size()) return false;
    for (std::size_t row = 0; row < ids.size(); ++row)
        if (id_column >= found.columns() || found.get(row, id_column) != ids[row].str()) return false;
    return true;
}

std::vector<uuid> call::refused_by(const rows &found) const {
    std::vector<uuid> refused;
    for (std::size_t row = 0; row < ids.size(); ++row) {
        const status answer = row_reader(found, row).status();
        // Every attempt gets these.
        const bool is_fault = answer == status::invalid || answer == status::id_mismatch;
        if (!took_place(answer) && !is_fault) refused.push_back(ids[row]);
    }
    return refused;
}

uuid id_or_new(const std::optional<uuid> &id) {
    return id ? *id : uuid::make_v7();
}

call try_purchase_call(const purchase_request &request, const std::optional<std::string> &store) {
    namespace at = try_purchase_parameter;
    const uuid id = id_or_new(request.id);
    std::vector<std::optional<std::string>> values(at::count);
    values[at::item] = request.item;
    values[at::buyer] = request.buyer;
    values[at::qty] = std::to_string(request.qty);
    values[at::id] = id.str();
    values[at::lock_mode] = request.lock_mode;
    values[at::nowait] = text_of(request.nowait);
    values[at::expected_version] = text_of(request.expected_version);
    values[at::max_price] = text_of(request.max_price);
    values[at::unit_price] = text_of(request.unit_price);
    values[at::amount] = text_of(request.amount);
    values[at::remember] = text_of(request.remember);
    values[at::currency] = request.currency;
    values[at::store] = store;
    return {.name = "try_purchase",
            .sql = try_purchase_sql,
            .parameters = std::move(values),
            .ids = {id},
            .remember_parameter = at::remember};
}

outcome outcome_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    // The columns of OUTCOME in their order: a braced list is evaluated from left to right.
    return {reader.status(),  reader.required_text(), reader.id(),     reader.text(),   reader.text(),
            reader.integer(), reader.amount(),        reader.amount(), reader.amount(), reader.at()};
}

call with_lock_timeout(call try_purchase, int ms) {
    try_purchase.sql = try_purchase_in_time_sql;
    try_purchase.parameters.emplace_back(std::to_string(ms) + " ms");
    return try_purchase;
}

call lock_timeout_call(int ms, int process) {
    return {.name = "lock_timeout",
            .sql = lock_timeout_sql,
            .parameters = {std::to_string(ms) + " ms", std::to_string(process)}};
}

call void_call(std::span<const uuid> ids, const std::optional<std::string> &store) {
    return {.name = "void_id",
            .sql = void_id_sql,
            .parameters = {array(ids, [](const uuid &id) { return id.str(); }), store}};
}

} // namespace vend
