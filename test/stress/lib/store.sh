# shellcheck shell=bash
# The store that a scenario runs on. Its tables are shop.item and shop.wallet, whatever they are made of; a key of theirs is
# written item_key(n) and wallet_key(n).
#
# STORE=attached   tables that were there before: integer stock, numeric(12,2) money, uuid keys, names of their own, with views
#                  by the names that are asked for (default: managed, made by vend)
store=${STORE:-managed}

# store_sql ITEM_KEY_TYPE MONEY_TYPE
store_sql() {
    case $store in
        managed)
            cat <<SQL
SELECT vend.create_store('shop', item_key_type => '$1', money_type => '$2');
CREATE FUNCTION item_key(n $1) RETURNS $1 LANGUAGE sql IMMUTABLE RETURN n;
CREATE FUNCTION wallet_key(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN n::text;
SQL
            ;;
        attached)
            cat <<SQL
CREATE TABLE goods (edits bigint NOT NULL DEFAULT 1, units integer NOT NULL CHECK (units >= 0), selling text,
    tag numeric(12,2) CHECK (tag >= 0), sku uuid PRIMARY KEY, sales bigint NOT NULL DEFAULT 0);
CREATE TABLE people (credit numeric(12,2) NOT NULL CHECK (credit >= 0), person uuid PRIMARY KEY);
SELECT vend.attach_store('shop', items => 'goods', stock => 'units', price => 'tag', wallets => 'people', balance => 'credit',
    stock_version => 'sales', version => 'edits', lock_mode => 'selling');
CREATE VIEW shop.item AS SELECT sku AS id, tag AS price, units AS stock, selling AS lock_mode FROM goods;
CREATE VIEW shop.wallet AS SELECT person AS id, credit AS balance FROM people;
CREATE FUNCTION item_key(n $1) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5('item ' || n)::uuid;
CREATE FUNCTION wallet_key(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5('wallet ' || n)::uuid;
SQL
            ;;
        *)
            echo "unknown STORE $store" >&2
            return 1
            ;;
    esac
}
