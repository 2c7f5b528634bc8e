-- Aim: a cart is sold whole or not at all, under one id, in every lock mode and in mixtures; it is replayed whole, never as a
-- single purchase; its items are given back one by one. Transfers of a batch are made in order, each once.
-- Guarantees: G1, G2, G3, G4, G6 (the audit). Section "Carts: checkout" of docs/batches.md.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('a', 5, 3, 'atomic'), ('p', 7, 100, 'pessimistic'), ('o', 1, 10, 'optimistic'), ('e', 2, 6, 'escrow'), ('free', 0, 9, NULL);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 60), ('beta', 100), ('poor', 8);
CREATE VIEW shop.book AS
    SELECT (SELECT string_agg(id || ' ' || vend.available(id, 'shop'), ', ' ORDER BY id COLLATE "C") FROM shop.item) AS stock,
           (SELECT string_agg(id || ' ' || balance, ', ' ORDER BY id COLLATE "C") FROM shop.wallet) AS balance,
           (SELECT string_agg(concat_ws(' ', line, item, qty, amount), ', ' ORDER BY line) FROM shop.ledger WHERE id = vend.id_from('cart')) AS lines,
           (SELECT count(*) FROM vend.audit('shop')) AS findings;

-- A cart has items of all modes; asked for again, it is replayed with the current balance.
SELECT status, line, buyer, amount, balance, at IS NOT NULL AS has_time, lines FROM vend.try_checkout('alpha', '{a,p,o,e,free}', '{1,2,3,4,1}', vend.id_from('cart'));
SELECT status, line, buyer, amount, balance, at = (SELECT max(at) FROM shop.ledger WHERE id = vend.id_from('cart')) AS same_time, lines FROM vend.try_checkout('alpha', '{a,p,o,e,free}', '{1,2,3,4,1}', vend.id_from('cart'));
SELECT replayed, amount, balance, lines FROM vend.checkout('alpha', '{a,p,o,e,free}', '{1,2,3,4,1}', vend.id_from('cart'));
TABLE shop.book;
SELECT * FROM shop.holding WHERE buyer = 'alpha' ORDER BY item COLLATE "C";

-- The id of a cart is of no other cart, purchase or transfer, and the other way round.
SELECT status FROM vend.try_checkout('alpha', '{a,p,o,e,free}', '{1,2,3,4,2}', vend.id_from('cart'));
SELECT status FROM vend.try_checkout('alpha', '{p,a,o,e,free}', '{2,1,3,4,1}', vend.id_from('cart'));
SELECT status FROM vend.try_checkout('beta', '{a,p,o,e,free}', '{1,2,3,4,1}', vend.id_from('cart'));
SELECT status FROM vend.try_checkout('alpha', '{a,p,o,e}', '{1,2,3,4}', vend.id_from('cart'));
SELECT status FROM vend.try_checkout('alpha', '{a,p,o,e,free,none}', '{1,2,3,4,1,1}', vend.id_from('cart'));
SELECT status FROM vend.try_checkout('alpha', '{a}', '{1}', vend.id_from('cart'));
SELECT status FROM vend.try_purchase('a', 'alpha', 1, vend.id_from('cart'));
SELECT status, detail FROM vend.purchase_many('{a}', '{alpha}', '{1}', ARRAY[vend.id_from('cart')]);
SELECT status, detail FROM vend.transfer_many('{alpha}', '{beta}', '{1}', ARRAY[vend.id_from('cart')]);
SELECT status FROM vend.try_purchase('p', 'beta', 1, vend.id_from('single'));
SELECT status FROM vend.try_checkout('beta', '{p,a}', NULL, vend.id_from('single'));
SELECT status, lines FROM vend.try_checkout('beta', '{p}', NULL, vend.id_from('single'));
TABLE shop.book;

-- A cart is sold all or none: the first line that is refused is named, and nothing has changed.
SELECT status, detail, line, amount, balance, lines FROM vend.try_checkout('beta', '{p,a,e}', '{1,3,1}');
SELECT status, detail, line, amount, balance, lines FROM vend.try_checkout('poor', '{o,a,e}', '{1,1,2}');
SELECT status, detail, line, amount, balance, lines FROM vend.try_checkout('poor', '{e,none}');
SELECT status, detail, line FROM vend.try_checkout('nobody', '{e,o}');
SELECT status, detail, line FROM vend.try_checkout('beta', '{e,o}', max_prices => '{2,0}');
SELECT status, detail, line FROM vend.try_checkout('beta', '{p,e}', '{1,3}');
SELECT * FROM vend.checkout('beta', '{p,e}', '{1,3}');
SELECT * FROM vend.checkout('poor', '{o,a,e}', '{1,1,2}');
\echo :SQLSTATE
BEGIN;
SELECT status FROM vend.try_checkout('beta', '{o,e,a}', '{1,2,2}');
SELECT status FROM vend.try_checkout('beta', '{o,e}', '{1,1}');
ROLLBACK;
BEGIN;
SELECT status FROM vend.try_checkout('beta', '{o,e}', '{99,1}');
SELECT pg_current_xact_id_if_assigned() IS NULL AS cost_nothing;
COMMIT;
TABLE shop.book;

-- Malformed carts are faults.
SELECT * FROM vend.checkout('beta', '{}');
SELECT * FROM vend.checkout('beta', '{a,p,a}');
SELECT * FROM vend.checkout('beta', '{a,NULL}');
SELECT * FROM vend.checkout('beta', '{a,p}', '{1}');
SELECT * FROM vend.checkout('beta', '{a,p}', '{1,0}');
SELECT * FROM vend.checkout('beta', '{{a,p}}');
UPDATE shop.item SET price = 9223372036854775807 WHERE id IN ('a', 'p');
SELECT * FROM vend.checkout('beta', '{free,a}', '{1,2}');
UPDATE shop.item SET price = 5 WHERE id IN ('a', 'p');

-- A cart is given back item by item, and no more of each than was bought.
SELECT vend.refund(vend.id_from('cart'), 1);
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('cart'), 1, vend.id_from('back'), 'p');
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('cart'), 1, vend.id_from('back'), 'p');
SELECT status FROM vend.try_refund(vend.id_from('cart'), 1, vend.id_from('back'), 'o');
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('cart'), item => 'e');
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('cart'), item => 'p');
SELECT status, detail FROM vend.try_refund(vend.id_from('cart'), item => 'p');
SELECT status, item, qty, amount FROM vend.try_refund(vend.id_from('cart'), 3, item => 'o');
SELECT status FROM vend.try_refund(vend.id_from('cart'), item => 'none');
SELECT status, item FROM vend.try_refund(vend.id_from('single'), item => 'p');
TABLE shop.book;
-- If there is one refund too many, the audit says of which item.
ALTER TABLE shop.ledger DISABLE TRIGGER ALL;
UPDATE shop.ledger SET qty = 2, amount = 10 WHERE kind = 'refund' AND item = 'p' AND ref = vend.id_from('cart') AND id <> vend.id_from('back');
ALTER TABLE shop.ledger ENABLE TRIGGER ALL;
SELECT finding, expected, found FROM vend.audit() WHERE finding = 'refunded';
ALTER TABLE shop.ledger DISABLE TRIGGER ALL;
UPDATE shop.ledger SET qty = 1, amount = 7 WHERE kind = 'refund' AND item = 'p' AND ref = vend.id_from('cart') AND id <> vend.id_from('back');
ALTER TABLE shop.ledger ENABLE TRIGGER ALL;
SELECT * FROM vend.audit();

-- Stores may lack wallets and prices, and have other keys.
SELECT vend.create_store('ask', item_key_type => 'bigint', wallets => false, prices => false, money_type => 'numeric(6,2)');
INSERT INTO ask.item (id, stock) VALUES (1, 5), (2, 5);
SELECT status, buyer, amount, balance, lines FROM vend.try_checkout('anybody', ARRAY[1, 2], '{2,3}', vend.id_from('cart'), unit_prices => '{1.50,0.25}', store => 'ask');
SELECT status, buyer, amount, balance, lines FROM vend.try_checkout('anybody', '{01,2}', '{2,3}', vend.id_from('cart'), unit_prices => '{1.50,0.25}', store => 'ask');
SELECT * FROM vend.checkout('anybody', '{01,1}', unit_prices => '{1,1}', store => 'ask');
SELECT * FROM vend.checkout('anybody', '{1,2}', unit_prices => '{9999,9999}', store => 'ask');
SELECT * FROM vend.audit('ask');

-- Transfers are made in order: what comes in can go out; a refused one spoils nothing.
SELECT n, status, detail, wallet, payee, amount, balance FROM vend.transfer_many('{beta,alpha,poor,poor,none,beta,beta,NULL}', '{alpha,poor,beta,alpha,beta,none,beta,alpha}', '{50,80,85,85,1,1,1,1}', store => 'shop')
    WITH ORDINALITY AS t (status, detail, id, kind, item, wallet, payee, qty, amount, stock, balance, at, n) ORDER BY n;
SELECT status, detail, wallet, payee, amount FROM vend.transfer_many('{alpha,alpha,alpha,beta}', '{beta,beta,poor,alpha}', '{1,1,1,2}', array_fill(vend.id_from('pay'), ARRAY[4]), 'shop');
SELECT status, wallet, payee, amount FROM vend.try_transfer('alpha', 'beta', 1, vend.id_from('pay'), 'shop');
SELECT status FROM vend.try_transfer('alpha', 'beta', 2, vend.id_from('pay'), 'shop');
SELECT line, wallet, amount FROM shop.ledger WHERE id = vend.id_from('pay') ORDER BY line;
TABLE shop.book;
UPDATE shop.wallet SET balance = 9223372036854775807 WHERE id = 'poor';
SELECT status, detail FROM vend.transfer_many('{alpha}', '{poor}', '{1}', store => 'shop');
SELECT * FROM vend.transfer_many('{alpha}', '{beta}', NULL, store => 'shop');
SELECT * FROM vend.transfer_many('{1}', '{2}', '{1}', store => 'ask');
SELECT * FROM vend.audit('shop');
SELECT vend.detach_store('shop'), vend.detach_store('ask');
DROP SCHEMA shop, ask CASCADE;
