#pragma once
// The statements that the engine runs, each composed from the binding of a store.

#include <cstddef>

namespace vend {

enum class Statement {
    read_item,
    lock_item,
    lock_item_skip_locked,
    claim_if_enough,
    claim_if_unchanged,
    add_stock,
    bump_version,
    read_wallet,
    lock_wallet,
    lock_wallet_skip_locked,
    add_balance,
    read_entry,
    record,
    remember,
    journal_item_truncate,
    journal_wallet_truncate,
    audit,
};

inline constexpr std::size_t statement_count = static_cast<std::size_t>(Statement::audit) + 1;

} // namespace vend
