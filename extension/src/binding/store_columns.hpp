#pragma once
// The columns of the owner's tables that a store may bind: one row each. To add a column to stores, add
// a row here, a field in RegistryRow and its list, a field in Binding, and in sql/parts a column of
// vend.store and an argument of vend.attach_store(), both of the same name. Arguments, binding,
// attaching, reading rows, guards and the journal's edits follow from the row.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace vend {

enum class ColumnKind { key, count, money, time, lock_mode, currency };

// What the engine does with a column.
enum class ColumnUse {
    read,       // nothing; a change by others is an edit of the row
    subtracted, // a part of a figure that only others write
    figure,     // a stock or balance, or the claims on it: movements change it (core/figure.hpp)
    counted_up, // each write of the figure increments the column, as an ORM does with its lock column
    touched,    // each write of the figure sets the column to the time
    edited,     // each edit by others increments the column
    chosen,     // vend.set_lock_mode() sets it
};

constexpr bool is_written_with_figure(ColumnUse use) {
    return use == ColumnUse::figure || use == ColumnUse::counted_up || use == ColumnUse::touched;
}

// Whether the engine sets the column in statements, so that the column must not be generated.
constexpr bool is_written(ColumnUse use) {
    return is_written_with_figure(use) || use == ColumnUse::edited;
}

// Whether the engine may write the column without a statement, past the triggers of the table.
constexpr bool is_written_past_triggers(ColumnUse use) {
    return is_written_with_figure(use) || use == ColumnUse::chosen;
}

// Whether a version guard may take the column for its version. A sale then counts the version up, and an
// editor who has read the row before conflicts.
constexpr bool may_be_version(ColumnUse use) {
    return !is_written_past_triggers(use) || use == ColumnUse::counted_up;
}

struct StoreColumn {
    const char *argument; // of vend.attach_store() and vend.reattach_store()
    char *RegistryRow::*name;
    BoundColumn Binding::*bound;
    ColumnKind kind;
    ColumnUse use;
    const char *added_as = nullptr; // how attach_store(add_columns => true) declares the column
};

// The key comes first.
inline constexpr std::array item_columns{
    StoreColumn{"item_key", &RegistryRow::item_key, &Binding::item_key, ColumnKind::key,
                ColumnUse::read},
    StoreColumn{"stock", &RegistryRow::stock, &Binding::stock, ColumnKind::count, ColumnUse::figure},
    StoreColumn{"claimed", &RegistryRow::claimed, &Binding::claimed, ColumnKind::count,
                ColumnUse::figure},
    StoreColumn{"reserved", &RegistryRow::reserved, &Binding::reserved, ColumnKind::count,
                ColumnUse::subtracted},
    StoreColumn{"price", &RegistryRow::price, &Binding::price, ColumnKind::money, ColumnUse::read},
    StoreColumn{"stock_version", &RegistryRow::stock_version, &Binding::stock_version, ColumnKind::count,
                ColumnUse::counted_up, "bigint NOT NULL DEFAULT 0"},
    StoreColumn{"touch", &RegistryRow::touch, &Binding::touch, ColumnKind::time, ColumnUse::touched},
    StoreColumn{"version", &RegistryRow::version, &Binding::version, ColumnKind::count,
                ColumnUse::edited, "bigint NOT NULL DEFAULT 1"},
    StoreColumn{"lock_mode", &RegistryRow::lock_mode, &Binding::lock_mode, ColumnKind::lock_mode,
                ColumnUse::chosen, "text"},
    StoreColumn{"item_currency", &RegistryRow::item_currency, &Binding::item_currency,
                ColumnKind::currency, ColumnUse::read},
};

inline constexpr std::array wallet_columns{
    StoreColumn{"wallet_key", &RegistryRow::wallet_key, &Binding::wallet_key, ColumnKind::key,
                ColumnUse::read},
    StoreColumn{"balance", &RegistryRow::balance, &Binding::balance, ColumnKind::money,
                ColumnUse::figure},
    StoreColumn{"balance_claimed", &RegistryRow::balance_claimed, &Binding::balance_claimed,
                ColumnKind::money, ColumnUse::figure},
    StoreColumn{"balance_reserved", &RegistryRow::balance_reserved, &Binding::balance_reserved,
                ColumnKind::money, ColumnUse::subtracted},
    StoreColumn{"balance_version", &RegistryRow::balance_version, &Binding::balance_version,
                ColumnKind::count, ColumnUse::counted_up, "bigint NOT NULL DEFAULT 0"},
    StoreColumn{"balance_touch", &RegistryRow::balance_touch, &Binding::balance_touch, ColumnKind::time,
                ColumnUse::touched},
    StoreColumn{"wallet_currency", &RegistryRow::wallet_currency, &Binding::wallet_currency,
                ColumnKind::currency, ColumnUse::read},
};

// The bound columns of a table, in the order of the rows above. A column that the store does not have is
// not bound.
template <std::size_t count>
std::array<const BoundColumn *, count> bound_columns(const Binding &binding,
                                                     const std::array<StoreColumn, count> &columns) {
    std::array<const BoundColumn *, count> bound{};
    for (std::size_t i = 0; i < count; ++i) bound[i] = &(binding.*columns[i].bound);
    return bound;
}

// The row of the column with this number. Null where the store does not bind it.
inline const StoreColumn *column_with(const Binding &binding, std::span<const StoreColumn> columns,
                                      AttrNumber number) {
    const auto found = std::ranges::find_if(
        columns, [&](const StoreColumn &column) { return (binding.*column.bound).number == number; });
    return found == columns.end() ? nullptr : &*found;
}

} // namespace vend
