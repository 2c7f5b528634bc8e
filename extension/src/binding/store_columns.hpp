#pragma once
// The columns of the owner's tables that a store may bind: one row each. To add a column to stores, add
// a row here, a field in RegistryRow and in Binding, a column of vend.store, and an argument of
// vend.attach_store() (sql/parts, entry/store.cpp). Binding, attaching and reading rows follow from the
// row.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

#include <array>
#include <cstddef>

namespace vend {

enum class ColumnKind { key, count, money, lock_mode };

struct StoreColumn {
    char *RegistryRow::*name;
    BoundColumn Binding::*bound;
    ColumnKind kind;
    bool is_written = false;        // sales or edits write the column, so it must not be generated
    bool must_be_unguarded = false; // no version guard may cover the column
    const char *added_as = nullptr; // how attach_store(add_columns => true) declares the column
};

// The key comes first.
inline constexpr std::array item_columns{
    StoreColumn{&RegistryRow::item_key, &Binding::item_key, ColumnKind::key},
    StoreColumn{&RegistryRow::stock, &Binding::stock, ColumnKind::count, true, true},
    StoreColumn{&RegistryRow::price, &Binding::price, ColumnKind::money},
    StoreColumn{&RegistryRow::stock_version, &Binding::stock_version, ColumnKind::count, true, true,
                "bigint NOT NULL DEFAULT 0"},
    StoreColumn{&RegistryRow::version, &Binding::version, ColumnKind::count, true, false,
                "bigint NOT NULL DEFAULT 1"},
    StoreColumn{&RegistryRow::lock_mode, &Binding::lock_mode, ColumnKind::lock_mode, false, true,
                "text"},
};

inline constexpr std::array wallet_columns{
    StoreColumn{&RegistryRow::wallet_key, &Binding::wallet_key, ColumnKind::key},
    StoreColumn{&RegistryRow::balance, &Binding::balance, ColumnKind::money, true, true},
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

} // namespace vend
