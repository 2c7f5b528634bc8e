-- Aim: a coupon. In a store with prices a cashier states what a sale costs, for one unit or for all of them; the ledger keeps what was
-- paid and the item's own price at that moment. A buyer may not. In every mode, in batches and carts, under an id asked again.
-- Guarantees: G2, G4, G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
CREATE ROLE regress_vend_cashier;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 20, 100), ('vase', 0, 100), ('hot', 7, 100);
INSERT INTO shop.wallet (id, balance) VALUES ('ann', 1000), ('bob', 1000), ('poor', 1);
SELECT vend.set_lock_mode('hot', 'escrow');
SELECT vend.grant_role('buyer', 'regress_vend_buyer'), vend.grant_role('cashier', 'regress_vend_cashier');

-- A cashier sells ten units for 179.25, and others for stated prices.
SET ROLE regress_vend_cashier;
SELECT qty, unit_price, amount, balance FROM vend.purchase('lamp', 'ann', 10, vend.id_from('ten'), amount => 179.25);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 2, vend.id_from('two'), unit_price => 15);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 1, vend.id_from('dear'), unit_price => 25);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('gift'), amount => 0);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('free'), unit_price => 0);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('vase', 'ann', 3, vend.id_from('vase'), amount => 0.01);
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 1, vend.id_from('list'));
RESET ROLE;
SELECT item, qty, unit_price, amount, list_price FROM shop.ledger WHERE kind = 'purchase' ORDER BY at, id;
SELECT buyer, item, qty FROM shop.holding ORDER BY item;
SELECT * FROM vend.audit();

-- A buyer is refused before anything else is looked at.
SET ROLE regress_vend_buyer;
SELECT * FROM vend.purchase('lamp', 'ann', 10, amount => 179.25);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'ann', unit_price => 1);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('ghost', 'ghost', 0, unit_price => -1, amount => 'NaN', max_price => 5, expected_version => 9);
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'), amount => 179.25);
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,lamp}', '{ann,ann}', unit_prices => '{NULL,1}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,lamp}', '{ann,ann}', amounts => '{1,NULL}');
\echo :SQLSTATE
SELECT * FROM vend.try_checkout('ann', '{lamp,vase}', amounts => '{1,NULL}');
\echo :SQLSTATE
SELECT * FROM vend.checkout('ann', '{lamp,vase}', unit_prices => '{NULL,NULL,3}');
\echo :SQLSTATE
-- A NULL states no price, and a sale for a stated price is replayed to every role that may buy.
SELECT status FROM vend.purchase_many('{lamp,lamp}', '{ann,ann}', unit_prices => '{NULL,NULL}', amounts => '{NULL,NULL}');
SELECT status, amount FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'), unit_price => NULL, amount => NULL);
RESET ROLE;

-- Some arguments about the price contradict each other or are not valid.
SELECT * FROM vend.try_purchase('lamp', 'ann', unit_price => 1, amount => 1);
SELECT * FROM vend.try_purchase('lamp', 'ann', unit_price => 1, max_price => 1);
SELECT * FROM vend.try_purchase('lamp', 'ann', amount => 1, max_price => 1);
SELECT * FROM vend.try_purchase('lamp', 'ann', amount => -0.01);
SELECT * FROM vend.try_purchase('lamp', 'ann', unit_price => -1);
SELECT * FROM vend.try_purchase('lamp', 'ann', amount => 0.001);
SELECT * FROM vend.try_purchase('lamp', 'ann', amount => 'NaN');
SELECT * FROM vend.try_purchase('lamp', 'ann', amount => 10000000000);
SELECT * FROM vend.try_purchase('lamp', 'ann', 50, unit_price => 9999999999);
SELECT * FROM vend.checkout('ann', '{lamp,vase}', amounts => '{1}');
SELECT * FROM vend.checkout('ann', '{lamp,vase}', unit_prices => '{1,1}', amounts => '{NULL,1}');
-- A sale with a stated price is refused as every sale is; the price that is shown is the stated one.
SELECT status, detail, unit_price, amount, balance FROM vend.try_purchase('lamp', 'poor', 10, amount => 1.01);
SELECT status, detail, unit_price, amount, balance FROM vend.try_purchase('lamp', 'poor', 10, unit_price => 0.2);
SELECT status, detail, unit_price FROM vend.try_purchase('lamp', 'ann', 1000, unit_price => 0.2);
SELECT status, detail, unit_price FROM vend.try_purchase('lamp', 'ann', 1000, amount => 0.2);
SELECT status, detail, unit_price FROM vend.try_purchase('lamp', 'ann', expected_version => 2, unit_price => 3);
SELECT status, detail, unit_price FROM vend.try_purchase('ghost', 'ann', unit_price => 3);
SELECT status, detail, unit_price FROM vend.try_purchase('lamp', 'ghost', amount => 3);
SELECT line, status, detail FROM vend.try_checkout('poor', '{vase,lamp}', amounts => '{0.60,0.60}');

-- Asked again under its id: what is stated must be what was paid, however it is stated; what is not stated may have been any price.
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'), amount => 179.25);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'));
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'), amount => 179.24);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 10, vend.id_from('ten'), unit_price => 20);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 2, vend.id_from('two'), unit_price => 15.00);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 2, vend.id_from('two'), amount => 30);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 2, vend.id_from('two'), unit_price => 14);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 2, vend.id_from('two'), unit_price => 9999999999);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 1, vend.id_from('list'), amount => 20);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 1, vend.id_from('list'), amount => 19);
SELECT status FROM vend.try_purchase('lamp', 'poor', 1, vend.id_from('remembered'), remember => true, amount => 2);
SELECT status FROM vend.try_purchase('lamp', 'poor', 1, vend.id_from('remembered'), amount => 1);

-- The stated price counts in each mode.
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'bob', 3, vend.id_from('atomic'), 'atomic', amount => 51);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'bob', 3, vend.id_from('pessimistic'), 'pessimistic', amount => 52);
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'bob', 3, vend.id_from('optimistic'), 'optimistic', amount => 53);
SELECT status, unit_price, amount FROM vend.try_purchase('hot', 'bob', 3, vend.id_from('escrow'), amount => 10);
SELECT status, unit_price, amount FROM vend.try_purchase('hot', 'bob', 3, vend.id_from('escrow 2'), unit_price => 6.5);
-- Batches, with an id twice, and carts state prices too.
SELECT status, detail, item, qty, unit_price, amount FROM vend.purchase_many('{lamp,lamp,hot,vase,lamp,lamp,lamp,hot}', '{bob,bob,bob,bob,bob,bob,bob,bob}', '{2,2,2,2,2,2,2,2}',
    ARRAY[vend.id_from('b1'), NULL, vend.id_from('b3'), NULL, vend.id_from('b1'), vend.id_from('b1'), vend.id_from('b1'), NULL], unit_prices => '{NULL,1.5,NULL,2,NULL,NULL,NULL,1}', amounts => '{3.33,NULL,4.44,NULL,3.33,3.34,NULL,1}');
SELECT status, detail, amount FROM vend.purchase_many('{lamp,hot,lamp}', '{bob,bob,bob}', '{2,2,2}', ARRAY[vend.id_from('b1'), vend.id_from('b3'), vend.id_from('two')], amounts => '{3.33,4.45,NULL}');
-- (Without ids the batch sells as it has read.)
SELECT status, unit_price, amount FROM vend.purchase_many('{lamp,lamp}', '{bob,ann}', '{3,3}', amounts => '{0.01,NULL}');
SELECT amount, balance, lines FROM vend.checkout('bob', '{lamp,vase,hot}', '{4,5,6}', vend.id_from('cart'), unit_prices => '{NULL,1,NULL}', amounts => '{71.70,NULL,NULL}');
SELECT status, amount, lines FROM vend.try_checkout('bob', '{lamp,vase,hot}', '{4,5,6}', vend.id_from('cart'), amounts => '{71.70,5,NULL}');
SELECT status, amount, lines FROM vend.try_checkout('bob', '{lamp,vase,hot}', '{4,5,6}', vend.id_from('cart'), amounts => '{71.70,5,43}');
SELECT item, qty, unit_price, amount, list_price FROM shop.ledger WHERE kind = 'purchase' AND wallet = 'bob' ORDER BY item COLLATE "C", amount;
SELECT * FROM vend.audit();

-- The rows are written by statements.
CREATE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER pass BEFORE INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION public.pass();
SELECT status, unit_price, amount FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('s1'), amount => 10);
SELECT status, unit_price, amount FROM vend.purchase_many('{lamp,hot}', '{ann,ann}', unit_prices => '{3,NULL}', amounts => '{NULL,4}');
SELECT item, qty, unit_price, amount, list_price FROM shop.ledger ORDER BY at DESC, item LIMIT 3;
-- A trigger that takes the item's own price away is found out.
CREATE OR REPLACE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.list_price := NULL; RETURN NEW; END $$;
SELECT status FROM vend.try_purchase('lamp', 'ann', amount => 10);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'ann');
DROP FUNCTION public.pass CASCADE;

-- The audit knows the two kinds of rows: of a stated amount the sign alone can be wrong, of a stated price the product.
CREATE FUNCTION public.found(change text, sale text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    findings text;
BEGIN
    ALTER TABLE shop.ledger DISABLE TRIGGER vend_append_only;
    EXECUTE format('UPDATE shop.ledger SET %s WHERE id = vend.id_from(%L)', change, sale);
    ALTER TABLE shop.ledger ENABLE TRIGGER vend_append_only;
    SELECT string_agg(concat_ws(' ', a.finding, a.expected, a.found, a.repair IS NOT NULL), ', ') INTO findings FROM vend.audit() a WHERE a.finding = 'purchase';
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
    RETURN findings;
END
$$;
SELECT c AS change, public.found(c, 'ten') AS ten, public.found(c, 'two') AS two, public.found(c, 'list') AS list FROM unnest('{amount = amount - 1,amount = -amount,qty = -qty,unit_price = 1,list_price = NULL}'::text[]) c;
DROP FUNCTION public.found;

-- A refund gives back of what was paid, to the coin, in whatever steps.
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('ten'), 3, vend.id_from('ten back 1'));
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('ten'), 3);
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('ten'), 3, vend.id_from('ten back 1'));
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('ten'));
SELECT status, detail FROM vend.try_refund(vend.id_from('ten'));
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('two'), 1);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('gift'));
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('escrow'), 2);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('cart'), 1, item => 'lamp');
SELECT kind, qty, unit_price, amount, list_price FROM shop.ledger WHERE vend.id_from('ten') IN (id, ref) ORDER BY at;
SELECT sum(amount) FROM shop.ledger WHERE vend.id_from('ten') IN (id, ref);
SELECT * FROM vend.audit();

-- Buyers of this store see only their own wallet: a cashier states a price there, and a buyer tries to.
SELECT vend.reattach_store('shop', buyers => 'own');
SET ROLE regress_vend_cashier;
SELECT status, amount FROM vend.try_purchase('lamp', 'bob', amount => 1);
SET ROLE regress_vend_buyer;
SET vend.current_buyer = 'bob';
SELECT status, amount FROM vend.try_purchase('lamp', 'bob', amount => 1);
RESET vend.current_buyer;
RESET ROLE;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;

-- In a store without prices a sale states one of the two, whoever asks; there is no price of the item's own.
SET ROLE regress_vend_owner;
SELECT vend.create_store('ask', prices => false);
INSERT INTO ask.item (id, stock) VALUES ('lamp', 100);
INSERT INTO ask.wallet (id, balance) VALUES ('ann', 1000);
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
SET ROLE regress_vend_buyer;
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('1'), amount => 10);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('1'), amount => 10);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3, vend.id_from('1'), unit_price => 10);
SELECT status, unit_price, amount, balance FROM vend.try_purchase('lamp', 'ann', 3);
SELECT status, detail, unit_price, amount, balance FROM vend.purchase_many('{lamp,lamp,lamp}', '{ann,ann,ann}', unit_prices => '{1,NULL,NULL}', amounts => '{NULL,2,NULL}');
SELECT lines FROM vend.checkout('ann', '{lamp}', '{3}', amounts => '{7}');
RESET ROLE;
SELECT item, qty, unit_price, amount, list_price FROM ask.ledger WHERE kind = 'purchase' ORDER BY amount;
SELECT * FROM vend.audit();
SELECT vend.detach_store('ask');
DROP SCHEMA ask CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_vend_owner', current_database()); END $$;
DROP ROLE regress_vend_owner, regress_vend_buyer, regress_vend_cashier;
