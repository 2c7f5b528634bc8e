"""The shops: two databases that are alike, each with four stores; the keys are the same everywhere."""

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
PRICE = 3


@dataclass(frozen=True)
class Store:
    name: str
    options: str = ""
    has_wallets: bool = True
    is_plain: bool = True


STORES = (
    Store("words"),
    Store("numbers", ", item_key_type => 'bigint', wallet_key_type => 'bigint', money_type => 'numeric(14,2)'"),
    Store("till", ", wallets => false, prices => false", has_wallets=False),
    Store("triggers", is_plain=False),
)

# marker: what a transaction leaves that has no id in the ledger.
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
            cursor.execute(f"SELECT vend.create_store(%s{store.options})", (store.name,))
            if not store.is_plain:
                cursor.execute(TRIGGERS.format(store.name))
            for item in ITEMS:
                insert_item(cursor, store, item, STOCKS[item], MODES[item])
            if store.has_wallets:
                for wallet in WALLETS:
                    cursor.execute(f"INSERT INTO {store.name}.wallet (id, balance) VALUES ('{wallet}', %s)", (BALANCE,))
    connection.close()


def insert_item(cursor, store, item, stock, mode, conflict=""):
    price = ("price, ", f"{PRICE}, ") if store.has_wallets else ("", "")
    cursor.execute(f"INSERT INTO {store.name}.item (id, {price[0]}stock, lock_mode) "
                   f"VALUES ('{item}', {price[1]}%s, %s) {conflict}", (stock, mode))


def make_databases():
    """Makes them anew; those of the round before may still have counters and a settler."""
    connection = connect("postgres", "setup")
    with connection.cursor() as cursor:
        for database in DATABASES:
            cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    connection.close()
