-- Aim: text, bigint and uuid keys are passed without casts, typed or untyped, and mixed; a key is what the row says it
-- is, not how the argument spells it.
-- Guarantee: G4 (one id, one item, however spelt), section "Keys, money, ids": identity is the stored key.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('words');
SELECT vend.create_store('numbers', 'bigint', 'bigint');
SELECT vend.create_store('uuids', 'uuid', 'uuid');
SELECT vend.create_store('mixed', 'bigint', 'uuid');
INSERT INTO words.item (id, price, stock) VALUES ('lamp', 1, 100), ('42', 1, 100), ('01', 1, 100), (' lamp', 1, 100), ('', 1, 100), ('LAMP', 1, 100);
INSERT INTO words.wallet (id, balance) VALUES ('alpha', 1000), ('7', 1000), ('', 1000);
INSERT INTO numbers.item (id, price, stock) VALUES (42, 1, 100), (1, 1, 100), (-5, 1, 100), (9223372036854775807, 1, 100);
INSERT INTO numbers.wallet (id, balance) VALUES (7, 1000), (-9223372036854775808, 1000);
INSERT INTO uuids.item (id, price, stock) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 1, 100);
INSERT INTO uuids.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 1000);
INSERT INTO mixed.item (id, price, stock) VALUES (42, 1, 100);
INSERT INTO mixed.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 1000);

-- Keys are literals; every required argument is given by position and by name.
SET vend.default_store = 'words';
SELECT status, item, buyer FROM vend.try_purchase('lamp', 'alpha');
SELECT status, item, buyer FROM vend.try_purchase('lamp', 'alpha', 1);
SELECT status, item, buyer FROM vend.try_purchase(buyer => 'alpha', item => 'lamp');
SELECT status, item, buyer FROM vend.try_purchase('lamp'::text, 'alpha'::varchar);
SELECT status, item, buyer FROM vend.try_purchase('lamp'::varchar(10), 'alpha'::name);
SELECT status, item, buyer FROM vend.try_purchase('42', '7');
SELECT item, buyer FROM vend.purchase('lamp', 'alpha');
-- Text keys are told apart to the letter.
SELECT status, item FROM vend.try_purchase('1', 'alpha');
SELECT status, item FROM vend.try_purchase('01', 'alpha');
SELECT status, item FROM vend.try_purchase('LAMP', 'alpha');
SELECT status, item FROM vend.try_purchase('Lamp', 'alpha');
SELECT status, item FROM vend.try_purchase(' lamp', 'alpha');
SELECT status, item FROM vend.try_purchase('lamp ', 'alpha');
SELECT status, item, buyer FROM vend.try_purchase('', '');
-- A number for a text key means the text that the number prints as.
SELECT status, item, buyer FROM vend.try_purchase(42, 7);

SET vend.default_store = 'numbers';
SELECT status, item, buyer FROM vend.try_purchase(42, 7);
SELECT status, item, buyer FROM vend.try_purchase(42, 7, 1);
SELECT status, item, buyer FROM vend.try_purchase('42', '7');
SELECT status, item, buyer FROM vend.try_purchase(42, '7');
SELECT status, item, buyer FROM vend.try_purchase('42', 7);
SELECT status, item, buyer FROM vend.try_purchase(42::bigint, 7::smallint);
SELECT status, item, buyer FROM vend.try_purchase('42'::text, 7::bigint);
SELECT status, item, buyer FROM vend.try_purchase(buyer => 7, item => 42, qty => 2);
SELECT status, item, buyer FROM vend.try_purchase(-5, '-9223372036854775808');
SELECT status, item, buyer FROM vend.try_purchase(9223372036854775807, 7);
SELECT item, buyer FROM vend.purchase(42, 7);
SELECT item, buyer FROM vend.purchase('42', 7);
-- Spellings of a number are one item, one id, one counter.
SELECT status, item, buyer FROM vend.try_purchase('01', '007', id => '00000000-0000-4000-8000-00000000000a');
SELECT status, item, buyer FROM vend.try_purchase('1', '7', id => '00000000-0000-4000-8000-00000000000a');
SELECT status, item, buyer FROM vend.try_purchase(1, 7, id => '00000000-0000-4000-8000-00000000000a');
SELECT status, item, buyer FROM vend.try_purchase(' +1 ', ' 7', id => '00000000-0000-4000-8000-00000000000a');
SELECT stock FROM numbers.item WHERE id = 1;
-- A key that is not a number is an error, not an unknown item.
SELECT status FROM vend.try_purchase('lamp', 7);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase(42, 'alpha');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('', '');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('9223372036854775808', '7');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase(9223372036854775808, 7);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase(1.5, 7);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase(true, 7);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('bbbbbbbb-0000-4000-8000-000000000001'::uuid, 7);
\echo :SQLSTATE
SELECT status, item, buyer FROM vend.try_purchase(43, 7);
SELECT status, item, buyer FROM vend.try_purchase(42, 8);

SET vend.default_store = 'uuids';
SELECT status, item, buyer FROM vend.try_purchase('aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001');
SELECT status, item, buyer FROM vend.try_purchase('aaaaaaaa-0000-4000-8000-000000000001'::uuid, 'bbbbbbbb-0000-4000-8000-000000000001'::uuid);
SELECT status, item, buyer FROM vend.try_purchase('aaaaaaaa-0000-4000-8000-000000000001'::uuid, 'bbbbbbbb-0000-4000-8000-000000000001');
SELECT status, item, buyer FROM vend.try_purchase('AAAAAAAA-0000-4000-8000-000000000001', '{bbbbbbbb000040008000000000000001}', id => '00000000-0000-4000-8000-00000000000a');
SELECT status, item, buyer FROM vend.try_purchase('aaaaaaaa000040008000000000000001', 'BBBB-BBBB-0000-4000-8000-0000-0000-0001', id => '00000000-0000-4000-8000-00000000000a');
SELECT status FROM vend.try_purchase('lamp', 'bbbbbbbb-0000-4000-8000-000000000001');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase(42, 'bbbbbbbb-0000-4000-8000-000000000001');
\echo :SQLSTATE
SELECT status, item FROM vend.try_purchase('00000000-0000-0000-0000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000001');

SET vend.default_store = 'mixed';
SELECT status, item, buyer FROM vend.try_purchase(42, 'bbbbbbbb-0000-4000-8000-000000000001');
SELECT status, item, buyer FROM vend.try_purchase(42, 'bbbbbbbb-0000-4000-8000-000000000001'::uuid);
SELECT status, item, buyer FROM vend.try_purchase('42', 'BBBBBBBB-0000-4000-8000-000000000001'::uuid);

-- Parameters are untyped and typed; each kept plan serves every call.
PREPARE untyped AS SELECT status, item, buyer FROM vend.try_purchase($1, $2, $3);
EXECUTE untyped('42', 'bbbbbbbb-0000-4000-8000-000000000001', 1);
EXECUTE untyped('042', 'BBBBBBBB-0000-4000-8000-000000000001', 2);
PREPARE typed (bigint, uuid) AS SELECT status, item, buyer FROM vend.try_purchase($1, $2);
EXECUTE typed(42, 'bbbbbbbb-0000-4000-8000-000000000001');
EXECUTE typed('42', 'bbbbbbbb-0000-4000-8000-000000000001');
PREPARE half (int) AS SELECT status, item, buyer FROM vend.try_purchase($1, $2);
EXECUTE half(42, 'bbbbbbbb-0000-4000-8000-000000000001');
SET vend.default_store = 'words';
EXECUTE untyped('lamp', 'alpha', 1);
SET vend.default_store = 'numbers';
EXECUTE untyped('42', '7', 1);
EXECUTE untyped('lamp', 'alpha', 1);
\echo :SQLSTATE
DEALLOCATE ALL;

-- Columns of a join can be keys.
CREATE TABLE mixed.wish (item bigint, item_text text, buyer uuid);
INSERT INTO mixed.wish VALUES (42, '42', 'bbbbbbbb-0000-4000-8000-000000000001'), (43, '43', 'bbbbbbbb-0000-4000-8000-000000000001');
SELECT p.status, p.item FROM mixed.wish w, vend.try_purchase(w.item, w.buyer, store => 'mixed') p ORDER BY w.item;
SELECT p.status, p.item FROM mixed.wish w, vend.try_purchase(w.item_text, w.buyer::text, store => 'mixed') p ORDER BY w.item;

-- A domain over a key type can be a key; the movements take the same keys.
CREATE DOMAIN pg_temp.sku AS bigint CHECK (VALUE > 0);
CREATE DOMAIN pg_temp.tag AS text;
SELECT status, item FROM vend.try_purchase(42::pg_temp.sku, 7, store => 'numbers');
SELECT status, item FROM vend.try_purchase('lamp'::pg_temp.tag, 'alpha', store => 'words');
SELECT wallet, balance FROM vend.deposit(7, 1, store => 'numbers');
SELECT wallet, balance FROM vend.deposit('007', 1, store => 'numbers');
SELECT item, stock FROM vend.restock(42, 1, store => 'numbers');
SELECT item, stock FROM vend.restock('042', 1, store => 'numbers');
SELECT wallet, balance FROM vend.deposit('bbbbbbbb-0000-4000-8000-000000000001'::uuid, 1, store => 'uuids');
SELECT item, stock FROM vend.restock('AAAAAAAA-0000-4000-8000-000000000001', 1, store => 'uuids');
SELECT wallet, balance FROM vend.deposit('alpha', 1, store => 'words');
SELECT item FROM vend.restock('lamp', '2', store => 'numbers');
\echo :SQLSTATE
SELECT wallet FROM vend.deposit('alpha', 2, store => 'numbers');
\echo :SQLSTATE

-- Long keys are keys as well.
INSERT INTO words.item (id, price, stock) VALUES (repeat('long', 500), 1, 5);
SELECT status, length(item) FROM vend.try_purchase(repeat('long', 500), 'alpha', store => 'words');
SELECT status, length(item) FROM vend.try_purchase(repeat('none', 50000), 'alpha', store => 'words');

SELECT name, count(a.*) AS findings FROM vend.store LEFT JOIN LATERAL vend.audit(name) a ON true GROUP BY name ORDER BY name;
RESET vend.default_store;
SELECT vend.detach_store(name) FROM vend.store;
DROP SCHEMA words, numbers, uuids, mixed CASCADE;
