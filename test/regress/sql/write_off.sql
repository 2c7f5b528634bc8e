-- Aim: write_off takes units that were not sold, in every lock mode and in stores that refuse direct writes: refusals, ids, replays,
-- what the ledger, the audit and the hints of refused direct writes say.
-- Guarantees: G1 (never more than is there), G4 (once), G6.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop', direct_writes => 'refuse');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 0), ('vase', 30, 0);
INSERT INTO shop.wallet VALUES ('alpha', 0);
SELECT stock FROM vend.restock('lamp', 10);
SELECT balance FROM vend.deposit('alpha', 1000);
-- The hint of a refused direct write names it.
UPDATE shop.item SET stock = stock - 1 WHERE id = 'lamp';
\echo :SQLSTATE
\x on
SELECT id IS NOT NULL AS has_id, kind, item, wallet, payee, qty, amount, stock, balance, at <= clock_timestamp() AS has_time, replayed FROM vend.write_off('lamp', 1, vend.id_from('broken'));
SELECT status, detail, id = vend.id_from('broken') AS same_id, kind, item, wallet, payee, qty, amount, stock, balance, at IS NOT NULL AS has_time FROM vend.try_write_off('lamp', 1, vend.id_from('broken'));
\x off
-- A write-off of more units than there are is refused, and so is one of no such item. Nothing has changed, and the id is free.
SELECT status, detail, item, qty, stock FROM vend.try_write_off('lamp', 10, vend.id_from('more'));
SELECT vend.write_off('lamp', 10);
\echo :SQLSTATE
SELECT status, detail, item, qty, stock FROM vend.try_write_off('ghost', 1);
SELECT vend.write_off('ghost', 1);
\echo :SQLSTATE
SELECT status, stock FROM vend.try_write_off('lamp', 2, vend.id_from('more'));
-- Another request under the id is a mismatch, and so is another kind.
SELECT vend.try_write_off('lamp', 3, vend.id_from('more'));
\echo :SQLSTATE
SELECT vend.try_write_off('vase', 2, vend.id_from('more'));
\echo :SQLSTATE
SELECT vend.restock('lamp', 2, vend.id_from('more'));
\echo :SQLSTATE
SELECT vend.try_purchase('lamp', 'alpha', 2, vend.id_from('more'));
\echo :SQLSTATE
SELECT vend.try_refund(vend.id_from('more'));
SELECT vend.void_id(vend.id_from('never'));
SELECT vend.try_write_off('lamp', 1, vend.id_from('never'));
\echo :SQLSTATE
SELECT vend.try_write_off('lamp', 0);
\echo :SQLSTATE
SELECT vend.try_write_off('lamp', NULL);
\echo :SQLSTATE
SELECT kind, item, qty, wallet, amount, unit_price, ref FROM shop.ledger WHERE kind = 'write_off' ORDER BY at;
SELECT * FROM shop.holding;
SELECT * FROM vend.audit();

-- Units are written off in every lock mode, and in escrow. There, what this transaction has taken is gone, and what it has added cannot be taken yet.
SELECT vend.set_lock_mode('lamp', 'atomic');
SELECT status, stock FROM vend.try_write_off('lamp', 1);
SELECT vend.set_lock_mode('lamp', 'pessimistic');
SELECT status, stock FROM vend.try_write_off('lamp', 1);
SELECT vend.set_lock_mode('lamp', 'optimistic');
SELECT status, stock FROM vend.try_write_off('lamp', 1);
SELECT vend.set_lock_mode('lamp', 'escrow');
BEGIN;
SELECT status, stock FROM vend.try_write_off('lamp', 1, vend.id_from('hot'));
SELECT status, stock FROM vend.try_write_off('lamp', 1, vend.id_from('hot'));
SELECT status FROM vend.try_purchase('lamp', 'alpha', 1);
SELECT stock FROM vend.restock('lamp', 5);
SELECT status, detail FROM vend.try_write_off('lamp', 3);
ROLLBACK;
SELECT vend.available('lamp');
SELECT status, stock FROM vend.try_write_off('lamp', 2, vend.id_from('hot'));
SELECT status, detail FROM vend.try_write_off('lamp', 3);
UPDATE shop.item SET stock = stock - 1 WHERE id = 'lamp';
\echo :SQLSTATE
SELECT available, pending FROM vend.stat_item;
SELECT vend.settle() >= 0;
SELECT id, stock FROM shop.item ORDER BY id;
SELECT * FROM vend.audit();

-- A row of the ledger that says something else is found.
SELECT status FROM vend.try_write_off('lamp', 1, vend.id_from('wrong'));
ALTER TABLE shop.ledger DISABLE TRIGGER USER;
UPDATE shop.ledger SET qty = 1 WHERE id = vend.id_from('wrong');
ALTER TABLE shop.ledger ENABLE TRIGGER USER;
SELECT finding, expected, found FROM vend.audit();
SELECT repair FROM vend.audit() LIMIT 1 \gexec
SELECT * FROM vend.audit();
-- Stores may lack wallets and prices, have other keys, and have triggers of the owner's.
SELECT vend.create_store('till', item_key_type => 'bigint', wallets => false, prices => false);
INSERT INTO till.item (id, stock) VALUES (1, 5);
SELECT status, item, stock FROM vend.try_write_off(1, 2, store => 'till');
CREATE FUNCTION till.count() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER count BEFORE UPDATE ON till.item FOR EACH ROW EXECUTE FUNCTION till.count();
SELECT status, item, stock FROM vend.try_write_off('01', 2, store => 'till');
SELECT status, detail FROM vend.try_write_off(1, 2, store => 'till');
SELECT * FROM vend.audit('till');
SELECT vend.detach_store('shop'), vend.detach_store('till');
DROP SCHEMA shop, till CASCADE;
