#pragma once
// A store as the engine sees it: the binding that the registry holds, resolved to relations,
// columns and types, with the plans made from it.

#include "base/prelude.hpp"

#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/registry.hpp"
#include "binding/statement.hpp"
#include "shared/counter_key.hpp"
#include "table/plain.hpp"
#include "table/table.hpp"

#include <array>
#include <initializer_list>
#include <optional>

namespace vend {

struct BoundColumn {
    char *name = nullptr;     // quoted; null where the store has no such column
    char *raw_name = nullptr; // as in the catalog
    AttrNumber number = InvalidAttrNumber;
    Oid type = InvalidOid;
    NumberType figures{}; // of a column that holds numbers, domain or not
};

// What a store is resolved for, which decides what a fault in its tables is called.
enum class Stage { bound, attaching, creating };

struct KnownPartition {
    PartitionState state{};
    LocalTransactionId altered_by = InvalidLocalTransactionId; // as of a store
};

struct Store {
    MemoryContext context = nullptr;
    Store *next = nullptr;
    bool stale = false;
    RegistryRow row;                 // that it was made from
    uint64 registry_changes = 1;     // each may be one of the row
    uint64 changes_seen = 0;         // when the row was last compared
    std::array<uint32, 5> schemas{}; // of its relations, by their hashes
    Stage stage = Stage::bound;

    char *name = nullptr;
    Oid owner = InvalidOid;
    bool refuses_direct_writes = false;
    bool has_own_wallets_only = false; // a buyer may name his own alone

    Table item_table;
    Table wallet_table; // absent: payment happens elsewhere
    Table ledger_table;
    Table delta_table;
    Oid era_relation = InvalidOid;
    Oid role_relation = InvalidOid; // its columns, in the order of Right, carry the rights
    char *items = nullptr;          // quoted, qualified
    char *wallets = nullptr;
    char *ledger = nullptr;
    char *deltas = nullptr;
    char *eras = nullptr;

    BoundColumn item_key, stock, price, stock_version, version, lock_mode;
    BoundColumn wallet_key, balance;

    AttrNumber ledger_columns[ledger_column_count] = {}; // in the order of LedgerRow

    TableShape delta_shape;
    AttrNumber delta_item = InvalidAttrNumber;
    AttrNumber delta_qty = InvalidAttrNumber;
    TableState table_state;
    // The transaction that has written some of this state, while it is under way.
    LocalTransactionId altered_by = InvalidLocalTransactionId;
    // Those that were looked at last, each at a place by its oid, as long as nothing of it changes.
    std::array<KnownPartition, 16> partitions{};
    const char *escrow_problem = nullptr; // why no item can be sold in escrow

    // Nothing of the owner's runs with a write to one of the tables, so rows may be written without a
    // statement.
    bool is_plain = false;

    // The owner has declared something of a ledger row unique besides its key: to insert one may mean to
    // wait.
    bool has_unique_ledger_rows = false;

    // A key may have belonged to two rows, so whoever records one says to which; see rows/eras.hpp.
    bool has_reborn_keys = false;

    ItemKeyType item_type;
    WalletKeyType buyer_type;
    NumberType money; // of the ledger

    // Where the row of an item in escrow was last found: sales leave it there.
    std::optional<ItemKey> hot_key;
    ItemPointerData hot_place{};

    SPIPlanPtr plans[statement_count] = {};
    Shape shapes[statement_count];

    // What is bound of a row, the key first; a store may do without some of the others.
    [[nodiscard]] std::array<const BoundColumn *, 6> item_columns() const {
        return {&item_key, &stock, &price, &stock_version, &version, &lock_mode};
    }
    [[nodiscard]] std::array<const BoundColumn *, 2> wallet_columns() const {
        return {&wallet_key, &balance};
    }

    template <KeyOf of> [[nodiscard]] const KeyTypeOf<of> &key_type() const {
        if constexpr (of == KeyOf::item)
            return item_type;
        else
            return buyer_type;
    }
    [[nodiscard]] KeyRef ref(ItemKey key) const { return {item_type, key}; }
    [[nodiscard]] KeyRef ref(WalletKey key) const { return {buyer_type, key}; }

    KnownPartition &partition_at(Oid partition) { return partitions[partition % partitions.size()]; }

    // Whether rows are written without a statement. It stays so during a call: nothing of a plain
    // store's owner runs in one, and could change the setting.
    [[nodiscard]] bool is_written_directly() const {
        return is_plain && !settings::write_by_statements();
    }

    [[nodiscard]] bool has_wallets() const { return OidIsValid(wallet_table.relation); }
    [[nodiscard]] bool has_prices() const { return price.name != nullptr; }
    [[nodiscard]] bool has_versions() const { return version.name != nullptr; }
    [[nodiscard]] bool has_stock_versions() const { return stock_version.name != nullptr; }
    [[nodiscard]] bool has_lock_modes() const { return lock_mode.name != nullptr; }
};

// Holds the store's tables open: until they are closed, no ALTER TABLE of this session, which a trigger
// of the owner's might run, can change what was resolved. An error closes them.
void open_tables(Store &store);
void close_tables(const Store &store);
// The deltas are opened by those calls only that need them. Raises 55000 when a trigger of the owner's
// has altered them in the call.
void open_deltas(Store &store);

} // namespace vend
