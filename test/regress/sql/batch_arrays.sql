-- Aim: what a batch may be given: arrays of one length in any form that a query or a driver sends, keys of every type, typed
-- or not; and what is wrong with the call as a whole, or with one request alone, which its neighbours do not feel.
-- Guarantees: G3 (what is refused changes nothing), G6. Section "Arrays" of docs/batches.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('words');
SELECT vend.create_store('numbers', 'bigint', 'bigint');
SELECT vend.create_store('uuids', 'uuid', 'uuid');
SELECT vend.create_store('mixed', 'bigint', 'uuid');
SELECT vend.create_store('gift', wallets => false);
SELECT vend.create_store('ask', prices => false);
SELECT vend.create_store('bare', wallets => false, prices => false);
SELECT vend.create_store('fine', money_type => 'numeric(12,2)');
INSERT INTO words.item (id, price, stock, lock_mode) VALUES ('lamp', 100, 100, NULL), ('vase', 30, 100, 'escrow'), ('', 1, 100, NULL), ('a,b', 1, 100, NULL), ('NULL', 1, 100, NULL), ('01', 1, 100, 'escrow'), ('1', 1, 100, NULL);
INSERT INTO words.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 100000), ('', 100000), ('7', 100000);
INSERT INTO numbers.item (id, price, stock, lock_mode) VALUES (1, 1, 100, NULL), (2, 1, 100, 'escrow'), (-5, 1, 100, 'escrow'), (9223372036854775807, 1, 100, NULL);
INSERT INTO numbers.wallet (id, balance) VALUES (7, 1000), (8, 1000), (-9223372036854775808, 1000);
INSERT INTO uuids.item (id, price, stock, lock_mode) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 1, 100, NULL), ('aaaaaaaa-0000-4000-8000-000000000002', 1, 100, 'escrow');
INSERT INTO uuids.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 1000);
INSERT INTO mixed.item (id, price, stock) VALUES (42, 1, 100);
INSERT INTO mixed.wallet (id, balance) VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 1000);
INSERT INTO gift.item (id, price, stock, lock_mode) VALUES ('lamp', 100, 3, NULL), ('vase', 30, 3, 'escrow');
INSERT INTO ask.item (id, stock, lock_mode) VALUES ('lamp', 10, NULL), ('vase', 10, 'escrow');
INSERT INTO ask.wallet (id, balance) VALUES ('alpha', 1000);
INSERT INTO bare.item (id, stock, lock_mode) VALUES ('lamp', 10, NULL), ('vase', 10, 'escrow');
INSERT INTO fine.item (id, price, stock, lock_mode) VALUES ('lamp', 19.99, 100, NULL), ('vase', 0.05, 100, 'escrow'), ('palace', 9999999999.99, 100, NULL);
INSERT INTO fine.wallet (id, balance) VALUES ('alpha', 100.00), ('rich', 9999999999.99);

-- Arguments are literals and arrays, by position and by name, in both forms.
SET vend.default_store = 'words';
SELECT status, item, buyer, qty FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}');
SELECT status, item, buyer, qty FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', '{2,3}');
SELECT status, item, buyer, qty FROM vend.purchase_many(ARRAY['lamp', 'vase'], ARRAY['alpha', 'beta'], ARRAY[2, 3]);
SELECT status, item, buyer, qty FROM vend.purchase_many(ARRAY['lamp', 'vase'], '{alpha,beta}', ARRAY[2, 3]::bigint[]);
SELECT status, item, buyer, qty FROM vend.purchase_many('{lamp,vase}', ARRAY['alpha', 'beta']::varchar(10)[], ARRAY[2, 3]::smallint[]);
SELECT status, item, buyer, qty FROM vend.purchase_many('{lamp,vase}'::text, '{alpha,beta}'::text[]);
SELECT status, item, buyer, qty FROM vend.purchase_many('{lamp,vase}'::name[], '{alpha,beta}'::varchar[]);
SELECT status, item, buyer, qty FROM vend.purchase_many(buyers => '{alpha,beta}', items => '{lamp,vase}', qtys => '{4,5}', store => 'words');
SELECT status, item, buyer FROM vend.purchase_many('{"",lamp,"a,b","NULL"}', '{alpha,"",alpha,alpha}');
SELECT status, item, buyer, unit_price, amount, balance FROM vend.purchase_many('{lamp}', '{alpha}');
-- A number for a text key is the text that it prints as.
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[1, 2], ARRAY[7, 7]);
-- Text keys are told apart to the letter.
SELECT status, item FROM vend.purchase_many('{1,01,001,"1 ",LAMP}', '{7,7,7,7,7}');
-- The outcomes have the order of the elements, so that a caller can join them.
SELECT n, status, item FROM vend.purchase_many('{vase,ghost,lamp}', '{alpha,alpha,alpha}') WITH ORDINALITY p (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n) ORDER BY n;
SELECT (vend.purchase_many('{vase,ghost}', '{alpha,alpha}')).status;
WITH w AS (SELECT array_agg('lamp'::text ORDER BY n) AS items, array_agg(b ORDER BY n) AS buyers FROM unnest(ARRAY['alpha', 'beta', 'nobody']) WITH ORDINALITY b (b, n))
SELECT p.status, p.buyer FROM w, vend.purchase_many(w.items, w.buyers) p;
SELECT b, status, item FROM unnest(ARRAY['alpha', 'beta']) b, vend.purchase_many(ARRAY['lamp', 'vase'], ARRAY[b, b]);
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM vend.purchase_many('{lamp,ghost}', '{beta,beta}') LOOP RAISE WARNING '% %', r.item, r.status; END LOOP;
END
$$;

-- A prepared statement may have parameters of no type, or of any type.
PREPARE many AS SELECT status, item, buyer, amount FROM vend.purchase_many($1, $2, $3, store => $4);
EXECUTE many('{lamp,vase}', '{alpha,beta}', '{1,2}', 'words');
EXECUTE many('{1,2}', '{7,8}', '{1,2}', 'numbers');
EXECUTE many('{42}', '{bbbbbbbb-0000-4000-8000-000000000001}', NULL, 'mixed');
EXECUTE many('{}', '{}', '{}', 'mixed');
EXECUTE many('{x,2}', '{7,7}', NULL, 'numbers');
EXECUTE many(NULL, '{7,7}', NULL, 'numbers');
\echo :SQLSTATE
EXECUTE many('{lamp', '{alpha}', NULL, 'words');
\echo :SQLSTATE
EXECUTE many('lamp', '{alpha}', NULL, 'words');
\echo :SQLSTATE
DEALLOCATE many;
PREPARE many(bigint[], text, int[]) AS SELECT status, item, buyer, amount FROM vend.purchase_many($1, $2, $3, store => 'numbers');
EXECUTE many('{1,2}', '{7,8}', '{1,2}');
EXECUTE many('{1,3}', '{7,x}', '{1,2}');
DEALLOCATE many;

SET vend.default_store = 'numbers';
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[1, 2], ARRAY[7, 8]);
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[1, 2]::bigint[], ARRAY[7, 8]::smallint[]);
SELECT status, item, buyer FROM vend.purchase_many('{1,2}', '{7,8}');
SELECT status, item, buyer FROM vend.purchase_many('{1,2}'::text[], ARRAY[7, 8]);
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[-5, 9223372036854775807], '{-9223372036854775808,7}');
-- Spellings of a number are one item and one wallet, which the outcome spells as the row does.
SELECT status, item, buyer, balance FROM vend.purchase_many('{01,1," +1 ",002}', '{7,007," 7",+7}');
-- A value that is not a number spoils its own request only, as a price and as an amount.
SELECT status, detail, item, buyer, amount, balance FROM vend.purchase_many('{1,x,2,1,99999999999999999999,1.5,"",NULL,2}', '{7,7,y,7,7,7,7,7,7}', '{1,2,3,4,5,6,7,8,9}');
SELECT status, detail, item, buyer FROM vend.purchase_many(ARRAY[1, 2.5, 2], ARRAY[7, 7, 7]);
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[true], ARRAY[7]);
\echo :SQLSTATE
SELECT stock + coalesce((SELECT sum(qty) FROM numbers.stock_delta d WHERE d.item = i.id), 0) AS stock, id FROM numbers.item i ORDER BY id;

SET vend.default_store = 'uuids';
SELECT status, item, buyer FROM vend.purchase_many('{aaaaaaaa-0000-4000-8000-000000000001,AAAAAAAA-0000-4000-8000-000000000002,"{aaaaaaaa000040008000000000000002}",x}', array_fill('bbbbbbbb-0000-4000-8000-000000000001'::uuid, ARRAY[4]));
SELECT status, item FROM vend.purchase_many(ARRAY['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-00000000000f']::uuid[], array_fill('bbbbbbbb-0000-4000-8000-000000000001'::text, ARRAY[2]));
SELECT status, item FROM vend.purchase_many(ARRAY[1], '{bbbbbbbb-0000-4000-8000-000000000001}');
\echo :SQLSTATE
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[42, 43], ARRAY['bbbbbbbb-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-00000000000f']::uuid[], store => 'mixed');
SELECT status, item, buyer FROM vend.purchase_many(ARRAY[42, 42], '{bbbbbbbb-0000-4000-8000-000000000001,7}', store => 'mixed');

-- Arrays of a wrong shape are a fault of the whole call.
\set VERBOSITY terse
SET vend.default_store = 'words';
SELECT * FROM vend.purchase_many('{}', '{}');
SELECT * FROM vend.purchase_many(ARRAY[]::text[], '{}', '{}', '{}', '{}');
SELECT * FROM vend.purchase_many(NULL, '{alpha}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', NULL);
\echo :SQLSTATE
SELECT * FROM vend.purchase_many(NULL::text[], '{alpha}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', remember => NULL);
\echo :SQLSTATE
SELECT status FROM vend.purchase_many('{lamp}', '{alpha}', NULL, NULL, NULL, NULL);
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha,beta}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', '{1}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', '{}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', ids => ARRAY[vend.id_from('a')]);
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', max_prices => '{1,2,3}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', unit_prices => '{1}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{}', '{}', '{1}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{{lamp,vase}}', '{alpha,beta}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many(ARRAY[['lamp'], ['vase']], '{alpha,beta}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{{alpha},{beta}}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp,vase}', '{alpha,beta}', '{{1,2}}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', ids => ARRAY[[vend.id_from('a')]]);
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('lamp', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', 7);
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', store => 'mall');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', '{9223372036854775808}');
\echo :SQLSTATE
SELECT * FROM vend.purchase_many('{lamp}', '{alpha}', ids => '{x}');
\echo :SQLSTATE
\set VERBOSITY default
-- The lower bound of an array does not matter.
SELECT status, item, buyer, qty FROM vend.purchase_many('[0:1]={lamp,vase}', '[7:8]={alpha,beta}', '[-1:0]={1,2}');
SELECT status, item, buyer, qty FROM vend.purchase_many('[0:1]={lamp,vase}'::text[], '{alpha,beta}', ids => '[5:6]={NULL,00000000-0000-4000-8000-00000000000a}', max_prices => '[0:1]={100,NULL}');
-- Arrays may be slices, have subscripts or nulls, or come from a query.
SELECT status, item, buyer FROM vend.purchase_many((ARRAY['x', 'lamp', 'vase'])[2:3], (ARRAY['alpha', 'beta', 'x'])[:2]);
SELECT count(*), count(DISTINCT id), min(status), max(status) FROM vend.purchase_many(ARRAY(SELECT 'lamp' FROM generate_series(1, 9)), ARRAY(SELECT 'alpha' FROM generate_series(1, 9)));

-- One request is wrong: it has a null, no quantity, or no valid price.
SELECT status, detail, item, buyer, qty, amount, at IS NULL AS no_time FROM vend.purchase_many('{lamp,NULL,lamp,lamp,lamp,lamp,lamp}', '{alpha,alpha,NULL,alpha,alpha,alpha,alpha}', '{1,1,1,NULL,0,-1,9223372036854775807}');
SELECT status, detail, id = vend.id_from(n::text) AS has_id FROM vend.purchase_many('{lamp,NULL,lamp}', '{alpha,alpha,alpha}', '{1,1,0}', ARRAY[vend.id_from('1'), vend.id_from('2'), vend.id_from('3')]) WITH ORDINALITY p (status, detail, id, item, buyer, qty, unit_price, amount, balance, at, n);
SELECT status, detail, unit_price FROM vend.purchase_many('{lamp,lamp,lamp,lamp,lamp,lamp}', '{alpha,alpha,alpha,alpha,alpha,alpha}', max_prices => '{100,99,-1,99.5,NaN,1e30}');
SELECT status, detail FROM vend.purchase_many('{lamp,lamp}', '{alpha,alpha}', max_prices => '{100,NULL}', unit_prices => '{100,NULL}');

-- Without wallets anybody buys, and is named as given.
SELECT status, buyer, balance, item, unit_price, amount FROM vend.purchase_many('{lamp,lamp,vase,vase,lamp,vase}', '{alpha,anybody,alpha,"",alpha,x}', '{1,1,1,2,2,1}', store => 'gift');
SELECT status, detail FROM vend.purchase_many('{lamp,vase,ghost,lamp}', '{alpha,alpha,alpha,alpha}', '{2,1,1,1}', max_prices => '{NULL,NULL,NULL,99}', store => 'gift');
-- Without prices each request states its own.
SELECT status, detail, unit_price, amount, balance FROM vend.purchase_many('{lamp,lamp,vase,vase,vase,lamp}', '{alpha,alpha,alpha,alpha,alpha,alpha}', '{1,2,1,1,1,1}', unit_prices => '{100,0,250,NULL,651,-1}', store => 'ask');
SELECT status, detail, unit_price FROM vend.purchase_many('{lamp}', '{alpha}', store => 'ask');
SELECT status, detail, unit_price FROM vend.purchase_many('{lamp,vase}', '{alpha,alpha}', max_prices => '{4,6}', unit_prices => '{5,5}', store => 'ask');
SELECT status, unit_price, amount, balance FROM vend.purchase_many('{lamp,vase,vase}', '{alpha,x,y}', '{1,2,9}', unit_prices => '{5,6,7}', store => 'bare');
SELECT status, detail, unit_price, amount, balance FROM vend.purchase_many('{lamp,vase}', '{alpha,x}', unit_prices => '{NULL,6}', store => 'bare');

-- A price that does not fit the scale of the money is not valid.
SELECT status, detail, unit_price, amount, balance FROM vend.purchase_many('{lamp,vase,lamp,lamp,lamp,vase,lamp}', '{alpha,alpha,alpha,alpha,alpha,alpha,alpha}', '{2,3,1,1,1,1,4}', max_prices => '{19.99,0.050,19.98,19.999,20,0.049,99999999999}', store => 'fine');
SELECT status, detail, amount FROM vend.purchase_many('{palace,palace,palace,vase}', '{rich,rich,rich,rich}', '{2,1,9223372036854775807,1}', store => 'fine');
SELECT id, balance FROM fine.wallet ORDER BY id;

-- In every store everything adds up.
SELECT s.id AS store, (SELECT count(*) FROM vend.audit(s.id)) AS findings FROM unnest('{words,numbers,uuids,mixed,gift,ask,bare,fine}'::text[]) s (id);
SELECT vend.detach_store(s) FROM unnest('{words,numbers,uuids,mixed,gift,ask,bare,fine}'::text[]) s;
DROP SCHEMA words, numbers, uuids, mixed, gift, ask, bare, fine CASCADE;
