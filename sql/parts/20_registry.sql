-- The binding of each store: which relation and which columns play which role. Relations are
-- quoted text and columns are names, so that a dump restores them; a relation counts only while
-- it carries the trigger of this store, so that a stale text binds nothing.
CREATE TABLE vend.store (
    name            text PRIMARY KEY CHECK (name <> ''),
    item            text,
    item_key        text,
    stock           text,
    claimed         text,
    reserved        text,
    price           text,
    stock_version   text,
    touch           text,
    version         text,
    lock_mode       text,
    item_currency   text,
    unlimited       text,
    wallet          text,
    wallet_key      text,
    balance         text,
    balance_claimed text,
    balance_reserved text,
    balance_version text,
    balance_touch   text,
    wallet_currency text,
    ledger          text NOT NULL,
    delta           text NOT NULL,
    role            text NOT NULL,
    direct_writes   text NOT NULL CHECK (direct_writes IN ('journal', 'refuse')),
    buyers          text NOT NULL CHECK (buyers IN ('any', 'own')),
    rls             text NOT NULL CHECK (rls IN ('owner', 'caller')),
    creator         text NOT NULL,
    CHECK (item IS NOT NULL OR wallet IS NOT NULL),
    CHECK ((item IS NULL) = (item_key IS NULL) AND (item IS NULL) = (stock IS NULL)),
    CHECK ((wallet IS NULL) = (wallet_key IS NULL) AND (wallet IS NULL) = (balance IS NULL)),
    CHECK (wallet IS NOT NULL OR pg_catalog.num_nonnulls(balance_claimed, balance_reserved, balance_version, balance_touch, wallet_currency) = 0),
    CHECK (item_currency IS NULL OR (item IS NOT NULL AND wallet_currency IS NOT NULL))
);
GRANT SELECT ON vend.store TO PUBLIC;
-- A role that may restore the database can so restore its stores. A row alone binds nothing.
GRANT INSERT ON vend.store TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('vend.store', '');

COMMENT ON TABLE vend.store IS 'Registry of stores: the relations and columns that each store is bound to';
COMMENT ON COLUMN vend.store.name IS 'Name of the store, as in the argument store => ...';
COMMENT ON COLUMN vend.store.item IS 'Quoted, qualified name of the relation of items; null if the store has wallets only';
COMMENT ON COLUMN vend.store.item_key IS 'Column of the item relation that identifies an item';
COMMENT ON COLUMN vend.store.stock IS 'Column with the units left; with claimed or reserved, the column with all units';
COMMENT ON COLUMN vend.store.claimed IS 'Column with the units of the stock that are sold already; null if there is none';
COMMENT ON COLUMN vend.store.reserved IS 'Column with the units of the stock that are not for sale, which the engine only reads; null if there is none';
COMMENT ON COLUMN vend.store.price IS 'Column with the price of one unit; null if each sale states its price';
COMMENT ON COLUMN vend.store.stock_version IS 'Column that each stock write of the engine increments; null if there is none';
COMMENT ON COLUMN vend.store.touch IS 'Column that each stock write of the engine sets to the time; null if there is none';
COMMENT ON COLUMN vend.store.version IS 'Column that each other edit of the item increments; null if there is none';
COMMENT ON COLUMN vend.store.lock_mode IS 'Column with the item''s own lock mode; null if the call and the setting decide';
COMMENT ON COLUMN vend.store.item_currency IS 'Column with the currency of the price; null if there is none, or if each sale states its currency';
COMMENT ON COLUMN vend.store.unlimited IS 'The stock of items that are never sold out: null, or a number below 0; null if every item has a stock';
COMMENT ON COLUMN vend.store.wallet IS 'Quoted, qualified name of the relation of wallets; null if payment happens elsewhere';
COMMENT ON COLUMN vend.store.wallet_key IS 'Column of the wallet relation that identifies a buyer';
COMMENT ON COLUMN vend.store.balance IS 'Column with the buyer''s balance';
COMMENT ON COLUMN vend.store.balance_claimed IS 'Column with the part of the balance that is spent already; null if there is none';
COMMENT ON COLUMN vend.store.balance_reserved IS 'Column with the part of the balance that cannot be spent, which the engine only reads; null if there is none';
COMMENT ON COLUMN vend.store.balance_version IS 'Column that each write of the engine to the balance increments; null if there is none';
COMMENT ON COLUMN vend.store.balance_touch IS 'Column that each write of the engine to the balance sets to the time; null if there is none';
COMMENT ON COLUMN vend.store.wallet_currency IS 'Column with the currency of the balance; null if all money of the store is in one';
COMMENT ON COLUMN vend.store.ledger IS 'Quoted, qualified name of the ledger';
COMMENT ON COLUMN vend.store.delta IS 'Quoted, qualified name of the relation of stock changes that are not settled yet';
COMMENT ON COLUMN vend.store.role IS 'Quoted, qualified name of the view whose columns carry the rights';
COMMENT ON COLUMN vend.store.direct_writes IS 'What happens when plain SQL writes a stock or balance: journal records it, refuse raises an error';
COMMENT ON COLUMN vend.store.buyers IS 'Which wallets a buyer may name: any, or own, which is the wallet that vend.current_buyer names';
COMMENT ON COLUMN vend.store.rls IS 'Through whose row level security a call finds the rows that it names: owner, whom none binds, or caller';
COMMENT ON COLUMN vend.store.creator IS 'Role that made the store or bound it last; it may detach the store when the tables are gone';
