-- Aim: refunds of parts: of money alone, of units that are broken and do not go back onto the shelf, of a whole cart in one call; parts of an
-- amount that no price of one unit divides. All parts together are exactly what was paid, never a unit or a coin more.
-- Guarantees: G3 (a cart goes back whole), G4 (once), G6 (units and money).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 10.05, 100), ('vase', 1, 100), ('free', 0, 100);
INSERT INTO shop.wallet VALUES ('alpha', 1000);
-- Broken units are written off: the money goes back, the units do not; the holding shrinks, the ledger adds up.
SELECT status FROM vend.try_purchase('lamp', 'alpha', 3, vend.id_from('p'));
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), 1, vend.id_from('b1'), restock => false);
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), 1, vend.id_from('b1'), restock => false);
SELECT vend.try_refund(vend.id_from('p'), 1, vend.id_from('b1'));
\echo :SQLSTATE
SELECT id, line, kind, item, qty, wallet, amount, ref, ref_line FROM shop.ledger WHERE id = vend.id_from('b1') ORDER BY line;
SELECT * FROM shop.holding;
SELECT stock, available FROM shop.item, vend.available('lamp') WHERE id = 'lamp';
-- Money is given back alone, and once with the units; never more than is left of it.
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), id => vend.id_from('m1'), amount => 10);
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), id => vend.id_from('m1'), amount => 10);
SELECT status, item, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), id => vend.id_from('m1'));
SELECT vend.try_refund(vend.id_from('p'), id => vend.id_from('m1'), amount => 11);
\echo :SQLSTATE
SELECT vend.try_refund(vend.id_from('p'), 1, vend.id_from('m1'));
\echo :SQLSTATE
SELECT status, detail FROM vend.try_refund(vend.id_from('p'), amount => 10.11);
SELECT vend.refund(vend.id_from('p'), amount => 10.11);
\echo :SQLSTATE
SELECT status, detail FROM vend.try_refund(vend.id_from('p'), 1, amount => 10.11);
SELECT status, detail FROM vend.try_refund(vend.id_from('p'), 3, amount => 1);
SELECT status, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'), 1, amount => 0.1);
SELECT vend.try_refund(vend.id_from('p'), amount => 0);
\echo :SQLSTATE
SELECT vend.try_refund(vend.id_from('p'), amount => -1);
\echo :SQLSTATE
SELECT vend.try_refund(vend.id_from('p'), amount => 0.001);
\echo :SQLSTATE
-- The last unit takes what is left of the money; then nothing is left.
SELECT status, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('p'));
SELECT status, detail FROM vend.try_refund(vend.id_from('p'));
SELECT status, detail FROM vend.try_refund(vend.id_from('p'), amount => 0.01);
SELECT * FROM shop.holding;
-- All the money goes back first, and the units after it, for nothing.
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, vend.id_from('q'));
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('q'), amount => 2);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('q'), 1);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('q'));
-- The units go back first, at less than was paid, and the rest of the money after them.
SELECT status FROM vend.try_purchase('vase', 'alpha', 2, vend.id_from('r'));
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('r'), 2, amount => 0.5);
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('r'), restock => false);
SELECT status FROM vend.try_refund(vend.id_from('r'));
-- A refund of a free item gives no money back.
SELECT status FROM vend.try_purchase('free', 'alpha', 2, vend.id_from('f'));
SELECT status, detail FROM vend.try_refund(vend.id_from('f'), amount => 1);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('f'), restock => false);
SELECT balance FROM shop.wallet;
SELECT * FROM vend.audit();

-- 10 units for 179.25 do not divide evenly, and are given back one by one.
SELECT status, amount FROM vend.try_purchase('lamp', 'alpha', 10, vend.id_from('odd'), amount => 179.25);
SELECT string_agg(f.amount::text, ' ') AS parts, sum(f.amount) FROM generate_series(1, 10) n, vend.try_refund(vend.id_from('odd'), 1, vend.id_from('odd ' || n)) f;
SELECT status FROM vend.try_refund(vend.id_from('odd'), 1);
SELECT status, amount FROM vend.try_purchase('lamp', 'alpha', 3, vend.id_from('odd too'), amount => 0.1);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('odd too'), 2);
SELECT status, qty, amount FROM vend.try_refund(vend.id_from('odd too'));

-- One call under one id refunds what is left of each line of a cart.
SELECT amount FROM vend.checkout('alpha', '{vase,lamp,free}', '{2,3,1}', vend.id_from('cart'));
SELECT status, item, qty, amount FROM vend.try_refund(vend.id_from('cart'), 1, item => 'lamp');
SELECT status, item, wallet, qty, amount, stock FROM vend.try_refund(vend.id_from('cart'), id => vend.id_from('all'));
SELECT status, item, wallet, qty, amount, stock FROM vend.try_refund(vend.id_from('cart'), id => vend.id_from('all'));
SELECT line, kind, item, qty, amount, ref_line FROM shop.ledger WHERE id = vend.id_from('all') ORDER BY line;
SELECT vend.try_refund(vend.id_from('cart'), id => vend.id_from('all'), item => 'lamp');
\echo :SQLSTATE
SELECT status, detail FROM vend.try_refund(vend.id_from('cart'));
SELECT vend.refund(vend.id_from('cart'));
\echo :SQLSTATE
SELECT vend.refund(vend.id_from('cart'), amount => 1);
\echo :SQLSTATE
-- One of its items is gone: nothing goes back, unless the units are written off.
SELECT amount FROM vend.checkout('alpha', '{vase,lamp}', '{2,3}', vend.id_from('cart 2'));
DELETE FROM shop.item WHERE id = 'vase';
SELECT status, item, detail FROM vend.try_refund(vend.id_from('cart 2'));
SELECT status, item, qty, amount FROM vend.try_refund(vend.id_from('cart 2'), item => 'vase', amount => 1);
SELECT status, item, qty, amount FROM vend.try_refund(vend.id_from('cart 2'), id => vend.id_from('all 2'), restock => false);
SELECT line, kind, item, qty, amount, ref_line FROM shop.ledger WHERE id = vend.id_from('all 2') ORDER BY line;
SELECT * FROM shop.holding;
SELECT * FROM shop.wallet;
SELECT finding, expected, found FROM vend.audit();

-- More money was refunded than paid, and a unit too many: the audit tells them apart, and cuts the last refund down.
SELECT vend.create_store('till', wallets => false);
INSERT INTO till.item (id, price, stock) VALUES ('tea', 5, 10);
SELECT status FROM vend.try_purchase('tea', 'anna', 4, vend.id_from('tea'), store => 'till');
SELECT status, amount, balance FROM vend.try_refund(vend.id_from('tea'), amount => 5, store => 'till', id => vend.id_from('t1'));
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('tea'), 1, restock => false, store => 'till', id => vend.id_from('t2'));
ALTER TABLE till.ledger DISABLE TRIGGER USER;
UPDATE till.ledger SET amount = 50 WHERE id = vend.id_from('t1');
ALTER TABLE till.ledger ENABLE TRIGGER USER;
SELECT finding, expected, found FROM vend.audit('till');
SELECT repair FROM vend.audit('till') LIMIT 1 \gexec
SELECT repair FROM vend.audit('till') LIMIT 1 \gexec
SELECT finding, expected, found FROM vend.audit('till');
SELECT * FROM till.holding;
-- In escrow units that are written off at once are neither added nor taken.
UPDATE till.item SET lock_mode = 'escrow';
SELECT status FROM vend.try_purchase('tea', 'anna', 4, vend.id_from('hot'), store => 'till');
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('hot'), 1, restock => false, store => 'till');
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('hot'), 2, store => 'till');
SELECT status, qty, amount, stock FROM vend.try_refund(vend.id_from('hot'), amount => 1, store => 'till');
SELECT available FROM vend.available('tea', store => 'till');
SELECT finding, expected, found FROM vend.audit('till');
-- A refund that was recorded by hand and names no purchase answers for no purchase.
INSERT INTO shop.ledger (id, line, kind, item, qty, wallet, amount, unit_price, at)
    SELECT '00000000-0000-4000-8000-0000000000ff', 0, 'refund', item, 1, wallet, 1, 1, now() FROM shop.ledger WHERE kind = 'purchase' LIMIT 1;
SELECT * FROM vend.try_refund('00000000-0000-0000-0000-000000000000', id => '00000000-0000-4000-8000-0000000000ff', store => 'shop');
SELECT * FROM vend.try_refund('00000000-0000-0000-0000-000000000000', item => 'none'::text, id => '00000000-0000-4000-8000-0000000000ff', store => 'shop');

SELECT vend.detach_store('shop'), vend.detach_store('till');
DROP SCHEMA shop, till CASCADE;
