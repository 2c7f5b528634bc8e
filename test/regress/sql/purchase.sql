-- Aim: what a sale gives and what it writes, in each lock mode and however the mode was chosen.
-- Guarantees: G3 (stock, wallet and ledger change together), G6 (audit finds nothing).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 50), ('vase', 30, 5), ('flyer', 0, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 250), ('broke', 0);

-- A sale gives a receipt or an outcome, and changes these rows.
SELECT item, buyer, qty, unit_price, amount, balance, replayed FROM vend.purchase('lamp', 'alpha', 2);
SELECT status, detail, item, buyer, qty, unit_price, amount, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT id, stock, stock_version, version FROM shop.item WHERE id = 'lamp';
SELECT id, balance FROM shop.wallet WHERE id = 'alpha';
SELECT line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind = 'purchase' ORDER BY qty;
SELECT buyer, item, qty FROM shop.holding;

-- The receipt has the id and the time of the ledger's row; the id is of version 7 unless one was given.
SELECT id AS sale_id, at AS sale_at FROM vend.purchase('vase', 'alpha') \gset
SELECT at = :'sale_at' AS at, line, substr(id::text, 15, 1) AS id_version FROM shop.ledger WHERE id = :'sale_id';
SELECT id, replayed FROM vend.purchase('vase', 'alpha', id => '00000000-0000-4000-8000-00000000000a');

-- A sale may take exactly all that is left, in stock and in the wallet. Free items cost nothing, but need a wallet.
SELECT status, amount, balance FROM vend.try_purchase('vase', 'beta', 2);
SELECT status, amount, balance FROM vend.try_purchase('vase', 'alpha');
INSERT INTO shop.wallet (id, balance) VALUES ('exact', 100);
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'exact');
SELECT status, amount, balance FROM vend.try_purchase('lamp', 'exact');
SELECT status, unit_price, amount, balance FROM vend.try_purchase('flyer', 'broke', 2);
SELECT status FROM vend.try_purchase('flyer', 'nobody');

-- A mode may be chosen by argument, by item and by setting: the answer is the same.
SELECT m AS lock_mode, p.status, p.amount, p.balance FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) m, vend.try_purchase('lamp', 'alpha', lock_mode => m) p;
UPDATE shop.item SET lock_mode = 'pessimistic' WHERE id = 'lamp';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
UPDATE shop.item SET lock_mode = 'optimistic' WHERE id = 'lamp';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha', lock_mode => 'atomic');
UPDATE shop.item SET lock_mode = NULL WHERE id = 'lamp';
SET vend.lock_mode = 'optimistic';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SET vend.lock_mode = 'pessimistic';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
RESET vend.lock_mode;

-- Each sale bumped stock_version by one; the changes of mode did not count as edits.
SELECT stock, stock_version, version FROM shop.item WHERE id = 'lamp';

-- Many calls in one statement: each sees what the one before it left.
INSERT INTO shop.item (id, price, stock) VALUES ('few', 1, 3);
SELECT (vend.try_purchase('few', 'alpha', lock_mode => m)).status FROM unnest(ARRAY['atomic', 'pessimistic', 'optimistic', 'atomic', 'pessimistic', 'optimistic']) m;
UPDATE shop.item SET stock = 3 WHERE id = 'few';
SELECT (vend.try_purchase('few', 'alpha', id => '00000000-0000-4000-8000-00000000000b')).status FROM generate_series(1, 3);
SELECT (vend.try_purchase('few', 'alpha', id => vend.id_from('few ' || n))).status FROM generate_series(1, 4) n;

-- The function is called in the places where SQL allows a call.
CREATE TABLE shop.sale AS SELECT item, qty FROM vend.purchase('lamp', 'alpha', 3);
TABLE shop.sale;
INSERT INTO shop.sale SELECT item, qty FROM vend.purchase('lamp', 'alpha', 4) RETURNING *;
WITH p AS (SELECT * FROM vend.try_purchase('lamp', 'beta')) SELECT status, balance FROM p;
SELECT (vend.purchase('flyer', 'alpha')).amount;
PREPARE buy AS SELECT status, balance FROM vend.try_purchase($1, $2, $3);
EXECUTE buy('lamp', 'alpha', 1);
EXECUTE buy('lamp', 'nobody', 1);
EXECUTE buy('flyer', 'alpha', 2);
EXECUTE buy('flyer', 'alpha', 1);
EXECUTE buy('lamp', 'beta', 9);
EXECUTE buy('lamp', 'alpha', NULL);
EXECUTE buy('lamp', 'alpha', 1);
EXECUTE buy('lamp', 'alpha', 1);
DEALLOCATE buy;
DO $$
DECLARE
    r vend.receipt;
    o vend.outcome;
BEGIN
    r := vend.purchase('lamp', 'alpha');
    o := vend.try_purchase('lamp', 'nobody');
    RAISE WARNING '% % %, then %', r.item, r.qty, r.replayed, o.status;
END
$$;
CREATE FUNCTION shop.buy_lamp(who text) RETURNS text LANGUAGE sql AS $$ SELECT status FROM vend.try_purchase('lamp', who) $$;
SELECT shop.buy_lamp('alpha'), shop.buy_lamp('nobody');

-- The owner's own columns do no harm, wherever they stand; nor do dropped ones.
ALTER TABLE shop.item ADD COLUMN title text DEFAULT 'x', ADD COLUMN gone int, ADD COLUMN twice bigint GENERATED ALWAYS AS (stock * 2) STORED;
ALTER TABLE shop.wallet ADD COLUMN name text, ADD COLUMN since timestamptz DEFAULT now();
ALTER TABLE shop.ledger ADD COLUMN note text DEFAULT 'sold';
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
ALTER TABLE shop.item DROP COLUMN gone;
SELECT status, balance FROM vend.try_purchase('lamp', 'alpha');
SELECT stock, twice, title FROM shop.item WHERE id = 'lamp';
SELECT note, count(*) FROM shop.ledger GROUP BY note;

SELECT * FROM vend.audit();
SELECT id, stock FROM shop.item ORDER BY id;
SELECT id, balance FROM shop.wallet ORDER BY id;
SELECT buyer, item, qty FROM shop.holding ORDER BY buyer, item;
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
