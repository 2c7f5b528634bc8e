// The functions of a store. Each makes a call from its request, has the derived class send it (run()),
// and reads the rows of the answer. A client sends the call until it is answered; a transaction sends it
// once.
//
// All calls of one store function use one constant text of SQL (sql.hpp), and parameters in its order.

#include <vend/store_calls.hpp>

#include "call.hpp"
#include "libpq.hpp"
#include "retry.hpp"
#include "status.hpp"
#include "text_values.hpp"

#include <algorithm>
#include <type_traits>

namespace vend {
namespace {

// For requests.
template <typename Requests> std::vector<uuid> ids_of(const Requests &requests);
template <typename Requests, typename Field>
void require_alike(const Requests &requests, Field field, const char *what);

// For answers.
cart_outcome cart_from(const rows &found);
movement_outcome movement_from(const rows &found, std::size_t row);
finding finding_from(const rows &found, std::size_t row);
template <typename From>
std::vector<std::invoke_result_t<From, const rows &, std::size_t>> each_row(const rows &found,
                                                                            From from);
movement require_moved(std::string_view function, movement_outcome outcome);

} // namespace

template <typename Read> auto store_calls::answer_to(call what, Read read) {
    const char *sql = what.sql;
    const auto id = what.id();
    const rows found = run(std::move(what));
    return read_answer(sql, id, [&] { return read(found); });
}

outcome store_calls::try_purchase(const purchase_request &request) {
    return answer_to(try_purchase_call(request, store_of(request.store)),
                     [](const rows &found) { return outcome_from(found, 0); });
}

receipt store_calls::purchase(const purchase_request &request) {
    return require_purchased(try_purchase(request));
}

std::vector<outcome> store_calls::purchase_many(std::span<const purchase_request> requests) {
    namespace at = purchase_many_parameter;
    if (requests.empty()) return {};
    require_alike(requests, &purchase_request::store, "store");
    require_alike(requests, &purchase_request::remember, "remember");
    if (!std::ranges::all_of(requests, is_for_batches))
        throw local_error("22023", "a batch cannot have lock_mode, nowait or expected_version");
    const std::vector<uuid> ids = ids_of(requests);
    std::vector<std::optional<std::string>> values(at::count);
    values[at::items] = array(requests, [](const auto &one) { return one.item; });
    values[at::buyers] = array(requests, [](const auto &one) { return one.buyer; });
    values[at::quantities] = array(requests, [](const auto &one) { return std::to_string(one.qty); });
    values[at::ids] = array(ids, [](const uuid &id) { return id.str(); });
    values[at::max_prices] = optional_array(requests, [](const auto &one) { return one.max_price; });
    values[at::unit_prices] = optional_array(requests, [](const auto &one) { return one.unit_price; });
    values[at::amounts] = optional_array(requests, [](const auto &one) { return one.amount; });
    values[at::remember] = text_of(requests.front().remember);
    values[at::currencies] = optional_array(requests, [](const auto &one) { return one.currency; });
    values[at::store] = store_of(requests.front().store);
    return answer_to({.name = "purchase_many",
                      .sql = purchase_many_sql,
                      .parameters = std::move(values),
                      .ids = ids,
                      .remember_parameter = at::remember},
                     [](const rows &found) { return each_row(found, outcome_from); });
}

cart_outcome store_calls::try_checkout(const cart_request &request) {
    const uuid id = id_or_new(request.id);
    return answer_to(
        {.name = "try_checkout",
         .sql = try_checkout_sql,
         .parameters = {request.buyer, array(request.lines, [](const auto &one) { return one.item; }),
                        array(request.lines, [](const auto &one) { return std::to_string(one.qty); }),
                        id.str(),
                        optional_array(request.lines, [](const auto &one) { return one.max_price; }),
                        optional_array(request.lines, [](const auto &one) { return one.unit_price; }),
                        optional_array(request.lines, [](const auto &one) { return one.amount; }),
                        request.currency, store_of(request.store)},
         .ids = {id},
         .id_column = cart_id_column,
         .has_lines = true},
        cart_from);
}

cart_receipt store_calls::checkout(const cart_request &request) {
    cart_outcome cart = try_checkout(request);
    if (!cart) throw refused_as("checkout", cart.status, cart.detail, cart.id, cart.line);
    return {cart.id.value_or(uuid()),      cart.buyer.value_or(request.buyer),
            std::move(cart.amount),        std::move(cart.balance),
            cart.at.value_or(timestamp()), cart.status == status::replayed,
            std::move(cart.lines)};
}

movement store_calls::deposit(const wallet_request &request) {
    return require_moved("deposit", try_move("deposit", deposit_sql, request.id, request.store,
                                             {request.wallet, request.amount.str()}));
}

movement_outcome store_calls::try_withdraw(const wallet_request &request) {
    return try_move("try_withdraw", try_withdraw_sql, request.id, request.store,
                    {request.wallet, request.amount.str()});
}

movement store_calls::withdraw(const wallet_request &request) {
    return require_moved("withdraw", try_withdraw(request));
}

movement_outcome store_calls::try_transfer(const transfer_request &request) {
    return try_move("try_transfer", try_transfer_sql, request.id, request.store,
                    {request.payer, request.payee, request.amount.str()});
}

movement store_calls::transfer(const transfer_request &request) {
    return require_moved("transfer", try_transfer(request));
}

std::vector<movement_outcome> store_calls::transfer_many(std::span<const transfer_request> requests) {
    if (requests.empty()) return {};
    require_alike(requests, &transfer_request::store, "store");
    const std::vector<uuid> ids = ids_of(requests);
    return answer_to({.name = "transfer_many",
                      .sql = transfer_many_sql,
                      .parameters = {array(requests, [](const auto &one) { return one.payer; }),
                                     array(requests, [](const auto &one) { return one.payee; }),
                                     array(requests, [](const auto &one) { return one.amount.str(); }),
                                     array(ids, [](const uuid &id) { return id.str(); }),
                                     store_of(requests.front().store)},
                      .ids = ids},
                     [](const rows &found) { return each_row(found, movement_from); });
}

movement store_calls::restock(const restock_request &request) {
    return require_moved("restock", try_move("restock", restock_sql, request.id, request.store,
                                             {request.item, std::to_string(request.qty)}));
}

movement_outcome store_calls::try_write_off(const write_off_request &request) {
    return try_move("try_write_off", try_write_off_sql, request.id, request.store,
                    {request.item, std::to_string(request.qty)});
}

movement store_calls::write_off(const write_off_request &request) {
    return require_moved("write_off", try_write_off(request));
}

movement_outcome store_calls::try_refund(const refund_request &request) {
    return try_move("try_refund", try_refund_sql, request.id, request.store,
                    {request.purchase.str(), text_of(request.qty), request.item, text_of(request.amount),
                     text_of(request.restock)});
}

movement store_calls::refund(const refund_request &request) {
    return require_moved("refund", try_refund(request));
}

void store_calls::void_id(const uuid &id, const std::optional<std::string> &store) {
    (void)run(void_call({{id}}, store_of(store)));
}

std::optional<std::int64_t> store_calls::available(std::string_view item,
                                                   const std::optional<std::string> &store) {
    return answer_to(
        {.name = "available", .sql = available_sql, .parameters = {std::string(item), store_of(store)}},
        [](const rows &found) { return row_reader(found, 0).integer(); });
}

void store_calls::set_lock_mode(std::string_view item, const std::optional<std::string> &mode,
                                const std::optional<std::string> &store) {
    (void)run({.name = "set_lock_mode",
               .sql = set_lock_mode_sql,
               .parameters = {std::string(item), mode, store_of(store)}});
}

std::int64_t store_calls::settle(const std::optional<std::string> &store) {
    return integer_of({.name = "settle", .sql = settle_sql, .parameters = {store_of(store)}});
}

std::vector<finding> store_calls::audit(const std::optional<std::string> &store) {
    return answer_to({.name = "audit", .sql = audit_sql, .parameters = {store_of(store)}},
                     [](const rows &found) { return each_row(found, finding_from); });
}

std::int64_t store_calls::integer_of(call what) {
    return answer_to(std::move(what),
                     [](const rows &found) { return row_reader(found, 0).integer().value_or(0); });
}

// A call whose last parameters are the id and the store.
movement_outcome store_calls::try_move(std::string_view name, const char *sql,
                                       const std::optional<uuid> &id,
                                       const std::optional<std::string> &store,
                                       std::vector<std::optional<std::string>> parameters) {
    call what{.name = name, .sql = sql, .parameters = std::move(parameters), .ids = {id_or_new(id)}};
    what.parameters.emplace_back(what.ids.front().str());
    what.parameters.push_back(store_of(store));
    return answer_to(std::move(what), [](const rows &found) { return movement_from(found, 0); });
}

const std::optional<std::string> &store_calls::store_of(const std::optional<std::string> &store) const {
    return store ? store : default_store();
}

namespace {

template <typename Requests> std::vector<uuid> ids_of(const Requests &requests) {
    std::vector<uuid> ids;
    ids.reserve(requests.size());
    for (const auto &one : requests) ids.push_back(id_or_new(one.id));
    return ids;
}

template <typename Requests, typename Field>
void require_alike(const Requests &requests, Field field, const char *what) {
    const auto differs = [&](const auto &one) { return one.*field != requests.front().*field; };
    if (std::ranges::any_of(requests, differs))
        throw local_error("22023", std::string("the requests of a batch must have the same ") + what);
}

cart_outcome cart_from(const rows &found) {
    row_reader reader(found, 0);
    cart_outcome cart{.status = reader.status(), .detail = reader.required_text()};
    if (const auto line = reader.integer()) cart.line = static_cast<int>(*line);
    cart.id = reader.id();
    cart.buyer = reader.text();
    cart.amount = reader.amount();
    cart.balance = reader.amount();
    cart.at = reader.at();
    for (std::size_t row = 0; row < found.size(); ++row) {
        row_reader line(found, row, cart_lines_column);
        if (const auto item = line.text())
            cart.lines.push_back({*item, line.integer().value_or(0), line.amount(), line.amount()});
    }
    return cart;
}

movement_outcome movement_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    // The columns of MOVED in their order: a braced list is evaluated from left to right.
    return {reader.status(), reader.required_text(), reader.id(),     reader.required_text(),
            reader.text(),   reader.text(),          reader.text(),   reader.integer(),
            reader.amount(), reader.integer(),       reader.amount(), reader.at()};
}

finding finding_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    return {reader.required_text(), reader.text(), reader.amount(), reader.amount(), reader.text()};
}

template <typename From>
std::vector<std::invoke_result_t<From, const rows &, std::size_t>> each_row(const rows &found,
                                                                            From from) {
    std::vector<std::invoke_result_t<From, const rows &, std::size_t>> all;
    all.reserve(found.size());
    for (std::size_t row = 0; row < found.size(); ++row) all.push_back(from(found, row));
    return all;
}

movement require_moved(std::string_view function, movement_outcome outcome) {
    if (!outcome) throw refused_as(function, outcome.status, outcome.detail, outcome.id);
    return {outcome.id.value_or(uuid()),       std::move(outcome.kind),
            std::move(outcome.item),           std::move(outcome.wallet),
            std::move(outcome.payee),          outcome.qty,
            std::move(outcome.amount),         outcome.stock,
            std::move(outcome.balance),        outcome.at.value_or(timestamp()),
            outcome.status == status::replayed};
}

} // namespace
} // namespace vend
