#pragma once
// The SQL of every call, the order of its parameters, and the columns of its answer.
//
// A connection prepares each statement once and knows it by the address of its text, so every text
// stands here once. Keys are sent as text; the extension casts them to the key types of the store.

#include <cstddef>

namespace vend {

// Positions of parameters that are named elsewhere: 0 stands for $1. The last parameter is the store.
namespace try_purchase_parameter {
enum position : std::size_t {
    item,
    buyer,
    qty,
    id,
    lock_mode,
    nowait,
    expected_version,
    max_price,
    unit_price,
    amount,
    remember,
    currency,
    store,
    count,
};
}
namespace purchase_many_parameter {
enum position : std::size_t {
    items,
    buyers,
    quantities,
    ids,
    max_prices,
    unit_prices,
    amounts,
    remember,
    currencies,
    store,
    count,
};
}

// Columns of answers.
inline constexpr std::size_t id_column = 2;         // of OUTCOME and MOVED
inline constexpr std::size_t cart_id_column = 3;    // of try_checkout
inline constexpr std::size_t cart_lines_column = 8; // the first column of a line

// Times are microseconds since 1970, which does not depend on DateStyle and TimeZone.
#define AT "(extract(epoch FROM at) * 1000000)::bigint"
#define OUTCOME "status, detail, id, item, buyer, qty, unit_price, amount, balance, " AT
#define MOVEMENT "id, kind, item, wallet, payee, qty, amount, stock, balance, " AT
#define MOVED "status, detail, " MOVEMENT
#define DONE "CASE WHEN replayed THEN 'replayed' ELSE 'recorded' END, NULL, " MOVEMENT

#define TRY_PURCHASE                                                                                    \
    "SELECT " OUTCOME " FROM vend.try_purchase($1, $2, $3::bigint, $4::uuid, lock_mode => $5::text, "   \
    "nowait => $6::boolean, expected_version => $7::bigint, max_price => $8::numeric, "                 \
    "unit_price => $9::numeric, amount => $10::numeric, remember => $11::boolean, "                     \
    "currency => $12::text, store => "

// Sets lock_timeout to the limit, unless the session's own is shorter.
#define SET_LOCK_TIMEOUT(limit, is_local)                                                               \
    "pg_catalog.set_config('lock_timeout', (extract(epoch FROM least(nullif("                           \
    "pg_catalog.current_setting('lock_timeout')::interval, '0'), " limit                                \
    "::interval)) * 1000)::bigint::text, " is_local ")"
inline constexpr char try_purchase_sql[] = TRY_PURCHASE "$13::text)";
// lock_timeout has the session's own value again when the statement has ended.
inline constexpr char try_purchase_in_time_sql[] =
    TRY_PURCHASE "CASE WHEN " SET_LOCK_TIMEOUT("$14", "true") " <> '' THEN $13::text END)";
// For the rest of the session, if its process is $2: not for a session that a pooler has chosen.
inline constexpr char lock_timeout_sql[] =
    "SELECT pg_catalog.pg_backend_pid(), CASE WHEN pg_catalog.pg_backend_pid() = $2::integer THEN " SET_LOCK_TIMEOUT(
        "$1", "false") " END";
inline constexpr char purchase_many_sql[] =
    "SELECT " OUTCOME
    " FROM vend.purchase_many($1, $2, $3::bigint[], $4::uuid[], max_prices => $5::numeric[], "
    "unit_prices => $6::numeric[], amounts => $7::numeric[], remember => $8::boolean, "
    "currencies => $9::text[], store => $10::text)";
inline constexpr char try_checkout_sql[] =
    "SELECT c.status, c.detail, c.line, c.id, c.buyer, c.amount, c.balance, "
    "(extract(epoch FROM c.at) * 1000000)::bigint, l.item, l.qty, l.unit_price, l.amount "
    "FROM vend.try_checkout($1, $2, $3::bigint[], $4::uuid, max_prices => $5::numeric[], "
    "unit_prices => $6::numeric[], amounts => $7::numeric[], currency => $8::text, store => $9::text) c "
    "LEFT JOIN LATERAL unnest(c.lines) WITH ORDINALITY l(item, qty, unit_price, amount, n) ON true ORDER BY l.n";
inline constexpr char deposit_sql[] =
    "SELECT " DONE " FROM vend.deposit($1, $2::numeric, $3::uuid, store => $4::text)";
inline constexpr char restock_sql[] =
    "SELECT " DONE " FROM vend.restock($1, $2::bigint, $3::uuid, store => $4::text)";
inline constexpr char try_withdraw_sql[] =
    "SELECT " MOVED " FROM vend.try_withdraw($1, $2::numeric, $3::uuid, "
    "store => $4::text)";
inline constexpr char try_transfer_sql[] =
    "SELECT " MOVED " FROM vend.try_transfer($1, $2, $3::numeric, $4::uuid, "
    "store => $5::text)";
inline constexpr char transfer_many_sql[] =
    "SELECT " MOVED " FROM vend.transfer_many($1, $2, $3::numeric[], $4::uuid[], "
    "store => $5::text)";
inline constexpr char try_write_off_sql[] =
    "SELECT " MOVED " FROM vend.try_write_off($1, $2::bigint, $3::uuid, store => $4::text)";
inline constexpr char try_refund_sql[] =
    "SELECT " MOVED " FROM vend.try_refund($1::uuid, $2::bigint, item => $3::text, amount => "
    "$4::numeric, restock => $5::boolean, id => $6::uuid, store => $7::text)";
// The ids are sorted, so that two calls that void the same ids wait for each other in one order.
inline constexpr char void_id_sql[] = "SELECT vend.void_id(id, $2::text) FROM "
                                      "(SELECT unnest($1::uuid[]) AS id ORDER BY 1) AS spent";
inline constexpr char available_sql[] = "SELECT vend.available($1, $2::text)";
inline constexpr char set_lock_mode_sql[] = "SELECT vend.set_lock_mode($1, $2::text, $3::text)";
inline constexpr char settle_sql[] = "SELECT vend.settle($1::text)";
inline constexpr char audit_sql[] =
    "SELECT finding, key, expected, found, repair FROM vend.audit($1::text)";

#undef SET_LOCK_TIMEOUT
#undef TRY_PURCHASE
#undef DONE
#undef MOVED
#undef MOVEMENT
#undef OUTCOME
#undef AT

} // namespace vend
