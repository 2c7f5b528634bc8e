#include <vend/verbs.hpp>

#include "call.hpp"
#include "libpq.hpp"
#include "retry.hpp"

#include <algorithm>

namespace vend {
namespace {

// Microseconds since 1970, whatever DateStyle and TimeZone are.
#define AT "(extract(epoch FROM at) * 1000000)::bigint"
#define OUTCOME "status, detail, id, item, buyer, qty, unit_price, amount, balance, " AT
#define MOVEMENT "id, kind, item, wallet, payee, qty, amount, stock, balance, " AT
#define MOVED "status, detail, " MOVEMENT
#define DONE "CASE WHEN replayed THEN 'replayed' ELSE 'recorded' END, NULL, " MOVEMENT

#define TRY_PURCHASE                                                                                    \
    "SELECT " OUTCOME " FROM vend.try_purchase($1, $2, $3::bigint, $4::uuid, lock_mode => $5::text, "   \
    "nowait => $6::boolean, expected_version => $7::bigint, max_price => $8::numeric, "                 \
    "unit_price => $9::numeric, amount => $10::numeric, remember => $11::boolean, store => "
#define SET_LOCK_TIMEOUT(limit, is_local)                                                               \
    "pg_catalog.set_config('lock_timeout', (extract(epoch FROM least(nullif("                           \
    "pg_catalog.current_setting('lock_timeout')::interval, '0'), " limit                                \
    "::interval)) * 1000)::bigint::text, " is_local ")"
constexpr auto try_purchase_sql = TRY_PURCHASE "$12::text)";
constexpr auto try_purchase_in_time_sql =
    TRY_PURCHASE "CASE WHEN " SET_LOCK_TIMEOUT("$13", "true") " <> '' THEN $12::text END)";
constexpr auto lock_timeout_sql =
    "SELECT pg_catalog.pg_backend_pid(), CASE WHEN pg_catalog.pg_backend_pid() = $2::integer THEN " SET_LOCK_TIMEOUT(
        "$1", "false") " END";
constexpr auto purchase_many_sql =
    "SELECT " OUTCOME
    " FROM vend.purchase_many($1, $2, $3::bigint[], $4::uuid[], max_prices => $5::numeric[], "
    "unit_prices => $6::numeric[], amounts => $7::numeric[], remember => $8::boolean, "
    "store => $9::text)";
constexpr auto try_checkout_sql =
    "SELECT c.status, c.detail, c.line, c.id, c.buyer, c.amount, c.balance, "
    "(extract(epoch FROM c.at) * 1000000)::bigint, l.item, l.qty, l.unit_price, l.amount "
    "FROM vend.try_checkout($1, $2, $3::bigint[], $4::uuid, max_prices => $5::numeric[], "
    "unit_prices => $6::numeric[], amounts => $7::numeric[], store => $8::text) c "
    "LEFT JOIN LATERAL unnest(c.lines) WITH ORDINALITY l(item, qty, unit_price, amount, n) ON true ORDER BY l.n";
constexpr auto deposit_sql =
    "SELECT " DONE " FROM vend.deposit($1, $2::numeric, $3::uuid, store => $4::text)";
constexpr auto restock_sql =
    "SELECT " DONE " FROM vend.restock($1, $2::bigint, $3::uuid, store => $4::text)";
constexpr auto try_withdraw_sql = "SELECT " MOVED " FROM vend.try_withdraw($1, $2::numeric, $3::uuid, "
                                  "store => $4::text)";
constexpr auto try_transfer_sql =
    "SELECT " MOVED " FROM vend.try_transfer($1, $2, $3::numeric, $4::uuid, "
    "store => $5::text)";
constexpr auto transfer_many_sql =
    "SELECT " MOVED " FROM vend.transfer_many($1, $2, $3::numeric[], $4::uuid[], "
    "store => $5::text)";
constexpr auto try_write_off_sql =
    "SELECT " MOVED " FROM vend.try_write_off($1, $2::bigint, $3::uuid, store => $4::text)";
constexpr auto try_refund_sql =
    "SELECT " MOVED " FROM vend.try_refund($1::uuid, $2::bigint, item => $3::text, amount => "
    "$4::numeric, restock => $5::boolean, id => $6::uuid, store => $7::text)";
// In one order, whoever else voids the same.
constexpr auto void_id_sql = "SELECT vend.void_id(id, $2::text) FROM "
                             "(SELECT unnest($1::uuid[]) AS id ORDER BY 1) AS spent";
constexpr auto available_sql = "SELECT vend.available($1, $2::text)";
constexpr auto set_lock_mode_sql = "SELECT vend.set_lock_mode($1, $2::text, $3::text)";
constexpr auto settle_sql = "SELECT vend.settle($1::text)";
constexpr auto audit_sql = "SELECT finding, key, expected, found, repair FROM vend.audit($1::text)";

#undef SET_LOCK_TIMEOUT
#undef TRY_PURCHASE
#undef DONE
#undef MOVED
#undef MOVEMENT
#undef OUTCOME
#undef AT

uuid id_of(const std::optional<uuid> &id) {
    return id ? *id : uuid::make_v7();
}

template <typename Requests> std::vector<uuid> ids_of(const Requests &requests) {
    std::vector<uuid> ids;
    ids.reserve(requests.size());
    for (const auto &one : requests) ids.push_back(id_of(one.id));
    return ids;
}

std::optional<std::string> text_of(const std::optional<numeric> &amount) {
    return amount ? std::optional(amount->str()) : std::nullopt;
}

std::optional<std::string> text_of(std::optional<std::int64_t> value) {
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::string text_of(bool value) {
    return value ? "true" : "false";
}

// The field of all elements as an array; none where no element has it.
template <typename Elements, typename Get>
std::optional<std::string> optional_array(const Elements &elements, Get get) {
    if (std::ranges::none_of(elements, [&](const auto &element) { return get(element).has_value(); }))
        return std::nullopt;
    array_literal array;
    for (const auto &element : elements) array.add(text_of(get(element)));
    return array.str();
}

template <typename Elements, typename Get> std::string array(const Elements &elements, Get get) {
    array_literal array;
    for (const auto &element : elements) array.add(get(element));
    return array.str();
}

movement_outcome movement_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    return {reader.word(),   reader.required_text(), reader.id(),     reader.required_text(),
            reader.text(),   reader.text(),          reader.text(),   reader.integer(),
            reader.amount(), reader.integer(),       reader.amount(), reader.at()};
}

cart_outcome cart_from(const rows &found) {
    row_reader reader(found, 0);
    cart_outcome cart{.status = reader.word(), .detail = reader.required_text()};
    if (const auto line = reader.integer()) cart.line = static_cast<int>(*line);
    cart.id = reader.id();
    cart.buyer = reader.text();
    cart.amount = reader.amount();
    cart.balance = reader.amount();
    cart.at = reader.at();
    for (std::size_t row = 0; row < found.size(); ++row) {
        row_reader line(found, row, 8);
        if (const auto item = line.text())
            cart.lines.push_back({*item, line.integer().value_or(0), line.amount(), line.amount()});
    }
    return cart;
}

finding finding_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    return {reader.required_text(), reader.text(), reader.amount(), reader.amount(), reader.text()};
}

// What from(found, row) makes of each row.
template <typename From> auto each_row(const rows &found, From from) {
    std::vector<decltype(from(found, 0))> all;
    all.reserve(found.size());
    for (std::size_t row = 0; row < found.size(); ++row) all.push_back(from(found, row));
    return all;
}

// What a refusal would have been raised as.
[[noreturn]] void throw_refused(std::string_view what, status refusal, const std::string &detail,
                                const std::optional<uuid> &id, std::optional<int> line = {}) {
    refused failure(refusal,
                    {.sqlstate = std::string(sqlstate_of(refusal)),
                     .severity = "ERROR",
                     .message = std::string(what) + " refused, " + std::string(to_string(refusal)),
                     .detail = detail},
                    line);
    failure.set_call(id, 1, false);
    throw failure;
}

movement require_moved(std::string_view what, movement_outcome outcome) {
    if (!outcome) throw_refused(what, outcome.status, outcome.detail, outcome.id);
    return {outcome.id.value_or(uuid()),       std::move(outcome.kind),
            std::move(outcome.item),           std::move(outcome.wallet),
            std::move(outcome.payee),          outcome.qty,
            std::move(outcome.amount),         outcome.stock,
            std::move(outcome.balance),        outcome.at.value_or(timestamp()),
            outcome.status == status::replayed};
}

template <typename Requests, typename Field>
void require_alike(const Requests &requests, Field field, const char *what) {
    const auto is_other = [&](const auto &one) { return one.*field != requests.front().*field; };
    if (std::ranges::any_of(requests, is_other))
        throw local_error("22023", std::string("the requests of a batch must have the same ") + what);
}

} // namespace

receipt require_purchased(outcome sale) {
    if (!sale) throw_refused("purchase", sale.status, sale.detail, sale.id);
    return {sale.id.value_or(uuid()), sale.item.value_or(""),        sale.buyer.value_or(""),
            sale.qty.value_or(0),     std::move(sale.unit_price),    std::move(sale.amount),
            std::move(sale.balance),  sale.at.value_or(timestamp()), sale.status == status::replayed};
}

call try_purchase_call(const purchase_request &request, const std::optional<std::string> &store) {
    const uuid id = id_of(request.id);
    return {.name = "try_purchase",
            .sql = try_purchase_sql,
            .parameters = {request.item, request.buyer, std::to_string(request.qty), id.str(),
                           request.lock_mode, text_of(request.nowait), text_of(request.expected_version),
                           text_of(request.max_price), text_of(request.unit_price),
                           text_of(request.amount), text_of(request.remember), store},
            .ids = {id},
            .remember = 10};
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

outcome outcome_from(const rows &found, std::size_t row) {
    row_reader reader(found, row);
    // In the order of the columns: a braced list is evaluated from left to right.
    return {reader.word(),    reader.required_text(), reader.id(),     reader.text(),   reader.text(),
            reader.integer(), reader.amount(),        reader.amount(), reader.amount(), reader.at()};
}

// What read(rows) makes of the answer.
template <typename Read> auto verbs::answer_to(call what, Read read) {
    const char *sql = what.sql;
    const auto id = what.id();
    const rows found = run(std::move(what));
    return read_answer(sql, id, [&] { return read(found); });
}

const std::optional<std::string> &verbs::store_of(const std::optional<std::string> &store) const {
    return store ? store : default_store();
}

outcome verbs::try_purchase(const purchase_request &request) {
    return answer_to(try_purchase_call(request, store_of(request.store)),
                     [](const rows &found) { return outcome_from(found, 0); });
}

receipt verbs::purchase(const purchase_request &request) {
    return require_purchased(try_purchase(request));
}

std::vector<outcome> verbs::purchase_many(std::span<const purchase_request> requests) {
    if (requests.empty()) return {};
    require_alike(requests, &purchase_request::store, "store");
    require_alike(requests, &purchase_request::remember, "remember");
    if (!std::ranges::all_of(requests, is_for_batches))
        throw local_error("22023", "lock_mode, nowait and expected_version are not for batches");
    const std::vector<uuid> ids = ids_of(requests);
    return answer_to(
        {.name = "purchase_many",
         .sql = purchase_many_sql,
         .parameters = {array(requests, [](const auto &one) { return one.item; }),
                        array(requests, [](const auto &one) { return one.buyer; }),
                        array(requests, [](const auto &one) { return std::to_string(one.qty); }),
                        array(ids, [](const uuid &id) { return id.str(); }),
                        optional_array(requests, [](const auto &one) { return one.max_price; }),
                        optional_array(requests, [](const auto &one) { return one.unit_price; }),
                        optional_array(requests, [](const auto &one) { return one.amount; }),
                        text_of(requests.front().remember), store_of(requests.front().store)},
         .ids = ids,
         .remember = 7},
        [](const rows &found) { return each_row(found, outcome_from); });
}

cart_outcome verbs::try_checkout(const cart_request &request) {
    const uuid id = id_of(request.id);
    return answer_to(
        {.name = "try_checkout",
         .sql = try_checkout_sql,
         .parameters = {request.buyer, array(request.lines, [](const auto &one) { return one.item; }),
                        array(request.lines, [](const auto &one) { return std::to_string(one.qty); }),
                        id.str(),
                        optional_array(request.lines, [](const auto &one) { return one.max_price; }),
                        optional_array(request.lines, [](const auto &one) { return one.unit_price; }),
                        optional_array(request.lines, [](const auto &one) { return one.amount; }),
                        store_of(request.store)},
         .ids = {id},
         .id_column = 3,
         .has_lines = true},
        cart_from);
}

cart_receipt verbs::checkout(const cart_request &request) {
    cart_outcome cart = try_checkout(request);
    if (!cart) throw_refused("checkout", cart.status, cart.detail, cart.id, cart.line);
    return {cart.id.value_or(uuid()),      cart.buyer.value_or(request.buyer),
            std::move(cart.amount),        std::move(cart.balance),
            cart.at.value_or(timestamp()), cart.status == status::replayed,
            std::move(cart.lines)};
}

// What comes before the id, which is the last but the store.
movement_outcome verbs::try_move(std::string_view name, const char *sql, const std::optional<uuid> &id,
                                 const std::optional<std::string> &store,
                                 std::vector<std::optional<std::string>> parameters) {
    call what{.name = name, .sql = sql, .parameters = std::move(parameters), .ids = {id_of(id)}};
    what.parameters.emplace_back(what.ids.front().str());
    what.parameters.push_back(store_of(store));
    return answer_to(std::move(what), [](const rows &found) { return movement_from(found, 0); });
}

movement verbs::deposit(const wallet_request &request) {
    return require_moved("deposit", try_move("deposit", deposit_sql, request.id, request.store,
                                             {request.wallet, request.amount.str()}));
}

movement_outcome verbs::try_withdraw(const wallet_request &request) {
    return try_move("try_withdraw", try_withdraw_sql, request.id, request.store,
                    {request.wallet, request.amount.str()});
}

movement verbs::withdraw(const wallet_request &request) {
    return require_moved("withdraw", try_withdraw(request));
}

movement_outcome verbs::try_transfer(const transfer_request &request) {
    return try_move("try_transfer", try_transfer_sql, request.id, request.store,
                    {request.payer, request.payee, request.amount.str()});
}

movement verbs::transfer(const transfer_request &request) {
    return require_moved("transfer", try_transfer(request));
}

std::vector<movement_outcome> verbs::transfer_many(std::span<const transfer_request> requests) {
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

movement verbs::restock(const restock_request &request) {
    return require_moved("restock", try_move("restock", restock_sql, request.id, request.store,
                                             {request.item, std::to_string(request.qty)}));
}

movement_outcome verbs::try_write_off(const write_off_request &request) {
    return try_move("try_write_off", try_write_off_sql, request.id, request.store,
                    {request.item, std::to_string(request.qty)});
}

movement verbs::write_off(const write_off_request &request) {
    return require_moved("write_off", try_write_off(request));
}

movement_outcome verbs::try_refund(const refund_request &request) {
    return try_move("try_refund", try_refund_sql, request.id, request.store,
                    {request.purchase.str(), text_of(request.qty), request.item, text_of(request.amount),
                     text_of(request.restock)});
}

movement verbs::refund(const refund_request &request) {
    return require_moved("refund", try_refund(request));
}

void verbs::void_id(const uuid &id, const std::optional<std::string> &store) {
    (void)run(void_call({{id}}, store_of(store)));
}

std::int64_t verbs::available(std::string_view item, const std::optional<std::string> &store) {
    return integer_of(
        {.name = "available", .sql = available_sql, .parameters = {std::string(item), store_of(store)}});
}

void verbs::set_lock_mode(std::string_view item, const std::optional<std::string> &mode,
                          const std::optional<std::string> &store) {
    (void)run({.name = "set_lock_mode",
               .sql = set_lock_mode_sql,
               .parameters = {std::string(item), mode, store_of(store)}});
}

std::int64_t verbs::settle(const std::optional<std::string> &store) {
    return integer_of({.name = "settle", .sql = settle_sql, .parameters = {store_of(store)}});
}

std::vector<finding> verbs::audit(const std::optional<std::string> &store) {
    return answer_to({.name = "audit", .sql = audit_sql, .parameters = {store_of(store)}},
                     [](const rows &found) { return each_row(found, finding_from); });
}

std::int64_t verbs::integer_of(call what) {
    return answer_to(std::move(what),
                     [](const rows &found) { return row_reader(found, 0).integer().value_or(0); });
}

} // namespace vend
