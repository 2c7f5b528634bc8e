-- Aim: every refusal, as a status and as an SQLSTATE of its own, with message, detail and hint; none changes anything,
-- and after try_purchase the transaction goes on. (busy and the conflict of optimistic need a second session: isolation specs.)
-- Guarantee: G3 (a refusal changes nothing).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('none', 100, 0), ('gold', 5000, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
SELECT id, status FROM vend.try_purchase('lamp', 'alpha', id => '00000000-0000-4000-8000-00000000000a');
CREATE TABLE shop.before AS SELECT (SELECT count(*) FROM shop.ledger) AS ledger, (SELECT sum(stock) FROM shop.item) AS stock, (SELECT sum(balance) FROM shop.wallet) AS balance;

-- A refusal is a status, in one transaction that stays usable.
\x on
BEGIN;
SELECT * FROM vend.try_purchase('none', 'alpha');
SELECT * FROM vend.try_purchase('lamp', 'alpha', 6);
SELECT * FROM vend.try_purchase('ghost', 'alpha');
SELECT * FROM vend.try_purchase('lamp', 'nobody');
SELECT * FROM vend.try_purchase('gold', 'alpha');
SELECT * FROM vend.try_purchase('lamp', 'alpha', max_price => 99);
SELECT * FROM vend.try_purchase('lamp', 'alpha', expected_version => 7);
SELECT * FROM vend.try_purchase('none', 'alpha', 3, id => '00000000-0000-4000-8000-00000000000c');
COMMIT;
\x off

-- A refusal is an error.
SELECT * FROM vend.purchase('none', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', 6);
\echo :SQLSTATE
SELECT * FROM vend.purchase('ghost', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'nobody');
\echo :SQLSTATE
SELECT * FROM vend.purchase('gold', 'alpha');
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', max_price => 99);
\echo :SQLSTATE
SELECT * FROM vend.purchase('lamp', 'alpha', expected_version => 7);
\echo :SQLSTATE
-- Keys that are hard to read are still shown whole.
SELECT * FROM vend.purchase(E'a "b"\n%s', 'alpha');
\echo :SQLSTATE

-- A mismatch is an error in both.
SELECT * FROM vend.purchase('none', 'alpha', id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'alpha', 2, id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE
SELECT * FROM vend.try_purchase('lamp', 'nobody', id => '00000000-0000-4000-8000-00000000000a');
\echo :SQLSTATE

-- The answers are the same in every mode, however it is chosen.
SELECT m AS lock_mode, c.what, p.status
FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m,
     (VALUES ('sold out', 'none', 'alpha', 1), ('too many', 'lamp', 'alpha', 6), ('no item', 'ghost', 'alpha', 1), ('no buyer', 'lamp', 'nobody', 1), ('too poor', 'gold', 'alpha', 1)) c (what, item, buyer, qty),
     vend.try_purchase(c.item, c.buyer, c.qty, lock_mode => m) p
ORDER BY m, c.what;

-- PL/pgSQL catches a refusal by its code and goes on.
DO $$
BEGIN
    PERFORM vend.purchase('none', 'alpha');
EXCEPTION WHEN SQLSTATE 'VN001' THEN
    RAISE WARNING 'caught: %', SQLERRM;
    PERFORM vend.try_purchase('ghost', 'alpha');
END
$$;

-- None of these calls has changed anything.
SELECT (SELECT count(*) FROM shop.ledger) = ledger AS ledger, (SELECT sum(stock) FROM shop.item) = stock AS stock, (SELECT sum(balance) FROM shop.wallet) = balance AS balance FROM shop.before;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
