-- Aim: a caller who may not read the owner's tables does not read a row of them in the DETAIL of an error either: of a check, a
-- unique or exclusion constraint, NOT NULL, a foreign key, on items, wallets, ledger and deltas, whether rows are written by
-- statements or without, in each kind of call and in a direct write that is journalled. The owner still reads it, as who has his
-- rights; and what RAISE states, or pg_vend, is told to everybody.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_member IN ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;

-- A buyer read this from an error.
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
ALTER TABLE shop.item ADD COLUMN purchase_cost bigint, ADD COLUMN supplier text, ADD CHECK (stock >= 3);
INSERT INTO shop.item(id,price,stock,purchase_cost,supplier) VALUES ('lamp',100,3,17,'secret supplier');
INSERT INTO shop.wallet VALUES ('w',1000);
SELECT vend.grant_role('buyer','regress_vend_buyer');
SET ROLE regress_vend_buyer;
SELECT * FROM shop.item;
SELECT status FROM vend.try_purchase('lamp','w');
-- A buyer read the same of anybody's wallet: here users are attached, with a reserve of 5.
SET ROLE regress_vend_owner;
CREATE SCHEMA web;
CREATE TABLE web.users (id int PRIMARY KEY, email text, password_hash text, credits bigint NOT NULL CHECK (credits >= 5));
CREATE TABLE web.goods (id int PRIMARY KEY, stock bigint NOT NULL, price bigint NOT NULL);
INSERT INTO web.users VALUES (7, 'ann@example.org', '$2b$12$abc', 100);
INSERT INTO web.goods VALUES (1, 10, 98);
SELECT vend.attach_store('web', 'web.goods', price => 'price', wallets => 'web.users', balance => 'credits');
SELECT vend.grant_role('buyer', 'regress_vend_buyer', 'web');
SET ROLE regress_vend_buyer;
SELECT * FROM web.users;
SELECT status FROM vend.try_purchase(1, 7, store => 'web');
SET ROLE regress_vend_owner;
SELECT vend.detach_store('web');
DROP SCHEMA web CASCADE;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- Every kind of constraint meets every kind of call. The answer is the SQLSTATE and the DETAIL, in which the secret would be; it is undone afterwards.
SELECT vend.create_store('shop');
ALTER TABLE shop.item ADD COLUMN note text DEFAULT 'secret';
ALTER TABLE shop.wallet ADD COLUMN note text DEFAULT 'secret';
ALTER TABLE shop.ledger ADD COLUMN note text DEFAULT 'secret';
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10, 50), ('vase', 10, 50), ('hot', 10, 50);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
SELECT vend.set_lock_mode('hot', 'escrow');
SELECT vend.grant_role(r, 'regress_vend_buyer') FROM unnest('{buyer,cashier,operator,auditor}'::text[]) r;
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('sold'));
GRANT USAGE ON SCHEMA shop TO regress_vend_buyer;
GRANT UPDATE (stock), SELECT (id) ON shop.item TO regress_vend_buyer;
GRANT UPDATE (balance), SELECT (id) ON shop.wallet TO regress_vend_buyer;
RESET ROLE;
CREATE TABLE public.call (n int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO public.call (name, statement) VALUES
    ('purchase', $$SELECT vend.purchase('lamp', 'alpha')$$),
    ('try_purchase', $$SELECT vend.try_purchase('lamp', 'alpha', lock_mode => 'pessimistic')$$),
    ('in escrow', $$SELECT vend.try_purchase('hot', 'alpha')$$),
    ('batch', $$SELECT vend.purchase_many('{lamp,vase}'::text[], '{alpha,beta}'::text[])$$),
    ('batch with ids', $$SELECT vend.purchase_many('{lamp,hot}'::text[], '{alpha,beta}'::text[], ids => ARRAY[vend.id_from('a'), vend.id_from('b')])$$),
    ('cart', $$SELECT vend.try_checkout('alpha', '{lamp,vase}'::text[])$$),
    ('refund', $$SELECT vend.refund(vend.id_from('sold'))$$),
    ('deposit', $$SELECT vend.deposit('alpha', 1)$$),
    ('withdraw', $$SELECT vend.try_withdraw('alpha', 1)$$),
    ('transfer', $$SELECT vend.transfer('alpha', 'beta', 1)$$),
    ('transfers', $$SELECT vend.transfer_many('{alpha}'::text[], '{beta}'::text[], '{1}')$$),
    ('restock', $$SELECT vend.restock('lamp', 1)$$),
    ('remember', $$SELECT vend.try_purchase('ghost', 'alpha', id => vend.id_from('late'), remember => true)$$),
    ('void_id', $$SELECT vend.void_id(vend.id_from('void'))$$),
    ('UPDATE of stock', $$UPDATE shop.item SET stock = 40 WHERE id = 'lamp'$$),
    ('UPDATE of balance', $$UPDATE shop.wallet SET balance = 40 WHERE id = 'alpha'$$);
CREATE TABLE public.cause (n int GENERATED ALWAYS AS IDENTITY, name text, ddl text);
INSERT INTO public.cause (name, ddl) VALUES
    ('check of the item', $$ALTER TABLE shop.item ADD CHECK (stock = 0) NOT VALID$$),
    ('check of the wallet', $$ALTER TABLE shop.wallet ADD CHECK (balance = 0) NOT VALID$$),
    ('check of the ledger', $$ALTER TABLE shop.ledger ADD CHECK (note <> 'secret') NOT VALID$$),
    ('check of the deltas', $$ALTER TABLE shop.stock_delta ADD CHECK (qty < -9)$$),
    ('NOT NULL', $$ALTER TABLE shop.ledger ADD x int NOT NULL DEFAULT 1; ALTER TABLE shop.ledger ALTER x DROP DEFAULT$$),
    ('unique', $$CREATE UNIQUE INDEX ON shop.ledger (note) WHERE kind <> 'adjustment'$$),
    ('exclusion', $$ALTER TABLE shop.ledger ADD EXCLUDE USING btree (note WITH =) WHERE (kind <> 'adjustment')$$),
    ('foreign key', $$CREATE TABLE shop.note (note text PRIMARY KEY); ALTER TABLE shop.ledger ADD FOREIGN KEY (note) REFERENCES shop.note NOT VALID$$),
    ('check in a trigger', $$CREATE TABLE shop.log (note text CHECK (note <> 'secret')); CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO shop.log VALUES (NEW.note); RETURN NEW; END $f$; CREATE TRIGGER log BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log()$$),
    ('view in a trigger', $$CREATE TABLE shop.log (note text); CREATE VIEW shop.some AS SELECT * FROM shop.log WHERE note <> 'secret' WITH CHECK OPTION; CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO shop.some VALUES (NEW.note); RETURN NEW; END $f$; CREATE TRIGGER log BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log()$$),
    ('partitions in a trigger', $$CREATE TABLE shop.log (note text) PARTITION BY LIST (note); CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO shop.log VALUES (NEW.note); RETURN NEW; END $f$; CREATE TRIGGER log BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log()$$),
    ('STRICT in a trigger', $$CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $f$ DECLARE x text; y text := NEW.note; BEGIN SELECT id INTO STRICT x FROM shop.item WHERE note = y; RETURN NEW; END $f$; CREATE TRIGGER log BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log()$$),
    ('RAISE in a trigger', $$CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'check_violation', DETAIL = 'Come tomorrow.'; END $f$; CREATE TRIGGER log BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION shop.log()$$),
    ('error of pg_vend', $$UPDATE shop.item SET price = 9223372036854775807$$);
-- The function shows the SQLSTATE and the DETAIL that a role is told, and undoes the call.
CREATE FUNCTION public.told(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM set_config('role', who, true), set_config('plpgsql.print_strict_params', 'on', true);
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN CASE WHEN SQLSTATE = 'ZZZZZ' THEN 'sold' WHEN detail = '' THEN SQLSTATE WHEN detail ~ 'secret' THEN SQLSTATE || ' with the row' WHEN detail ~ '\(' THEN SQLSTATE || ' with values' ELSE SQLSTATE || ' ' || detail END;
END
$$;
CREATE FUNCTION public.told_all(trigger_ddl text) RETURNS TABLE (cause text, owner text, member text, buyer text, calls text) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    answers text[];
BEGIN
    FOR c IN SELECT * FROM public.cause ORDER BY n LOOP
        BEGIN
            PERFORM set_config('role', 'regress_vend_owner', true);
            EXECUTE trigger_ddl;
            EXECUTE c.ddl;
            PERFORM set_config('role', session_user, true);
            SELECT array_agg(concat_ws('|', i.name, public.told('regress_vend_owner', i.statement), public.told('regress_vend_member', i.statement), public.told('regress_vend_buyer', i.statement)) ORDER BY i.n)
                INTO answers FROM public.call i;
            RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
        EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
        END;
        RETURN QUERY SELECT c.name, split_part(a, '|', 2), split_part(a, '|', 3), split_part(a, '|', 4), string_agg(split_part(a, '|', 1), ', ' ORDER BY n)
            FROM unnest(answers) WITH ORDINALITY u(a, n) GROUP BY 1, 2, 3, 4 ORDER BY min(n);
    END LOOP;
END
$$;
-- Rows are written without a statement, and then by statements. An UPDATE of somebody's own shows him, as ever, the values of those
-- columns that he may read.
SELECT * FROM public.told_all('SELECT');
SELECT * FROM public.told_all('CREATE FUNCTION shop.pass() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END $f$; CREATE TRIGGER pass BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.pass()');

DROP FUNCTION public.told, public.told_all;
DROP TABLE public.call, public.cause;
SET ROLE regress_vend_owner;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_member, regress_vend_owner, regress_vend_buyer;
