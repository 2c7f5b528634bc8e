-- Aim: keys of type character(n). The blanks that fill a value up are no part of the key: an argument may have them or not, answers have
-- none, and whatever compares keys in memory or in the ledger takes both for one key.
-- Guarantees: G1, G4, G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE DOMAIN code AS character(5) CHECK (VALUE <> '');
CREATE TABLE goods (sku character(8) PRIMARY KEY, stock integer NOT NULL, price integer NOT NULL, mode text);
CREATE TABLE people (id code PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO goods VALUES ('lamp', 20, 5), ('vase', 20, 7), ('a b', 20, 1);
INSERT INTO people VALUES ('ann', 1000), ('bob', 1000);
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance', lock_mode => 'mode');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid IN ('shop.ledger'::regclass, 'shop.stock_delta'::regclass) AND attname IN ('item', 'wallet') ORDER BY attrelid::regclass::text, 1;
SELECT '<' || item || '>' AS item, '<' || buyer || '>' AS buyer, status, balance FROM vend.try_purchase('lamp', 'ann', id => vend.id_from('1'));
-- The same call, spelt in other ways, is a replay.
SELECT '<' || item || '>' AS item, status FROM vend.try_purchase('lamp  ', 'ann    ', id => vend.id_from('1'));
SELECT status FROM vend.try_purchase('lamp          '::text, 'ann'::character(20), id => vend.id_from('1'));
SELECT status FROM vend.try_purchase('lamp'::character(4), 'ann'::character(3), id => vend.id_from('1'));
SELECT status, detail FROM vend.try_purchase(' lamp', 'ann');
SELECT status, detail FROM vend.try_purchase('a lamp that is too long', 'ann');
SELECT item, status FROM vend.try_purchase('a b', 'bob');
-- A batch and a cart take two spellings for one item and one buyer.
SELECT item, buyer, status, balance FROM vend.purchase_many('{lamp,"lamp  ",lamp}'::text[], '{"bob ",bob,ann}'::text[], qtys => '{9,9,9}');
SELECT status, detail FROM vend.try_checkout('ann', '{vase,"vase "}'::text[]);
SELECT status, amount FROM vend.try_checkout('ann ', '{vase,"a b"}'::text[], id => vend.id_from('cart'));
SELECT status FROM vend.try_checkout('ann', '{"vase ","a b"}'::text[], id => vend.id_from('cart'));
-- Escrow: one counter, whatever the spelling.
SELECT vend.set_lock_mode('vase', 'escrow');
SELECT status FROM unnest('{vase,"vase  "}'::text[]) i, vend.try_purchase(i, 'ann', 3);
SELECT vend.available('vase'), vend.available('vase   ');
SELECT count(*) FROM vend.stat_item WHERE item = 'vase';
SELECT vend.settle() >= 0 AS settled;
-- Movements.
SELECT balance FROM vend.deposit('ann  ', 5);
SELECT wallet, payee, balance FROM vend.transfer('ann', 'bob ', 5);
SELECT status FROM vend.try_transfer('ann', 'ann ', 5);
\echo :SQLSTATE
SELECT item, wallet, qty FROM vend.refund(vend.id_from('1'));
SELECT item, stock FROM vend.restock('lamp ', 1);
-- Plain SQL, a changed key, an own wallet.
UPDATE goods SET stock = stock - 1 WHERE sku = 'lamp';
UPDATE goods SET sku = 'lantern' WHERE sku = 'lamp';
SELECT item, status FROM vend.try_purchase('lantern', 'ann');
SELECT vend.reattach_store('shop', buyers => 'own');
CREATE ROLE regress_vend_buyer;
SELECT vend.grant_role('buyer', 'regress_vend_buyer');
SET ROLE regress_vend_buyer;
SET vend.current_buyer = 'ann';
SELECT status FROM vend.try_purchase('lantern', 'ann ');
SELECT status FROM vend.try_purchase('lantern', 'bob');
RESET ROLE;
-- The column may get another length; nothing has to be bound again.
ALTER TABLE goods ALTER COLUMN sku TYPE character(12);
SELECT status FROM vend.try_purchase('a b', 'ann', id => vend.id_from('wide'));
SELECT status FROM vend.try_purchase('a b ', 'bob');
SELECT status FROM vend.try_checkout('ann', '{"vase ","a b"}'::text[], id => vend.id_from('cart'));
SELECT status FROM vend.try_refund(vend.id_from('cart'));
SELECT item, buyer, sum(qty) FROM shop.holding GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM vend.audit();
-- Buyers that pay elsewhere.
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
SELECT vend.attach_store('shop', 'goods', price => 'price', wallet_key_type => 'character');
SELECT status, buyer FROM vend.try_purchase('a b', 'somebody  ', id => vend.id_from('1'));
SELECT status, buyer FROM vend.try_purchase('a b', 'somebody', id => vend.id_from('1'));
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
DROP TABLE goods, people;
DROP DOMAIN code;
DROP ROLE regress_vend_buyer;
