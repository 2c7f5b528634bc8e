-- One lock column of an ORM is the store's version of a figure and the version of a guard at once: a sale counts it up, and an
-- editor who has read the row before conflicts, as in the ORM. Section "Tables of a store" of docs/version-guard.md.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE product (id int PRIMARY KEY, name text NOT NULL, price bigint NOT NULL, stock int NOT NULL, lock_version int NOT NULL DEFAULT 0);
CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL, credit bigint NOT NULL, lock_version int NOT NULL DEFAULT 0);
INSERT INTO product VALUES (1, 'lamp', 5, 100);
INSERT INTO account VALUES (3, 'ann', 1000);
SELECT vend.attach_store('shop', items => 'product', price => 'price', wallets => 'account', balance => 'credit', stock_version => 'lock_version', balance_version => 'lock_version');
-- The columns that sales write are still not guarded.
SELECT vend.guard_version('product', 'lock_version', '{name,stock}', 'next');
SELECT vend.guard_version('product', 'stock', '{name}', 'next');
SELECT vend.guard_version('account', 'lock_version', '{credit}', 'next');
SELECT vend.guard_version('product', 'lock_version', '{name,price}', 'next');
SELECT vend.guard_version('account', 'lock_version', '{name}', 'next');

-- Each round: the editor reads, a sale comes in between, the editor saves what he has read. The WHERE of an ORM finds no row; without it
-- the guard refuses. Then the editor reads again and saves, and a sale that meets the new version sells.
CREATE FUNCTION edit_round(lock_mode text) RETURNS TABLE (product int, account int, saved_product int, saved_account int, without_where text, product_then int, account_then int) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product SET lock_version = lock_version + 1 WHERE id = 1;
    PERFORM vend.purchase(1, 3, lock_mode => edit_round.lock_mode);
    UPDATE product p SET name = 'late', lock_version = 2 WHERE p.id = 1 AND p.lock_version = 1;
    GET DIAGNOSTICS saved_product = ROW_COUNT;
    UPDATE account a SET name = 'late', lock_version = 1 WHERE a.id = 3 AND a.lock_version = 0;
    GET DIAGNOSTICS saved_account = ROW_COUNT;
    product := (SELECT lock_version FROM product WHERE id = 1);
    account := (SELECT lock_version FROM account WHERE id = 3);
    BEGIN
        UPDATE product p SET name = 'late', lock_version = 1 WHERE p.id = 1;
    EXCEPTION WHEN SQLSTATE 'VN004' THEN
        without_where := SQLERRM;
    END;
    UPDATE product p SET name = 'in time', lock_version = 3 WHERE p.id = 1 AND p.lock_version = 2;
    UPDATE account a SET name = 'in time', lock_version = 2 WHERE a.id = 3 AND a.lock_version = 1;
    PERFORM vend.purchase(1, 3, lock_mode => edit_round.lock_mode);
    product_then := (SELECT lock_version FROM product WHERE id = 1);
    account_then := (SELECT lock_version FROM account WHERE id = 3);
    RETURN NEXT;
    ALTER TABLE product DISABLE TRIGGER zz_vend_guard;
    ALTER TABLE account DISABLE TRIGGER zz_vend_guard;
    UPDATE product SET lock_version = 0;
    UPDATE account SET lock_version = 0;
    ALTER TABLE product ENABLE TRIGGER zz_vend_guard;
    ALTER TABLE account ENABLE TRIGGER zz_vend_guard;
END $$;
SELECT * FROM edit_round('atomic');
SELECT * FROM edit_round('pessimistic');
SELECT * FROM edit_round('optimistic');
SET vend.write_by_statements = on;
SELECT * FROM edit_round('atomic');
RESET vend.write_by_statements;
SELECT status FROM vend.purchase_many('{1,1}', '{3,3}');
SELECT kind FROM vend.restock(1, 2);
SELECT p.lock_version, a.lock_version FROM product p, account a;
-- In the other convention the guard counts edits up, and sales count on.
SELECT vend.unguard_version('product');
SELECT vend.guard_version('product', 'lock_version', '{name,price}');
UPDATE product SET name = 'read', lock_version = 1;
\echo :SQLSTATE
UPDATE product SET name = 'read', lock_version = 2;
SELECT kind FROM vend.restock(1, 2);
SELECT lock_version FROM product;
-- The store can be bound to tables that are guarded already.
SELECT vend.reattach_store('shop');
SELECT status FROM vend.try_purchase(1, 3);
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP TABLE product, account;
DROP FUNCTION edit_round;
