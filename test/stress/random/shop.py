"""The shops: two databases that are alike, each with the same stores, which spell the same keys as their types do."""

import uuid
from dataclasses import dataclass

from server import connect

TEMPLATE = "stress_template"
DATABASES = ("stress_1", "stress_2")
ITEMS = ("1", "2", "3", "4")
MOVED = "9"  # another key of item 4, now and then
WALLETS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
STOCKS = {"1": 40, "2": 6, "3": 100, "4": 15}
MODES = {"1": "escrow", "2": "escrow", "3": None, "4": "escrow"}
BALANCE = 60


@dataclass(frozen=True)
class Store:
    name: str
    options: str = ""
    has_wallets: bool = True
    is_plain: bool = True
    is_attached: bool = False

    def key(self, known):
        """How this store spells a key."""
        return str(uuid.UUID(int=int(known))) if self.is_attached and known is not None else known

    @property
    def price(self):
        return "2.25" if self.is_attached else "3"

    @property
    def items(self):
        """The table of the items. It is read and written by the name item, which is a view if the table has another name."""
        return f"{self.name}.goods" if self.is_attached else f"{self.name}.item"

    @property
    def binding(self):
        """The statement that makes the store, and that binds its tables again."""
        return f"SELECT vend.{'attach' if self.is_attached else 'create'}_store('{self.name}'{self.options.format(self.name)})"


GOODS = ", items => '{0}.goods', stock => 'units', stock_version => 'sales', version => 'edits', lock_mode => 'selling'"
STORES = (
    Store("words"),
    Store("numbers", ", item_key_type => 'bigint', wallet_key_type => 'bigint', money_type => 'numeric(14,2)'"),
    Store("till", ", wallets => false, prices => false", has_wallets=False),
    Store("triggers", is_plain=False),
    Store("outlet", GOODS + ", price => 'tag', wallets => 'outlet.people', balance => 'credit'", is_attached=True),
    Store("kiosk", GOODS + ", wallet_key_type => 'uuid', money_type => 'numeric(12,2)'", has_wallets=False, is_attached=True),
)

# Tables that are there before the store is. The views have the names of the stores that vend makes.
ATTACHED_ITEMS = """
CREATE SCHEMA {0};
CREATE TABLE {0}.goods (edits bigint NOT NULL DEFAULT 1, units integer NOT NULL CHECK (units >= 0), gone text, selling text,
    tag numeric(12,2) CHECK (tag >= 0), sales bigint NOT NULL DEFAULT 0, sku uuid CONSTRAINT item_pkey PRIMARY KEY);
ALTER TABLE {0}.goods DROP gone;
CREATE VIEW {0}.item AS SELECT sku AS id, tag AS price, units AS stock, selling AS lock_mode FROM {0}.goods;
"""
ATTACHED_WALLETS = """
CREATE TABLE {0}.people (gone text, credit numeric(12,2) NOT NULL CHECK (credit >= 0), person uuid PRIMARY KEY);
ALTER TABLE {0}.people DROP gone;
CREATE VIEW {0}.wallet AS SELECT person AS id, credit AS balance FROM {0}.people;
"""

# A transaction that has no id in the ledger leaves a marker.
HELPERS = """
-- A sale in a block that fails.
CREATE FUNCTION public.undone(store text, item text, buyer text, qty bigint, unit_price numeric) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    BEGIN
        SELECT o.status INTO told FROM vend.try_purchase(item, buyer, qty, unit_price => unit_price, store => store) o;
        BEGIN
            PERFORM vend.restock(item, 1, store => store);
        EXCEPTION WHEN SQLSTATE 'VN006' THEN
            NULL;
        END;
        RAISE EXCEPTION USING ERRCODE = 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN told;
    END;
END
$$;
-- Many short transactions in a row: sales, every fourth rolled back, and restocks for half of them.
CREATE PROCEDURE public.rush(store text, items text[], buyer text, unit_price numeric, base text, times integer,
    INOUT statuses text[], INOUT amounts numeric[])
LANGUAGE plpgsql AS $$
DECLARE
    told record;
    item text;
BEGIN
    FOR n IN 1..times LOOP
        item := items[1 + n % cardinality(items)];
        SELECT o.status, o.amount INTO told FROM vend.try_purchase(item, buyer, 1, md5(base || 'purchase' || n)::uuid,
            unit_price => unit_price, store => store) AS o;
        IF n % 4 = 0 THEN
            ROLLBACK;
        ELSE
            COMMIT;
        END IF;
        statuses := statuses || told.status;
        amounts := amounts || told.amount;
        IF n % 2 = 0 THEN
            PERFORM vend.restock(item, 1, md5(base || 'restock' || n)::uuid, store);
            COMMIT;
        END IF;
        IF unit_price IS NULL THEN
            PERFORM vend.deposit(buyer, 4, md5(base || 'deposit' || n)::uuid, store);
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CREATE TABLE public.marker (id uuid PRIMARY KEY);
"""

TRIGGERS = """
CREATE FUNCTION {0}.pass_on() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER owners BEFORE UPDATE ON {0}.item FOR EACH ROW EXECUTE FUNCTION {0}.pass_on();
CREATE TRIGGER owners AFTER INSERT ON {0}.ledger FOR EACH ROW EXECUTE FUNCTION {0}.pass_on();
"""


def make_template():
    connection = connect("postgres", "setup")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        cursor.execute(f"CREATE DATABASE {TEMPLATE}")
    connection.close()
    connection = connect(TEMPLATE, "setup")
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_vend")
        cursor.execute(HELPERS)
        for store in STORES:
            if store.is_attached:
                cursor.execute((ATTACHED_ITEMS + ATTACHED_WALLETS * store.has_wallets).format(store.name))
            cursor.execute(store.binding)
            if not store.is_plain:
                cursor.execute(TRIGGERS.format(store.name))
            for item in ITEMS:
                insert_item(cursor, store, store.key(item), STOCKS[item], MODES[item])
            if store.has_wallets:
                for wallet in WALLETS:
                    cursor.execute(f"INSERT INTO {store.name}.wallet (id, balance) VALUES (%s, %s)", (store.key(wallet), BALANCE))
    connection.close()


def insert_item(cursor, store, item, stock, mode, conflict=""):
    price = ("price, ", f"{store.price}, ") if store.has_wallets else ("", "")
    cursor.execute(f"INSERT INTO {store.name}.item (id, {price[0]}stock, lock_mode) "
                   f"VALUES ('{item}', {price[1]}%s, %s) {conflict}", (stock, mode))


def make_databases():
    """Makes the databases again; those of the round before may still have counters and a settler."""
    connection = connect("postgres", "setup")
    with connection.cursor() as cursor:
        for database in DATABASES:
            cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    connection.close()
