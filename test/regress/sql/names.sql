-- Aim: stores whose names need quoting, and keys that look like SQL, sell like any other.
-- Guarantee: G8, and section "Statements and plans": identifiers are quoted, values are parameters.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.try_name(name text) RETURNS TABLE (store text, status text, balance numeric, replay text, sales bigint, findings bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one constant uuid := '00000000-0000-4000-8000-00000000000a';
BEGIN
    PERFORM vend.create_store(name);
    EXECUTE format('INSERT INTO %I.item (id, price, stock) VALUES (%L, 10, 5)', name, 'la''mp "x"');
    EXECUTE format('INSERT INTO %I.wallet (id, balance) VALUES (%L, 100)', name, 'al;pha -- ');
    SELECT p.status, p.balance INTO status, balance FROM vend.try_purchase('la''mp "x"', 'al;pha -- ', 2, id => one, store => name) p;
    SELECT p.status INTO replay FROM vend.try_purchase('la''mp "x"', 'al;pha -- ', 2, id => one, store => name) p;
    EXECUTE format('SELECT count(*) FROM %I.ledger WHERE kind = ''purchase''', name) INTO sales;
    SELECT count(*) INTO findings FROM vend.audit(name);
    store := name;
    RETURN NEXT;
    PERFORM vend.detach_store(name);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
END
$$;

SELECT t.* FROM unnest(ARRAY['shop', 'My Shop', 'UPPER', 'select', 'table', 'user', 'O''Brien', 'a "quoted" name', 'a.b', ' x ', '1st',
                             'item', 'wallet', 'ledger', 'vend.store', '"', '''', '%s %I', '$1', '\', repeat('n', 63)]) n, pg_temp.try_name(n) t;

-- Names are told apart as SQL does: no folding of case, no trimming.
SELECT vend.create_store('Shop');
SELECT vend.create_store('shop');
SELECT name, item, wallet, ledger FROM vend.store ORDER BY name COLLATE "C";
SELECT status FROM vend.try_purchase('x', 'y', store => 'SHOP');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('x', 'y', store => ' shop');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('x', 'y', store => 'shop');
SELECT vend.detach_store('Shop');
SELECT name FROM vend.store;
SELECT vend.detach_store('shop');
DROP SCHEMA shop, "Shop" CASCADE;
