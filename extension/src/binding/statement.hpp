#pragma once
// The statements that the engine runs. rows/compose.cpp has their texts.

#include "base/prelude.hpp"

#include <cstddef>

namespace vend {

inline constexpr int parameters_max = 17;
inline constexpr int result_columns_max = 17;
inline constexpr int ledger_column_count = 17;

enum class Statement {
    look_at_item,
    look_at_wallet,
    read_item,
    lock_item,
    lock_item_or_skip,
    read_wallet,
    lock_wallet,
    lock_wallet_or_skip,
    add_stock,
    bump_version,
    set_lock_mode,
    add_balance,
    refunded,
    item_era,
    wallet_era,
    item_now,
    wallet_now,
    move_item_eras,
    move_wallet_eras,
    add_item_era,
    add_wallet_era,
    end_lost_item_eras,
    end_lost_wallet_eras,
    add_lost_item_eras,
    add_lost_wallet_eras,
    end_all_item_eras,
    end_all_wallet_eras,
    add_all_item_eras,
    add_all_wallet_eras,
    record,
    remember,
    journal_item_truncate,
    journal_wallet_truncate,
    journal_item_differences,
    journal_wallet_differences,
    uncountable_item,
    uncountable_wallet,
    unsettled_items,
    audit,
};

inline constexpr std::size_t statement_count = static_cast<std::size_t>(Statement::audit) + 1;

// The relation and the column types that a statement must return. When the schema changes, PostgreSQL
// plans the statement again by names, which may mean something else by then. So rows are trusted only if
// they still have the shape that the binding was resolved to.
struct Shape {
    Oid relation = InvalidOid;
    int column_count = 0;
    Oid column_types[result_columns_max] = {};
};

} // namespace vend
