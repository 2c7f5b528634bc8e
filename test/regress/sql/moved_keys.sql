-- Aim: a purchase is given back to the rows that it was made by, whatever keys they have by now: changed once or often, swapped,
-- given to other rows, deleted. No row that got a key later is ever paid, restocked or taken for the buyer.
-- Guarantees: G6 (what goes back goes to whom it came from), G4 (the same request under its id, by the old key or the new).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET statement_timeout = '3min';
SELECT vend.create_store('shop');
SET vend.default_store = 'shop';
INSERT INTO shop.item (id, price, stock) VALUES ('SKU-1', 100, 10);
INSERT INTO shop.wallet VALUES ('ann@old.example', 1000);
SELECT vend.id_from('o1') AS o1, vend.id_from('o2') AS o2, vend.id_from('o3') AS o3 \gset
SELECT status FROM vend.try_purchase('SKU-1', 'ann@old.example', 2, id => :'o1');
UPDATE shop.item SET id = 'SKU-9' WHERE id = 'SKU-1';
UPDATE shop.wallet SET id = 'ann@new.example' WHERE id = 'ann@old.example';
-- The keys that an UPDATE changed are followed.
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:'o1', 1, vend.id_from('r1'));
SELECT * FROM shop.holding;
SELECT * FROM vend.audit();
-- Strangers under the old keys get nothing, and what is sold to them is theirs.
INSERT INTO shop.item (id, price, stock) VALUES ('SKU-1', 5, 10);
INSERT INTO shop.wallet VALUES ('ann@old.example', 50);
SELECT status, balance FROM vend.try_purchase('SKU-1', 'ann@old.example', 3, id => :'o2');
SELECT * FROM shop.holding ORDER BY buyer;
SELECT * FROM shop.holding WHERE buyer = 'ann@new.example';
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:'o1');
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(:'o2', 1);
SELECT id, stock FROM shop.item ORDER BY id;
SELECT * FROM shop.wallet ORDER BY id;
SELECT * FROM shop.holding ORDER BY buyer;
SELECT * FROM shop.key_era ORDER BY item, wallet, era;
SELECT kind, item, item_era, wallet, wallet_era, qty, amount, ref_line FROM shop.ledger WHERE kind IN ('purchase', 'refund') ORDER BY at;
SELECT * FROM vend.audit();
-- The same request under its id names the old keys, which belong to others now, and then the current ones.
SELECT status FROM vend.try_purchase('SKU-1', 'ann@old.example', 2, id => :'o1');
SELECT status FROM vend.try_purchase('SKU-9', 'ann@new.example', 2, id => :'o1');
SELECT status FROM vend.try_purchase('SKU-9', 'ann@new.example', 3, id => :'o1');
\echo :SQLSTATE
SELECT status FROM vend.try_purchase('SKU-9', 'ann@new.example', 3, id => :'o2');
\echo :SQLSTATE
SELECT status FROM vend.purchase_many('{SKU-9,SKU-9}', '{ann@new.example,ann@new.example}', '{2,3}', ARRAY[:'o1', :'o2']::uuid[]);
SELECT status FROM vend.purchase_many('{SKU-1,SKU-1}', '{ann@old.example,ann@old.example}', '{2,3}', ARRAY[:'o1', :'o2']::uuid[]);
-- The same batch may also ask for the rows that have the old keys now, or ask twice, by both keys.
SELECT status FROM vend.purchase_many('{SKU-9,SKU-9,SKU-1,SKU-1}', '{ann@new.example,ann@old.example,ann@new.example,ann@old.example}', '{2,3,2,9999}', ARRAY[:'o1', :'o2', :'o1', NULL]::uuid[]);
SELECT status, item, wallet, qty FROM vend.try_refund(:'o1', 1, vend.id_from('r1'));
SELECT status, item, wallet, qty FROM vend.try_refund(:'o1', 1, vend.id_from('r1'), 'SKU-9');
SELECT status, item, wallet, qty FROM vend.try_refund(:'o1', 1, vend.id_from('r1'), 'SKU-1');

-- Keys change in a chain, back to the first key; each purchase is made under another key.
INSERT INTO shop.item (id, price, stock) VALUES ('a', 1, 0);
INSERT INTO shop.wallet VALUES ('w', 0);
SELECT vend.restock('a', 10) IS NULL, vend.deposit('w', 10) IS NULL;
SELECT status FROM vend.try_purchase('a', 'w', id => vend.id_from('c1'));
UPDATE shop.item SET id = 'b' WHERE id = 'a';
UPDATE shop.wallet SET id = 'x' WHERE id = 'w';
SELECT status FROM vend.try_purchase('b', 'x', id => vend.id_from('c2'));
UPDATE shop.item SET id = 'c' WHERE id = 'b';
UPDATE shop.wallet SET id = 'y' WHERE id = 'x';
SELECT status FROM vend.try_purchase('c', 'y', id => vend.id_from('c3'));
UPDATE shop.item SET id = 'a' WHERE id = 'c';
UPDATE shop.wallet SET id = 'w' WHERE id = 'y';
SELECT status FROM vend.try_purchase('a', 'w', id => vend.id_from('c4'));
SELECT * FROM shop.holding WHERE buyer = 'w';
SELECT n, f.status, f.item, f.wallet, f.stock, f.balance FROM generate_series(1, 4) n, vend.try_refund(vend.id_from('c' || n)) f;
SELECT * FROM shop.holding WHERE buyer = 'w';
SELECT * FROM vend.audit();

-- Two keys are swapped, through a third one; each line of a cart with both items is found by the item that it is.
INSERT INTO shop.item (id, price, stock) VALUES ('left', 10, 5), ('right', 1, 5);
INSERT INTO shop.wallet VALUES ('one', 100), ('two', 100);
SELECT amount FROM vend.checkout('one', '{left,right}', '{2,2}', vend.id_from('swap'));
BEGIN;
UPDATE shop.item SET id = 'middle' WHERE id = 'left';
UPDATE shop.item SET id = 'left' WHERE id = 'right';
UPDATE shop.item SET id = 'right' WHERE id = 'middle';
UPDATE shop.wallet SET id = 'three' WHERE id = 'one';
UPDATE shop.wallet SET id = 'one' WHERE id = 'two';
UPDATE shop.wallet SET id = 'two' WHERE id = 'three';
COMMIT;
SELECT vend.refund(vend.id_from('swap'), item => 'left');
\echo :SQLSTATE
SELECT amount FROM vend.checkout('one', '{left,right}', '{2,2}', vend.id_from('swap'));
SELECT status, wallet, qty, amount, balance FROM vend.try_refund(vend.id_from('swap'));
SELECT id, price, stock FROM shop.item WHERE id IN ('left', 'right') ORDER BY id;
SELECT * FROM shop.wallet WHERE id IN ('one', 'two') ORDER BY id;
-- One statement changes many keys, each into the one that the row before has left.
CREATE TABLE shop.moved AS SELECT NULL::int AS n, NULL::uuid AS id WHERE false;
SELECT vend.create_store('numbers', item_key_type => 'bigint', wallet_key_type => 'bigint');
INSERT INTO numbers.item (id, price, stock) SELECT n, n, 10 FROM generate_series(4, 1, -1) n;
INSERT INTO numbers.wallet SELECT n, 100 FROM generate_series(4, 1, -1) n;
INSERT INTO shop.moved SELECT n, p.id FROM generate_series(4, 1, -1) n, vend.try_purchase(n, n, n, store => 'numbers') p;
UPDATE numbers.item SET id = id + 1;
UPDATE numbers.wallet SET id = id + 1;
SELECT m.n, f.status, f.item, f.wallet, f.qty, f.amount, f.stock, f.balance FROM shop.moved m, vend.try_refund(m.id, store => 'numbers') f ORDER BY m.n;
SELECT * FROM vend.audit('numbers');

-- A row is deleted, and then another row gets its key: the first is gone for good. A figure of 0, which the journal does not record, is followed too.
INSERT INTO shop.item (id, price, stock) VALUES ('gone', 5, 1), ('empty', 5, 1);
INSERT INTO shop.wallet VALUES ('left', 5), ('poor', 5);
SELECT status, balance FROM vend.try_purchase('gone', 'left', id => :'o3');
SELECT status, balance FROM vend.try_purchase('empty', 'poor', id => vend.id_from('zero'));
DELETE FROM shop.item WHERE id = 'gone';
INSERT INTO shop.item (id, price) VALUES ('gone', 5);
SELECT status, detail FROM vend.try_refund(:'o3');
SELECT vend.refund(:'o3');
\echo :SQLSTATE
DELETE FROM shop.wallet WHERE id = 'left';
INSERT INTO shop.wallet VALUES ('left', 0);
SELECT status, detail FROM vend.try_refund(:'o3', restock => false);
SELECT vend.refund(:'o3', amount => 5);
\echo :SQLSTATE
SELECT status, detail FROM vend.try_refund(:'o3');
SELECT * FROM shop.holding WHERE buyer = 'left';
UPDATE shop.item SET id = 'full' WHERE id = 'empty';
UPDATE shop.wallet SET id = 'rich' WHERE id = 'poor';
INSERT INTO shop.item (id, price) VALUES ('empty', 5);
INSERT INTO shop.wallet VALUES ('poor', 0);
SELECT status, item, wallet, stock, balance FROM vend.try_refund(vend.id_from('zero'));
-- A row is renamed and then deleted.
SELECT status FROM vend.try_purchase('full', 'rich', id => vend.id_from('late'));
UPDATE shop.item SET id = 'last' WHERE id = 'full';
DELETE FROM shop.item WHERE id = 'last';
INSERT INTO shop.item (id, price, stock) VALUES ('last', 1, 1), ('full', 1, 1);
SELECT status, item, detail FROM vend.try_refund(vend.id_from('late'));
SELECT status, item, wallet, qty, amount, stock, balance FROM vend.try_refund(vend.id_from('late'), restock => false);
SELECT * FROM vend.audit();
-- TRUNCATE takes all; INSERT ... ON CONFLICT and MERGE change keys as well.
INSERT INTO shop.item (id, price, stock) VALUES ('m', 1, 5);
SELECT status FROM vend.try_purchase('m', 'rich', id => vend.id_from('merged'));
MERGE INTO shop.item i USING (VALUES ('m')) v (id) ON i.id = v.id WHEN MATCHED THEN UPDATE SET id = 'n';
INSERT INTO shop.item (id, price) VALUES ('n', 1) ON CONFLICT (id) DO UPDATE SET id = 'o';
SELECT status, item FROM vend.try_refund(vend.id_from('merged'));
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('cut'));
TRUNCATE shop.item;
INSERT INTO shop.item (id, price, stock) VALUES ('o', 1, 5);
SELECT status FROM vend.try_refund(vend.id_from('cut'));
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('new'));
SELECT status, stock FROM vend.try_refund(vend.id_from('new'));

-- Nobody else changes the eras: a refund would go to a stranger.
SELECT count(*) > 0 AS has_eras FROM shop.key_era;
UPDATE shop.key_era SET now_wallet = 'two' WHERE wallet IS NOT NULL;
\echo :SQLSTATE
DELETE FROM shop.key_era;
\echo :SQLSTATE
TRUNCATE shop.key_era;
\echo :SQLSTATE

-- Movements replay by either key; a transfer's parties have each their own.
SELECT status FROM vend.try_transfer('rich', 'two', 1, vend.id_from('paid'));
UPDATE shop.wallet SET id = 'rich 2' WHERE id = 'rich';
SELECT status FROM vend.try_transfer('rich', 'two', 1, vend.id_from('paid'));
SELECT status FROM vend.try_transfer('rich 2', 'two', 1, vend.id_from('paid'));
SELECT status FROM vend.transfer_many('{rich 2}', '{two}', '{1}', ARRAY[vend.id_from('paid')]);
INSERT INTO shop.wallet VALUES ('rich', 9);
SELECT status FROM vend.try_transfer('rich 2', 'two', 1, vend.id_from('paid'));
SELECT status FROM vend.transfer_many('{rich 2,rich,rich}', '{two,two,two}', '{1,1,99}', ARRAY[vend.id_from('paid'), vend.id_from('paid'), NULL]);
SELECT status FROM vend.try_transfer('one', 'two', 1, vend.id_from('paid'));
\echo :SQLSTATE
-- A transaction that is rolled back has changed no key. One transaction purchases and renames.
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('undone'));
BEGIN;
UPDATE shop.wallet SET id = 'poorer' WHERE id = 'rich';
ROLLBACK;
SELECT status, wallet FROM vend.try_refund(vend.id_from('undone'));
BEGIN;
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('inside'));
SAVEPOINT s;
DELETE FROM shop.wallet WHERE id = 'rich';
ROLLBACK TO s;
UPDATE shop.wallet SET id = 'poorer' WHERE id = 'rich';
INSERT INTO shop.wallet VALUES ('rich', 100);
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('inside too'));
SELECT status, wallet FROM vend.try_refund(vend.id_from('inside'));
SELECT status, wallet FROM vend.try_refund(vend.id_from('inside too'));
COMMIT;
SELECT * FROM vend.audit();

-- In the replica role nobody watches: a key that is given to another row after that is not paid.
SELECT status FROM vend.try_purchase('o', 'rich', id => vend.id_from('unwatched'));
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM shop.wallet WHERE id = 'rich';
COMMIT;
INSERT INTO shop.wallet VALUES ('rich', 0);
SELECT status FROM vend.try_refund(vend.id_from('unwatched'));
-- While the store is detached nobody follows a key that changes: the purchase belongs to no wallet afterwards.
INSERT INTO shop.wallet VALUES ('solo', 10);
SELECT status FROM vend.try_purchase('o', 'solo', id => vend.id_from('detached'));
SELECT vend.detach_store('shop');
UPDATE shop.wallet SET id = 'uno' WHERE id = 'solo';
SELECT vend.create_store('shop');
INSERT INTO shop.wallet VALUES ('solo', 0);
SELECT status, detail FROM vend.try_refund(vend.id_from('detached'), store => 'shop');

-- Without wallets the buyer is a name, and the item is followed.
SELECT vend.create_store('till', wallets => false);
INSERT INTO till.item (id, price, stock) VALUES ('tea', 2, 5);
SELECT status FROM vend.try_purchase('tea', 'table 4', 2, vend.id_from('tea'), store => 'till');
UPDATE till.item SET id = 'chai';
INSERT INTO till.item (id, price, stock) VALUES ('tea', 3, 5);
SELECT status FROM vend.try_purchase('tea', 'table 4', 1, vend.id_from('tea 2'), store => 'till');
SELECT * FROM till.holding ORDER BY item;
SELECT status, item, wallet, stock, balance FROM vend.try_refund(vend.id_from('tea'), store => 'till');
SELECT status, item, wallet, stock, balance FROM vend.try_refund(vend.id_from('tea 2'), store => 'till');
SELECT * FROM vend.audit('till');

-- In escrow the counter of the old key is closed, and the counter of the new key takes the units.
UPDATE till.item SET lock_mode = 'escrow';
SELECT status FROM vend.try_purchase('chai', 'table 5', 2, vend.id_from('hot'), store => 'till');
UPDATE till.item SET id = 'masala' WHERE id = 'chai';
INSERT INTO till.item (id, price, stock, lock_mode) VALUES ('chai', 3, 5, 'escrow');
SELECT status FROM vend.try_purchase('chai', 'table 5', 2, vend.id_from('hot 2'), store => 'till');
SELECT status, item, stock FROM vend.try_refund(vend.id_from('hot'), store => 'till');
SELECT status, item, stock FROM vend.try_refund(vend.id_from('hot 2'), store => 'till');
SELECT * FROM vend.audit('till');

-- Partitions: a row that moves to another keeps what it has bought, with its key or with another.
CREATE TABLE part_item (id text PRIMARY KEY, stock bigint NOT NULL, price bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE part_item_a PARTITION OF part_item FOR VALUES FROM (MINVALUE) TO ('m');
CREATE TABLE part_item_z (price bigint NOT NULL, id text NOT NULL, stock bigint NOT NULL);
ALTER TABLE part_item ATTACH PARTITION part_item_z FOR VALUES FROM ('m') TO (MAXVALUE);
CREATE TABLE part_wallet (id text, region int, balance bigint NOT NULL, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE part_wallet_0 PARTITION OF part_wallet FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_wallet_1 PARTITION OF part_wallet FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part_item VALUES ('apple', 5, 1);
INSERT INTO part_wallet SELECT 'w' || n, 1, 10 FROM generate_series(1, 8) n;
SELECT vend.attach_store('parts', 'part_item', price => 'price', wallets => 'part_wallet', balance => 'balance');
SELECT count(*) FROM generate_series(1, 4) n, vend.try_purchase('apple', 'w' || n, id => vend.id_from('part ' || n), store => 'parts') p;
UPDATE part_item SET id = 'zebra';
UPDATE part_wallet SET id = 'v' || substr(id, 2);
INSERT INTO part_item VALUES ('apple', 5, 1);
INSERT INTO part_wallet SELECT 'w' || n, 1, 10 FROM generate_series(1, 8) n;
SELECT n, f.status, f.item, f.wallet, f.stock, f.balance FROM generate_series(1, 4) n, vend.try_refund(vend.id_from('part ' || n), store => 'parts') f ORDER BY n;
SELECT count(*), count(*) FILTER (WHERE tableoid = 'part_item_z'::regclass) AS moved FROM part_item;
SELECT * FROM vend.audit('parts');
SELECT vend.detach_store('shop'), vend.detach_store('numbers'), vend.detach_store('till'), vend.detach_store('parts');
DROP TABLE part_item, part_wallet;
DROP SCHEMA shop, numbers, till, parts CASCADE;
