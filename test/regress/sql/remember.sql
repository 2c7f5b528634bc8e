-- Aim: a refusal under remember is the answer to its id for good; every kind of refusal, and what may not be remembered.
-- Guarantee: G4 (a first attempt that arrives late hears the same refusal and cannot buy).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('none', 100, 0), ('gold', 5000, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
CREATE TABLE shop.question (n int, item text, buyer text, qty bigint, version bigint, max_price numeric);
INSERT INTO shop.question VALUES
    (1, 'none', 'alpha', 2, NULL, NULL), (2, 'lamp', 'alpha', 6, NULL, NULL), (3, 'ghost', 'alpha', 1, NULL, NULL), (4, 'lamp', 'nobody', 1, NULL, NULL),
    (5, 'gold', 'alpha', 1, NULL, NULL), (6, 'lamp', 'alpha', 1, NULL, 99), (7, 'lamp', 'alpha', 1, 9, NULL), (8, 'ghost', 'nobody', 1, NULL, NULL);
SELECT q.n, p.status, p.detail, p.item, p.buyer, p.qty, p.unit_price, p.amount, p.balance
FROM shop.question q, vend.try_purchase(q.item, q.buyer, q.qty, vend.id_from(q.n::text), expected_version => q.version, max_price => q.max_price, remember => true) p ORDER BY q.n;
SELECT line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind = 'refusal' ORDER BY refusal, item, wallet, refusal_qty;
SELECT id = vend.id_from('3') AS id FROM shop.ledger WHERE refusal = 'unknown_item' AND wallet = 'alpha';

-- A remembered refusal moves nothing.
SELECT buyer, item, qty FROM shop.holding;
SELECT * FROM vend.audit();

-- Now there is stock and money: the same id still gets the refusal.
UPDATE shop.item SET stock = 50, price = 10;
INSERT INTO shop.item (id, price, stock) VALUES ('ghost', 1, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('nobody', 1000);
SELECT q.n, m AS lock_mode, p.status, p.detail, p.qty
FROM shop.question q, unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase(q.item, q.buyer, q.qty, vend.id_from(q.n::text), lock_mode => m) p ORDER BY q.n, m;
SELECT q.n, p.status
FROM shop.question q, vend.try_purchase(q.item, q.buyer, q.qty, vend.id_from(q.n::text), remember => true) p ORDER BY q.n;
SELECT * FROM vend.purchase('none', 'alpha', 2, vend.id_from('1'));
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'nobody', 1, vend.id_from('4'));
\echo :SQLSTATE
SELECT * FROM vend.purchase('gold', 'alpha', 1, vend.id_from('5'));
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', 1, vend.id_from('7'));
\echo :SQLSTATE
-- Another id buys.
SELECT status, balance FROM vend.try_purchase('none', 'alpha', 2, vend.id_from('9'));
SELECT count(*) FROM shop.ledger WHERE kind = 'refusal';

-- The id still belongs to its buyer, item and quantity.
SELECT status FROM vend.try_purchase('none', 'alpha', 3, vend.id_from('1'));
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('1'));
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('none', 'beta', 2, vend.id_from('1'));
\echo :SQLSTATE
SELECT kind FROM vend.deposit('alpha', 1, vend.id_from('1'));
\echo :SQLSTATE
SELECT kind FROM vend.restock('none', 2, vend.id_from('1'));
\echo :SQLSTATE

-- A purchase under remember is a purchase.
SELECT status, balance FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('10'), remember => true);
SELECT status, balance FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('10'), remember => true);
SELECT status, balance FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('10'));

-- If a savepoint that remembered a refusal rolls back, it is not remembered.
BEGIN;
SAVEPOINT one;
SELECT status FROM vend.try_purchase('lamp', 'beta', 500, vend.id_from('11'), remember => true);
ROLLBACK TO one;
COMMIT;
SELECT count(*) FROM shop.ledger WHERE id = vend.id_from('11');

-- There must be an id to remember it under; and an error cannot remember, as it undoes itself.
SELECT status FROM vend.try_purchase('lamp', 'beta', 500, remember => true);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'beta', 1, remember => true);
\echo :SQLSTATE
SELECT amount FROM vend.purchase('lamp', 'beta', 500, vend.id_from('12'), remember => true);
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('lamp', 'beta', 500, vend.id_from('12'), remember => NULL);
\echo :SQLSTATE

SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
