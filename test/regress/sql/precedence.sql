-- Aim: if several refusals apply at once, the first of this order is the answer, in each mode, from the first look
-- and under locks: mismatch, replayed, unknown_item, conflict, price_changed, sold_out, unknown_buyer, insufficient_funds.
-- Section "Refusals" of docs/errors.md: the first reason in that list is the answer.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('none', 100, 0), ('old', 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('broke', 5), ('leaver', 100);

CREATE TABLE shop.question (what text, item text, buyer text, qty bigint, version bigint, max_price numeric, answer text);
INSERT INTO shop.question VALUES
    ('unknown_item, unknown_buyer',        'ghost', 'nobody', 1, NULL, NULL, 'unknown_item'),
    ('unknown_item, conflict, price',      'ghost', 'alpha',  1, 9,    1,    'unknown_item'),
    ('unknown_item, all',                  'ghost', 'nobody', 9, 9,    1,    'unknown_item'),
    ('conflict, price_changed',            'lamp',  'alpha',  1, 9,    1,    'conflict'),
    ('conflict, sold_out',                 'none',  'alpha',  1, 9,    NULL, 'conflict'),
    ('conflict, unknown_buyer',            'lamp',  'nobody', 1, 9,    NULL, 'conflict'),
    ('conflict, insufficient_funds',       'lamp',  'broke',  1, 9,    NULL, 'conflict'),
    ('conflict, all',                      'none',  'nobody', 9, 9,    1,    'conflict'),
    ('price_changed, sold_out',            'none',  'alpha',  1, NULL, 1,    'price_changed'),
    ('price_changed, unknown_buyer',       'lamp',  'nobody', 1, NULL, 1,    'price_changed'),
    ('price_changed, insufficient_funds',  'lamp',  'broke',  1, 1,    99,   'price_changed'),
    ('price_changed, all',                 'none',  'nobody', 9, 1,    1,    'price_changed'),
    ('sold_out, unknown_buyer',            'none',  'nobody', 1, NULL, NULL, 'sold_out'),
    ('sold_out, insufficient_funds',       'none',  'broke',  1, 1,    100,  'sold_out'),
    ('not enough, unknown_buyer',          'lamp',  'nobody', 6, NULL, NULL, 'sold_out'),
    ('not enough, insufficient_funds',     'lamp',  'broke',  6, NULL, NULL, 'sold_out'),
    ('unknown_buyer',                      'lamp',  'nobody', 5, 1,    100,  'unknown_buyer'),
    ('insufficient_funds',                 'lamp',  'broke',  1, 1,    100,  'insufficient_funds'),
    ('insufficient_funds, by the total',   'lamp',  'alpha',  5, 1,    200,  'purchased');
UPDATE shop.wallet SET balance = 499 WHERE id = 'alpha';
UPDATE shop.question SET answer = 'insufficient_funds' WHERE what LIKE '%by the total';

-- These are the answers by default.
SELECT q.what, p.status
FROM shop.question q, vend.try_purchase(q.item, q.buyer, q.qty, expected_version => q.version, max_price => q.max_price) p
ORDER BY q.answer, q.what;

-- The query finds answers that differ in any mode, with nowait and without, remembered (which decides under locks) and not, and when asked again.
SELECT m AS lock_mode, n AS nowait, r AS remember, q.what, p.status, again.status AS again
FROM shop.question q, unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, unnest(ARRAY[false, true]) n, unnest(ARRAY[false, true]) r,
     vend.try_purchase(q.item, q.buyer, q.qty, vend.id_from(concat_ws('/', m, n, r, q.what)), m, n, q.version, q.max_price, remember => r) p,
     vend.try_purchase(q.item, q.buyer, q.qty, vend.id_from(concat_ws('/', m, n, r, q.what)), m, n, q.version, q.max_price, remember => r) again
WHERE (p.status, again.status) IS DISTINCT FROM (q.answer, q.answer);
SELECT kind, count(*) FROM shop.ledger WHERE kind IN ('purchase', 'refusal') GROUP BY kind;
SELECT refusal, count(*) FROM shop.ledger WHERE refusal IS NOT NULL GROUP BY refusal ORDER BY refusal;

-- Replayed comes before all that has happened since: version, price, stock, the wallet's coins, the wallet, the item.
SELECT status FROM vend.try_purchase('old', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', expected_version => 1, max_price => 10);
UPDATE shop.item SET price = 900, stock = 0 WHERE id = 'old';
UPDATE shop.wallet SET balance = 0 WHERE id = 'leaver';
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('old', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', expected_version => 1, max_price => 10);
DELETE FROM shop.wallet WHERE id = 'leaver';
SELECT status, qty, unit_price, amount, balance FROM vend.try_purchase('old', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', expected_version => 1, max_price => 10);
DELETE FROM shop.item WHERE id = 'old';
SELECT m AS lock_mode, status, item, buyer, qty, unit_price, amount, balance
FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('old', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', lock_mode => m, expected_version => 1, max_price => 10);
SELECT status, item, buyer, qty FROM vend.try_purchase('old', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', remember => true);

-- Mismatch comes before everything.
SELECT status FROM vend.try_purchase('old', 'leaver', 1, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('ghost', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', expected_version => 9);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a', max_price => 1);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('none', 'leaver', 2, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('old', 'nobody', 2, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('old', 'broke', 2, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('ghost', 'nobody', 9, id => '00000000-0000-4000-8000-00000000000a', expected_version => 9, max_price => 1, remember => true);
\echo :SQLSTATE

-- Bad arguments come before the id is looked at.
SELECT status FROM vend.try_purchase('old', 'leaver', 0, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('none', 'alpha', 1, lock_mode => 'escrow');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('ghost', 'nobody', -1);
\echo :SQLSTATE

SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
