-- Aim: keys of type citext: two spellings are one item, one wallet, one lock; the ledger keeps them as text, as the row has them,
-- so that it needs no type of another extension. (The second expected file is for servers without citext.)
-- Guarantees: G4 (a key is what its row has), G6, G8.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT count(*) = 0 AS is_missing FROM pg_available_extensions WHERE name = 'citext' \gset
\if :is_missing
    \quit
\endif
CREATE EXTENSION citext;
CREATE DOMAIN mail AS citext CHECK (value ~ '@');
CREATE TABLE goods (sku citext PRIMARY KEY, price integer NOT NULL, stock integer NOT NULL, mode text);
CREATE TABLE people (mail mail PRIMARY KEY, balance integer NOT NULL);
INSERT INTO goods VALUES ('Lamp', 10, 20, NULL), ('VASE', 3, 20, NULL);
INSERT INTO people VALUES ('Alpha@x', 1000), ('beta@X', 1000);
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'people', balance => 'balance', lock_mode => 'mode');
SELECT vend.set_lock_mode('vase', 'escrow');
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid IN ('shop.ledger'::regclass, 'shop.stock_delta'::regclass) AND attname IN ('item', 'wallet') ORDER BY 1, 2;
SELECT s, status, item, buyer, balance FROM unnest('{Lamp,lamp,LAMP,vase,Vase,no}'::text[]) s, vend.try_purchase(s, 'alpha@X', 2) p;
SELECT status, item, buyer FROM vend.try_purchase('lamp'::citext, 'ALPHA@X'::mail, 1, vend.id_from('one'), lock_mode => 'pessimistic');
SELECT status, item, buyer FROM vend.try_purchase('LAMP', 'alpha@x', 1, vend.id_from('one'));
SELECT status FROM vend.try_purchase('vase', 'alpha@x', 1, vend.id_from('one'));
\echo :SQLSTATE
SELECT kind, item, wallet FROM vend.refund(vend.id_from('one'));
SELECT status, item, qty FROM vend.purchase_many('{lamp,LAMP,Vase,vase,LAMP}', '{alpha@x,beta@x,BETA@x,ALPHA@X,beta@X}', '{1,1,1,1,100}');
-- Two spellings mean one wallet, and one item.
SELECT vend.transfer('alpha@x', 'ALPHA@X', 1);
\echo :SQLSTATE
SELECT vend.checkout('alpha@x', '{lamp,LAMP}');
\echo :SQLSTATE
SELECT kind, wallet, balance FROM vend.transfer('ALPHA@X', 'BETA@x', 5);
SELECT payee, status FROM vend.transfer_many('{alpha@x,BETA@X}', '{BETA@x,Alpha@X}', '{1,2}');
SELECT vend.available('VASE'), vend.available('lAmP');
-- Another spelling of the key is another key to the ledger, which follows.
UPDATE goods SET sku = 'lamp' WHERE sku = 'LAMP';
UPDATE goods SET sku = 'vase' WHERE sku = 'VASE';
SELECT status, item FROM unnest('{Lamp,Vase}'::text[]) s, vend.try_purchase(s, 'alpha@x') p;
SELECT vend.settle() >= 0 AS settled;
SELECT item, sum(qty) FROM shop.ledger WHERE item IS NOT NULL GROUP BY item ORDER BY item COLLATE "C";
SELECT sku, stock FROM goods ORDER BY sku;
SELECT * FROM vend.audit();
-- A key may not tell spellings apart that the column takes for equal.
CREATE TABLE twins (sku citext NOT NULL, stock integer NOT NULL);
CREATE UNIQUE INDEX ON twins (sku text_ops);
INSERT INTO twins VALUES ('a', 1), ('A', 1);
SELECT vend.attach_store('twins', 'twins', 'sku');
\echo :SQLSTATE
-- The ledger outlives the type.
SELECT vend.detach_store('shop');
SET client_min_messages = error;
DROP EXTENSION citext CASCADE;
SELECT count(*) > 10 AS entries, count(DISTINCT item) AS items, count(DISTINCT wallet) AS wallets FROM shop.ledger;
DROP SCHEMA shop CASCADE;
DROP TABLE goods, people, twins;
