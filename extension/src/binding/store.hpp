#pragma once
// A store as the engine sees it, in three parts. The binding of the registry, resolved to relations,
// columns and types, never changes. The plans are made from it, each once. Calls fill the caches, and
// invalidations empty them.

#include "base/prelude.hpp"

#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/registry.hpp"
#include "binding/statement.hpp"
#include "binding/unlimited.hpp"
#include "shared/counter_key.hpp"
#include "table/plain.hpp"
#include "table/table.hpp"

#include <array>
#include <initializer_list>
#include <optional>

namespace vend {

struct BoundColumn {
    char *name = nullptr;     // quoted; null when the store has no such column
    char *raw_name = nullptr; // as in the catalog
    AttrNumber number = InvalidAttrNumber;
    Oid type = InvalidOid;
    NumberType figures{};       // set for columns of numbers, also below a domain
    Oid base_type = InvalidOid; // set for currencies and times: the type below a domain
    int32 typmod = -1;          // of a time
};

// Why a store is resolved: for a call, because a transaction that changed its tables is about to commit,
// or because its tables are being attached or created. It decides how errors about them are worded.
enum class Stage { bound, changed, attaching, creating };

// What the registry and the catalog say of a store. A binding does not change once it is resolved: when
// one of its tables changes, the store goes stale and is resolved into another binding.
struct Binding {
    MemoryContext context = nullptr; // all that is pointed to lives here
    RegistryRow row;                 // the row that the store was made from
    std::array<uint32, 5> schemas{}; // hashes of the schemas of its relations
    Stage stage = Stage::bound;

    char *name = nullptr;
    Oid owner = InvalidOid; // of all its tables
    bool refuses_direct_writes = false;
    bool has_own_wallets_only = false; // a buyer may name only their own wallet
    bool reads_as_caller = false;      // through the caller's policies
    Unlimited unlimited;

    // Each call opens the tables; nothing else of them changes.
    Table item_table;   // not set in a store without items
    Table wallet_table; // not set when payment happens elsewhere
    Table ledger_table;
    Table delta_table;
    Oid era_relation = InvalidOid;
    Oid role_relation = InvalidOid; // the view with a column for each right, in the order of Right
    char *items = nullptr;          // quoted, qualified
    char *wallets = nullptr;
    char *ledger = nullptr;
    char *deltas = nullptr;
    char *eras = nullptr;

    BoundColumn item_key, stock, claimed, reserved, price, stock_version, touch, version, lock_mode,
        item_currency;
    BoundColumn wallet_key, balance, balance_claimed, balance_reserved, balance_version, balance_touch,
        wallet_currency;

    AttrNumber ledger_columns[ledger_column_count] = {}; // in the order of LedgerRow

    TableShape delta_shape;
    AttrNumber delta_item = InvalidAttrNumber;
    AttrNumber delta_qty = InvalidAttrNumber;
    AttrNumber delta_claimed = InvalidAttrNumber;
    TableState table_state;
    // The transaction that has written a part of table_state, as long as it is running.
    LocalTransactionId altered_by = InvalidLocalTransactionId;
    const char *escrow_problem = nullptr; // why no item can be sold in escrow; null when items can

    // Writes to the tables run nothing of the owner's, so rows may be written without statements.
    bool is_plain = false;

    // The owner has added a unique index or exclusion constraint to the ledger, so inserting a row may
    // have to wait.
    bool has_unique_ledger_rows = false;

    ItemKeyType item_type;
    WalletKeyType buyer_type;
    NumberType money; // the type of money in the ledger

    template <KeyOf of> [[nodiscard]] const KeyTypeOf<of> &key_type() const {
        if constexpr (of == KeyOf::item)
            return item_type;
        else
            return buyer_type;
    }
    [[nodiscard]] KeyRef ref(ItemKey key) const { return {item_type, key}; }
    [[nodiscard]] KeyRef ref(WalletKey key) const { return {buyer_type, key}; }

    // Whether rows are written without statements. The answer does not change during a call: in a plain
    // store, no code of the owner's runs in the call and could change the setting.
    [[nodiscard]] bool is_written_directly() const {
        return is_plain && !settings::write_by_statements();
    }

    // Whether the tables are those of an existing store, not of one that is being made.
    [[nodiscard]] bool is_of_existing_store() const {
        return stage == Stage::bound || stage == Stage::changed;
    }

    [[nodiscard]] bool has_items() const { return OidIsValid(item_table.relation); }
    [[nodiscard]] bool has_wallets() const { return OidIsValid(wallet_table.relation); }
    [[nodiscard]] bool has_currencies() const { return wallet_currency.name != nullptr; }
    [[nodiscard]] bool items_have_currencies() const { return item_currency.name != nullptr; }
    [[nodiscard]] bool has_prices() const { return price.name != nullptr; }
    [[nodiscard]] bool has_versions() const { return version.name != nullptr; }
    [[nodiscard]] bool has_claims() const { return claimed.name != nullptr; }
    [[nodiscard]] bool has_lock_modes() const { return lock_mode.name != nullptr; }
};

// The statements of the engine, each prepared when it is first run, and what their rows must be.
struct Plans {
    SPIPlanPtr kept[statement_count] = {};
    Shape shapes[statement_count];
};

struct KnownPartition {
    PartitionState state{};
    LocalTransactionId altered_by = InvalidLocalTransactionId; // see Binding::altered_by
};

// What calls have found out about the tables, to find it sooner the next time.
struct Caches {
    // The partitions that were used last and have not changed since. A partition's place follows from
    // its oid.
    std::array<KnownPartition, 16> partitions{};

    // Some key may have belonged to two rows, so ledger rows need eras; see rows/eras.hpp. Once true, it
    // stays true.
    bool has_reborn_keys = false;

    // The place of the escrow item that was read last. Sales do not write the row, so it stays there.
    std::optional<ItemKey> hot_key;
    ItemPointerData hot_place{};

    KnownPartition &partition_at(Oid partition) { return partitions[partition % partitions.size()]; }
};

struct Store {
    explicit Store(const Binding &resolved) : binding(resolved) {}

    const Binding binding;
    Plans plans;
    Caches caches;

    // Whether the registry and the catalog still say the same. Invalidations set these.
    bool stale = false;
    uint64 registry_changes = 1; // counts changes of the registry, which may be about binding.row
    uint64 changes_seen = 0;     // registry_changes when the row was last compared
    Store *next = nullptr;       // in the list of this session's stores
};

// Opens the store's tables except the deltas. While they are open, no ALTER TABLE of this session, which
// a trigger of the owner's might run, can change what was resolved. An error closes the tables.
void open_tables(Store &store);
void close_tables(const Store &store);
// Opens the deltas, in calls that need them. Raises 55000 when a trigger of the owner's has altered the
// table during the call.
void open_deltas(Store &store);

} // namespace vend
