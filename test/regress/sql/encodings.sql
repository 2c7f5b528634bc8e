-- Aim: a name has one id, whatever the encoding of the database that computes it, and what is cut off is cut off between characters.
-- Guarantee: G4 (one order number, one id).
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT current_database() AS home \gset
SET client_encoding = 'UTF8';
SELECT vend.id_from('Bestellung Köln 1'), vend.id_from('Bestellung Köln 1') = '2179dd9d-d5b7-53b9-a792-02e2cdefae5c' AS is_uuid5;
SELECT vend.id_from('注文 1');
SELECT provolatile FROM pg_proc WHERE oid = 'vend.id_from(text)'::regprocedure;
-- Shared memory shows 63 bytes of a key at most, and no half character: 62 bytes if each character has two.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES (repeat('ä', 40), 5, 3, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100);
SELECT status FROM vend.try_purchase(repeat('ä', 40), 'alpha');
SELECT item, octet_length(item) FROM vend.stat_item;

CREATE DATABASE vend_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE vend_euc_jp ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE vend_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;

\c vend_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION pg_vend;
SELECT vend.id_from('Bestellung Köln 1'), octet_length('Köln'), vend.id_from('order 1'), vend.id_from('');
-- An index on it goes with the database, and the id of a name stays when both are dumped into another one.
CREATE TABLE orders (name text);
CREATE INDEX ON orders (vend.id_from(name));
INSERT INTO orders VALUES ('Bestellung Köln 1');
SET enable_seqscan = off;
SELECT name FROM orders WHERE vend.id_from(name) = '2179dd9d-d5b7-53b9-a792-02e2cdefae5c';
-- Keys have letters of the encoding, and so have the messages that name them.
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('Öl', 5, 3);
INSERT INTO shop.wallet (id, balance) VALUES ('Jürgen', 100);
SELECT status, item, buyer FROM vend.try_purchase('Öl', 'Jürgen', id => vend.id_from('Bestellung Köln 1'));
SELECT status, item, buyer, qty FROM vend.try_purchase('Öl', 'Jürgen', id => '2179dd9d-d5b7-53b9-a792-02e2cdefae5c');
SELECT wallet, item, qty FROM shop.ledger WHERE kind = 'purchase';
SELECT * FROM vend.purchase('Ähre', 'Jürgen');

\c vend_euc_jp
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION pg_vend;
SELECT vend.id_from('注文 1'), octet_length('注文'), vend.id_from('Bestellung Köln 1'), vend.id_from('order 1');

-- A database may have no encoding: a name in UTF-8 has the same id, other bytes have none.
\c vend_ascii
SET client_min_messages = warning;
CREATE EXTENSION pg_vend;
SELECT vend.id_from(E'Bestellung K\xc3\xb6ln 1'), vend.id_from('order 1');
\set VERBOSITY default
SELECT vend.id_from(E'Bestellung K\xf6ln 1');
SELECT vend.id_from(E'cut off \xc3');

\c :home
SET client_min_messages = warning;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP DATABASE vend_latin1;
DROP DATABASE vend_euc_jp;
DROP DATABASE vend_ascii;
