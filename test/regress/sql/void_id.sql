-- Aim: a void id: nothing takes place under it in any function, it is void once and for good, and what took place is never void.
-- Guarantee: G4 (a first attempt that arrives late finds its id taken).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 5), ('vase', 10, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('sale'));
SELECT status FROM vend.try_purchase('lamp', 'alpha', 50, id => vend.id_from('refused'), remember => true);
SELECT vend.void_id(vend.id_from('late')), vend.void_id(vend.id_from('late'), 'shop');
SELECT id = vend.id_from('late') AS id, line, kind, item, qty, wallet, amount, unit_price, ref, refusal, refusal_qty FROM shop.ledger WHERE kind = 'void';

-- Every function refuses a void id; a batch refuses only the request that has it.
CREATE TABLE shop.late (n int GENERATED ALWAYS AS IDENTITY, call text);
INSERT INTO shop.late (call) VALUES ('purchase(''lamp'', ''alpha'', id => $1)'), ('try_purchase(''lamp'', ''alpha'', id => $1)'), ('try_purchase(''ghost'', ''nobody'', 500, id => $1, remember => true)'),
    ('checkout(''alpha'', ''{lamp,vase}'', id => $1)'), ('try_checkout(''alpha'', ''{lamp}'', id => $1)'),
    ('deposit(''alpha'', 1, $1)'), ('withdraw(''alpha'', 1, $1)'), ('try_withdraw(''alpha'', 9999, $1)'), ('transfer(''alpha'', ''beta'', 1, $1)'), ('try_transfer(''alpha'', ''beta'', 9999, $1)'),
    ('refund(vend.id_from(''sale''), id => $1)'), ('try_refund(vend.id_from(''sale''), 50, id => $1)'), ('refund($1)'), ('restock(''lamp'', 1, $1)');
CREATE FUNCTION shop.hears(call text, OUT code text, OUT message text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT FROM vend.' || call USING vend.id_from('late');
    code := 'allowed';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code := RETURNED_SQLSTATE, message := MESSAGE_TEXT, detail := PG_EXCEPTION_DETAIL;
END
$$;
SELECT l.call, h.* FROM shop.late l, shop.hears(l.call) h ORDER BY l.n;
SELECT status, detail, item, balance FROM vend.purchase_many('{lamp,vase}', '{alpha,alpha}', ids => ARRAY[vend.id_from('late'), vend.id_from('one')]);
SELECT status, detail, amount, balance FROM vend.transfer_many('{alpha,alpha}', '{beta,beta}', '{1,2}', ARRAY[vend.id_from('late'), vend.id_from('two')]);

-- What was recorded is not void; a refusal that is remembered is, and is told as before.
CREATE TABLE shop.made AS SELECT id, kind FROM vend.deposit('alpha', 1) UNION ALL SELECT id, kind FROM vend.withdraw('alpha', 1) UNION ALL SELECT id, kind FROM vend.transfer('alpha', 'beta', 1)
    UNION ALL SELECT id, kind FROM vend.restock('lamp', 1) UNION ALL SELECT id, kind FROM vend.refund(vend.id_from('sale'))
    UNION ALL SELECT id, 'checkout' FROM vend.checkout('alpha', '{lamp,vase}') UNION ALL SELECT id, 'refusal' FROM shop.ledger WHERE kind = 'refusal' UNION ALL SELECT vend.id_from('sale'), 'purchase';
SELECT m.kind, h.* FROM shop.made m, LATERAL (SELECT code, replace(message, m.id::text, '...') AS message, detail FROM shop.hears(format('void_id(%L)', m.id))) h ORDER BY m.kind;
SELECT status, detail FROM vend.try_purchase('lamp', 'alpha', 50, id => vend.id_from('refused'));

-- An id whose void_id() is rolled back is not void; nor is a void id void in another store.
BEGIN;
SELECT vend.void_id(vend.id_from('undone'));
SAVEPOINT one;
SELECT vend.void_id(vend.id_from('undone too'));
ROLLBACK TO one;
SELECT h.code FROM shop.hears('deposit(''alpha'', 1, vend.id_from(''undone''))') h;
ROLLBACK;
SELECT count(*) FROM shop.ledger WHERE id IN (vend.id_from('undone'), vend.id_from('undone too'));
SELECT vend.create_store('kiosk', wallets => false);
INSERT INTO kiosk.item (id, price, stock) VALUES ('lamp', 100, 5);
SELECT vend.void_id(vend.id_from('kiosk'), 'kiosk');
SELECT h.code, h.detail FROM shop.hears('try_purchase(''lamp'', ''alpha'', id => vend.id_from(''kiosk''), store => ''kiosk'')') h;
SELECT status FROM vend.try_purchase('lamp', 'alpha', id => vend.id_from('kiosk'), store => 'shop');

-- If the ledger is written by statements, a trigger of the owner's sees the row, and may not keep it out or alter it.
CREATE FUNCTION kiosk.suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER t BEFORE INSERT ON kiosk.ledger FOR EACH ROW EXECUTE FUNCTION kiosk.suppress();
SELECT vend.void_id(vend.id_from('suppressed'), 'kiosk');
\echo :SQLSTATE

SELECT h.code, h.message FROM shop.hears('void_id(NULL, ''shop'')') h;
SELECT * FROM vend.audit('shop');
SELECT * FROM vend.audit('kiosk');
SELECT vend.detach_store('shop'), vend.detach_store('kiosk');
DROP SCHEMA shop, kiosk CASCADE;
