-- Aim: figures in two columns, as shops have them that allocate or authorise: a sale raises what is claimed, a refund lowers it, and what
-- is left is the total less claims and reservations, in each lock mode and way of writing, in the journal and in the audit.
-- Guarantees: G1, G2, G3, G6. Section "On hand and allocated" of docs/existing-tables.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE variant (sku text PRIMARY KEY, price numeric(10,2) NOT NULL, quantity int NOT NULL CHECK (quantity >= 0), quantity_allocated int NOT NULL DEFAULT 0 CHECK (quantity_allocated >= 0), damaged smallint, lock_mode text, moves int NOT NULL DEFAULT 0, note text);
CREATE TABLE card (code text PRIMARY KEY, amount numeric(10,2) NOT NULL, amount_used numeric(10,2) NOT NULL DEFAULT 0 CHECK (amount_used >= 0), authorised numeric(10,2), lock_version int NOT NULL DEFAULT 0);
INSERT INTO variant VALUES ('lamp', 10, 100, 20, 5), ('vase', 7.50, 3, 0, NULL), ('rare', 1, 1, 0, 0);
INSERT INTO card VALUES ('ann', 500, 100, 50), ('bob', 100, 0, NULL);
SELECT vend.attach_store('shop', 'variant', stock => 'quantity', claimed => 'quantity_allocated', reserved => 'damaged', price => 'price', stock_version => 'moves', lock_mode => 'lock_mode',
    wallets => 'card', balance => 'amount', balance_claimed => 'amount_used', balance_reserved => 'authorised', balance_version => 'lock_version');
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY item, wallet;
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(concat_ws(' ', sku, quantity, quantity_allocated, moves), ', ' ORDER BY sku) FROM variant), (SELECT string_agg(concat_ws(' ', code, amount, amount_used, lock_version), ', ' ORDER BY code) FROM card),
                     (SELECT string_agg(concat_ws(' ', finding, key, expected, found), ', ') FROM vend.audit('shop')))
$$;
CREATE FUNCTION after(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE 'SELECT concat_ws('' '', x.*) FROM (' || sql || ') x' INTO answer;
    RETURN concat_ws(' -> ', answer, state());
END $$;
-- Each kind of call. Replayed and refused calls write nothing.
CREATE FUNCTION calls(name text, mode text) RETURNS TABLE (n int, call text, answer text) LANGUAGE plpgsql AS $$
BEGIN
    n := 0;
    FOREACH call IN ARRAY ARRAY[
        format('SELECT amount, balance FROM vend.purchase(''lamp'', ''ann'', 3, id => vend.id_from(%L), lock_mode => %L)', name, mode),
        format('SELECT status, balance FROM vend.try_purchase(''lamp'', ''ann'', 3, id => vend.id_from(%L), lock_mode => %L)', name, mode),
        format('SELECT status, detail FROM vend.try_purchase(''vase'', ''ann'', 4, lock_mode => %L)', mode),
        format('SELECT status, detail FROM vend.try_purchase(''lamp'', ''ann'', 60, lock_mode => %L)', mode),
        format('SELECT qty, amount, stock, balance FROM vend.refund(vend.id_from(%L), 1)', name),
        'SELECT stock FROM vend.restock(''lamp'', 5)',
        'SELECT stock FROM vend.write_off(''lamp'', 4)',
        'SELECT status, detail FROM vend.try_write_off(''vase'', 4)',
        'SELECT balance FROM vend.deposit(''ann'', 20)',
        'SELECT balance FROM vend.withdraw(''ann'', 30)',
        'SELECT status, detail FROM vend.try_withdraw(''bob'', 1000)',
        'SELECT balance FROM vend.transfer(''ann'', ''bob'', 10)',
        'SELECT string_agg(status, '','') FROM vend.purchase_many(''{lamp,vase,lamp}'', ''{ann,bob,bob}'', ''{1,4,2}'')',
        'SELECT status, amount, balance FROM vend.try_checkout(''bob'', ''{lamp,vase}'', ''{1,1}'')',
        'SELECT status, line FROM vend.try_checkout(''bob'', ''{lamp,vase}'', ''{1,99}'')',
        'SELECT string_agg(status, '','') FROM vend.transfer_many(''{ann,bob}'', ''{bob,ann}'', ''{5,6}'')',
        format('SELECT qty, amount, stock, balance FROM vend.refund(vend.id_from(%L), restock => false)', name)]
    LOOP
        n := n + 1;
        answer := after(call);
        RETURN NEXT;
    END LOOP;
END $$;
BEGIN;
SELECT n, answer FROM calls('atomic', 'atomic');
ROLLBACK;
-- The other ways give the same answers and leave the same rows.
BEGIN;
SELECT jsonb_agg(answer ORDER BY n) AS atomic FROM calls('x', 'atomic') \gset
ROLLBACK;
BEGIN;
SELECT n, answer FROM calls('x', 'pessimistic') WHERE answer IS DISTINCT FROM :'atomic'::jsonb ->> (n - 1);
ROLLBACK;
BEGIN;
SELECT n, answer FROM calls('x', 'optimistic') WHERE answer IS DISTINCT FROM :'atomic'::jsonb ->> (n - 1);
ROLLBACK;
SET vend.write_by_statements = on;
BEGIN;
SELECT n, answer FROM calls('x', 'atomic') WHERE answer IS DISTINCT FROM :'atomic'::jsonb ->> (n - 1);
ROLLBACK;
BEGIN;
SELECT n, answer FROM calls('x', 'optimistic') WHERE answer IS DISTINCT FROM :'atomic'::jsonb ->> (n - 1);
ROLLBACK;
RESET vend.write_by_statements;
-- Outside of a transaction block, where a batch writes as it has read.
SELECT after($$SELECT string_agg(status, ',') FROM vend.purchase_many('{lamp,vase,lamp,rare,rare}', '{ann,bob,bob,bob,bob}', '{1,1,2,1,1}')$$);
SELECT after($$SELECT string_agg(status, ',') FROM vend.transfer_many('{ann,bob,ann}', '{bob,ann,bob}', '{5,6,1000}')$$);

-- The shop ships: what is left stays, and nothing is journalled. A refund after that finds fewer claims, and adds the rest to the stock.
SELECT after($$SELECT amount FROM vend.purchase('vase', 'bob', 1, id => vend.id_from('shipped'))$$);
SELECT count(*) AS entries FROM shop.ledger \gset
UPDATE variant SET quantity = quantity - 2, quantity_allocated = quantity_allocated - 2 WHERE sku = 'vase';
SELECT count(*) - :entries AS journalled FROM shop.ledger;
SELECT after($$SELECT qty, stock FROM vend.refund(vend.id_from('shipped'))$$);
-- It allocates, reserves and counts by itself: each is journalled as the change of what is left.
UPDATE variant SET quantity_allocated = quantity_allocated + 1, damaged = 1 WHERE sku = 'vase';
UPDATE variant SET damaged = NULL, quantity = 9 WHERE sku = 'vase';
UPDATE card SET authorised = 20.50 WHERE code = 'bob';
UPDATE card SET amount_used = amount_used + 1, authorised = NULL WHERE code = 'bob';
SELECT kind, item, qty, wallet, amount FROM shop.ledger ORDER BY at DESC, id DESC LIMIT 4;
SELECT state();
INSERT INTO variant VALUES ('new', 1, 10, 4, 1);
DELETE FROM variant WHERE sku = 'new';
SELECT kind, item, qty FROM shop.ledger WHERE item = 'new' ORDER BY at, id;
-- Neither claims nor reservations are edits, and claims that are null count as 0.
ALTER TABLE variant ADD edition int NOT NULL DEFAULT 1, ALTER quantity_allocated DROP NOT NULL;
SELECT vend.reattach_store('shop', version => 'edition');
UPDATE variant SET quantity_allocated = NULL, damaged = 2 WHERE sku = 'vase';
SELECT edition, vend.available('vase') FROM variant WHERE sku = 'vase';
BEGIN;
SELECT after($$SELECT amount FROM vend.purchase('vase', 'bob', 2)$$);
ROLLBACK;
SET vend.write_by_statements = on;
SELECT after($$SELECT amount FROM vend.purchase('vase', 'bob', 2)$$);
RESET vend.write_by_statements;
-- Of a total that is null nothing is left, whatever is claimed; what is restocked is left.
BEGIN;
ALTER TABLE variant ALTER quantity DROP NOT NULL, DISABLE TRIGGER USER;
UPDATE variant SET quantity = NULL, quantity_allocated = 4, damaged = 1 WHERE sku = 'rare';
ALTER TABLE variant ENABLE TRIGGER USER;
SELECT status, detail FROM vend.try_purchase('rare', 'bob');
SAVEPOINT a;
SELECT stock, vend.available('rare') FROM vend.restock('rare', 2);
SELECT state();
ROLLBACK TO a;
SET LOCAL vend.write_by_statements = on;
SELECT stock, vend.available('rare') FROM vend.restock('rare', 2);
SELECT state();
ROLLBACK;
-- The audit counts in the same way.
BEGIN;
ALTER TABLE variant DISABLE TRIGGER USER;
UPDATE variant SET quantity_allocated = quantity_allocated + 1 WHERE sku = 'vase';
UPDATE variant SET damaged = 200 WHERE sku = 'lamp';
ALTER TABLE variant ENABLE TRIGGER USER;
SELECT * FROM vend.audit();
ROLLBACK;

-- At the end of a column: a movement that does not fit is refused as before, a refund of what is claimed always fits.
CREATE TABLE tiny (id int PRIMARY KEY, total smallint NOT NULL, taken smallint NOT NULL DEFAULT 0, kept smallint NOT NULL DEFAULT 0);
CREATE TABLE purse (id int PRIMARY KEY, total smallint NOT NULL, spent smallint NOT NULL DEFAULT 0);
INSERT INTO tiny VALUES (1, 32760, 100);
INSERT INTO purse VALUES (1, 32760, 100), (2, 20, 0);
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', claimed => 'taken', reserved => 'kept', wallets => 'purse', balance => 'total', balance_claimed => 'spent');
SET vend.default_store = 'tiny';
SELECT qty, amount FROM vend.purchase(1, 1, 50, amount => 60, id => vend.id_from('tiny'));
\set VERBOSITY sqlstate
SELECT vend.restock(1, 8);
SELECT vend.deposit(1, 8);
SELECT vend.transfer(2, 1, 8);
\set VERBOSITY default
SELECT status, detail FROM vend.transfer_many('{2,2}', '{1,1}', '{8,7}');
SELECT stock FROM vend.restock(1, 7);
SELECT stock, balance FROM vend.refund(vend.id_from('tiny'));
TABLE tiny;
TABLE purse;
SELECT * FROM vend.audit();
-- What can be bound.
SELECT vend.detach_store('tiny');
ALTER TABLE tiny ALTER total TYPE int;
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', claimed => 'taken', wallets => 'purse', balance => 'total');
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', reserved => 'taken', claimed => 'taken', wallets => 'purse', balance => 'total');
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', balance_claimed => 'spent');
ALTER TABLE tiny ADD half int GENERATED ALWAYS AS (total / 2) STORED;
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', claimed => 'half', wallets => 'purse', balance => 'total');
ALTER TABLE purse ALTER spent TYPE numeric(8,2), ALTER total TYPE int;
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', wallets => 'purse', balance => 'total', balance_claimed => 'spent');
-- A reservation may be generated.
SELECT vend.attach_store('tiny', 'tiny', stock => 'total', reserved => 'half', wallets => 'purse', balance => 'total');
SELECT vend.available(1);
SELECT total, half FROM tiny;
SELECT stock FROM vend.restock(1, 10);
SELECT * FROM vend.audit();
SELECT vend.reattach_store('tiny', reserved => '', claimed => '');
SELECT qty, kind FROM tiny.ledger ORDER BY at DESC LIMIT 1;
SELECT vend.guard_version('variant', 'edition', '{note,quantity_allocated}');
SELECT vend.guard_version('variant', 'edition', '{note,damaged}');
RESET vend.default_store;
SELECT vend.detach_store('tiny');
SELECT vend.detach_store('shop');
DROP SCHEMA shop, tiny CASCADE;
-- A reservation below zero leaves more money than the claims have room for. To spend it is an error that names the row.
ALTER TABLE tiny DROP half;
CREATE TABLE debt (id int PRIMARY KEY, total smallint NOT NULL, spent smallint NOT NULL DEFAULT 0, kept smallint NOT NULL DEFAULT 0);
INSERT INTO debt VALUES (1, 32767, 0, -10);
SELECT vend.attach_store('debts', 'tiny', stock => 'total', wallets => 'debt', balance => 'total', balance_claimed => 'spent', balance_reserved => 'kept');
SELECT vend.try_purchase(1, 1, amount => 32768, store => 'debts');
SELECT vend.purchase_many('{1}', '{1}', amounts => '{32768}', store => 'debts');
SET vend.write_by_statements = on;
SELECT vend.try_purchase(1, 1, amount => 32768, store => 'debts');
RESET vend.write_by_statements;
SELECT status, balance FROM vend.try_purchase(1, 1, amount => 32767, id => vend.id_from('debt'), store => 'debts');
SELECT * FROM vend.audit('debts');
-- A refund to a row whose total is null writes the total, too: else nothing would be left of what it gives back.
ALTER TABLE debt ALTER total DROP NOT NULL, DISABLE TRIGGER USER;
UPDATE debt SET total = NULL, spent = 20, kept = 1;
ALTER TABLE debt ENABLE TRIGGER USER;
BEGIN;
SELECT status, balance FROM vend.try_refund(vend.id_from('debt'), amount => 5, store => 'debts');
TABLE debt;
ROLLBACK;
SET vend.write_by_statements = on;
SELECT status, balance FROM vend.try_refund(vend.id_from('debt'), amount => 5, store => 'debts');
TABLE debt;
RESET vend.write_by_statements;
SELECT vend.detach_store('debts');
DROP SCHEMA debts CASCADE;
DROP TABLE tiny, purse, variant, card, debt;
DROP FUNCTION calls, after, state;
