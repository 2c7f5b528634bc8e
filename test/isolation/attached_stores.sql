-- Every store that attached.py asks for here is one of tables that were there before: integer stock, money of two
-- decimals, uuid keys, in an order of their own, with a column that is gone and one of which vend knows nothing.
CREATE FUNCTION public.create_store(
    name            text,
    item_key_type   text    DEFAULT 'uuid',
    wallet_key_type text    DEFAULT 'uuid',
    wallets         boolean DEFAULT true,
    money_type      text    DEFAULT 'numeric(12,2)'
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    items text := format('%I.item', name);
    buyers text := CASE WHEN wallets THEN format('%I.wallet', name) END;
BEGIN
    IF to_regclass(items) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', name);
        EXECUTE format('CREATE TABLE %s (lock_mode text, gone text, stock integer NOT NULL DEFAULT 0 CHECK (stock >= 0), note text, '
                       'version bigint NOT NULL DEFAULT 1, price %s CHECK (price >= 0), id %s PRIMARY KEY, '
                       'stock_version bigint NOT NULL DEFAULT 0)', items, money_type, item_key_type);
        EXECUTE format('ALTER TABLE %s DROP gone', items);
        IF wallets THEN
            EXECUTE format('CREATE TABLE %s (gone text, id %s PRIMARY KEY, balance %s NOT NULL DEFAULT 0 CHECK (balance >= 0), '
                           'note text)', buyers, wallet_key_type, money_type);
            EXECUTE format('ALTER TABLE %s DROP gone', buyers);
        END IF;
    END IF;
    PERFORM vend.attach_store(name, items::regclass, price => 'price', wallets => buyers::regclass,
                              balance => CASE WHEN wallets THEN 'balance' END, stock_version => 'stock_version', version => 'version',
                              lock_mode => 'lock_mode', wallet_key_type => CASE WHEN NOT wallets THEN wallet_key_type::regtype END,
                              money_type => CASE WHEN NOT wallets THEN money_type END);
END
$$;
