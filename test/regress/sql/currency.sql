-- Wallets in several currencies in one table: a sale or transfer across currencies is refused, in every mode, batch,
-- cart and way of writing, and moves nothing.
\set VERBOSITY sqlstate
CREATE TABLE goods (id text PRIMARY KEY, price numeric(12,2) NOT NULL, unit char(5), stock int NOT NULL, mode text);
INSERT INTO goods VALUES ('lamp', 10, 'EUR', 100, NULL), ('vase', 12, 'USD', 100, NULL), ('hot', 1, 'EUR', 100, 'escrow'), ('odd', 1, NULL, 100, NULL);
CREATE TABLE purse (id int PRIMARY KEY, balance numeric(12,2) NOT NULL, currency varchar(3));
INSERT INTO purse VALUES (1, 1000, 'EUR'), (2, 1000, 'USD'), (3, 1000, NULL), (4, 1000, 'EUR'), (5, 1000, NULL);

-- What cannot be bound.
SELECT vend.attach_store('shop', 'goods', price => 'price', item_currency => 'unit');
SELECT vend.attach_store('shop', 'goods', price => 'price', wallet_currency => 'currency');
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'purse', balance => 'balance', item_currency => 'unit');
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'purse', balance => 'balance', wallet_currency => 'gone');
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'purse', balance => 'balance', wallet_currency => 'balance');
\set VERBOSITY terse
SELECT vend.attach_store('shop', 'goods', price => 'price', wallets => 'purse', wallet_key => 'id', balance => 'id', wallet_currency => 'balance');
\set VERBOSITY sqlstate

SELECT vend.attach_store('shop', 'goods', price => 'price', lock_mode => 'mode', wallets => 'purse', balance => 'balance', item_currency => 'unit', wallet_currency => 'currency');
SELECT item_currency, wallet_currency FROM vend.store;
-- Who buys what, in what mode, and what it says.
CREATE FUNCTION buys(item text, buyer int, mode text DEFAULT NULL, call text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE o vend.outcome;
BEGIN
  EXECUTE format('SELECT * FROM vend.try_purchase(%L, %s, lock_mode => %L%s)', item, buyer, mode, call) INTO o;
  RETURN concat_ws(' ', o.status, o.balance, o.detail);
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE VIEW all_modes AS
  SELECT buyer, mode, buys('lamp', buyer, mode) FROM unnest(ARRAY[1, 2, 3]) buyer, unnest(ARRAY['atomic', 'pessimistic', 'optimistic']) WITH ORDINALITY m (mode, n)
  ORDER BY buyer, n;
SELECT * FROM all_modes;
SELECT buyer, buys('hot', buyer) FROM unnest(ARRAY[1, 2, 3]) buyer;
SELECT buyer, buys('odd', buyer) FROM unnest(ARRAY[1, 3]) buyer;
SET vend.write_by_statements = on;
SELECT * FROM all_modes;
SELECT buyer, buys('hot', buyer) FROM unnest(ARRAY[1, 2]) buyer;
RESET vend.write_by_statements;
SELECT id, vend.available(id) FROM goods ORDER BY id;
SELECT id, balance FROM purse ORDER BY id;

-- The raising form, and the reason that comes first.
\set VERBOSITY default
SELECT * FROM vend.purchase('lamp', 2);
\set VERBOSITY sqlstate
SELECT * FROM vend.purchase('lamp', 2);
SELECT buys('lamp', 2, NULL, ', qty => 1000'), buys('lamp', 9), buys('lamp', 2, NULL, ', qty => 50'), buys('lamp', 2, NULL, ', max_price => 1');

-- A stated price is in the stated currency; beside the item's own price the stated currency is a condition.
SELECT buys('lamp', 2, NULL, $$, unit_price => 11, currency => 'USD'$$), buys('lamp', 2, NULL, $$, amount => 11, currency => 'USD'$$);
SELECT buys('lamp', 2, NULL, $$, unit_price => 11$$), buys('lamp', 2, NULL, $$, unit_price => 11, currency => 'EUR'$$);
SELECT buys('lamp', 1, NULL, $$, currency => 'EUR'$$), buys('lamp', 1, NULL, $$, currency => 'USD'$$), buys('lamp', 2, NULL, $$, currency => 'USD'$$);
SELECT buys('odd', 2, NULL, $$, unit_price => 1, currency => 'USD'$$), buys('odd', 1, NULL, $$, currency => 'EUR'$$);
-- In the ledger a price in another currency has the item's own beside it.
SELECT item, wallet, amount, unit_price, list_price FROM shop.ledger WHERE list_price IS NOT NULL ORDER BY at, id;

-- A remembered refusal; a replay, which asks for no currency.
SELECT status, detail FROM vend.try_purchase('lamp', 2, id => vend.id_from('r'), remember => true);
SELECT status, detail FROM vend.try_purchase('lamp', 2, id => vend.id_from('r'));
SELECT refusal FROM shop.ledger WHERE id = vend.id_from('r');
SELECT status FROM vend.try_purchase('lamp', 1, id => vend.id_from('p'));
SELECT status FROM vend.try_purchase('lamp', 1, id => vend.id_from('p'), currency => 'USD');
SELECT kind, amount, balance FROM vend.refund(vend.id_from('p'));

-- Batches: a request of its own is refused.
SELECT status, item, buyer, balance, detail FROM vend.purchase_many('{lamp,lamp,vase,vase,odd,hot,hot}'::text[], '{1,2,1,2,1,1,2}'::int[]);
SELECT status, item, buyer, balance, detail FROM vend.purchase_many('{lamp,lamp,lamp,lamp}'::text[], '{1,2,2,1}'::int[], unit_prices => '{NULL,3,3,NULL}', currencies => '{NULL,USD,NULL,USD}');
SELECT status, item, buyer, balance FROM vend.purchase_many('{lamp,lamp}'::text[], '{1,2}'::int[], ids => ARRAY[vend.id_from('b1'), vend.id_from('b2')], remember => true);
SELECT status, item, buyer, balance FROM vend.purchase_many('{lamp,lamp}'::text[], '{1,2}'::int[], ids => ARRAY[vend.id_from('b1'), vend.id_from('b2')]);
SET vend.write_by_statements = on;
SELECT status, item, buyer, balance FROM vend.purchase_many('{lamp,lamp,vase,vase}'::text[], '{1,2,1,2}'::int[]);
RESET vend.write_by_statements;

-- Carts: one line in another currency refuses them all.
SELECT status, line, amount, balance, detail FROM vend.try_checkout(1, '{lamp,hot}'::text[]);
SELECT status, line, amount, balance, detail FROM vend.try_checkout(1, '{lamp,vase,hot}'::text[]);
SELECT status, line, amount, balance, detail FROM vend.try_checkout(2, '{lamp,vase}'::text[], unit_prices => '{1,NULL}', currency => 'USD');
SELECT status, line, amount, balance, detail FROM vend.try_checkout(1, '{lamp,vase}'::text[], currency => 'EUR');
SELECT vend.checkout(2, '{vase,lamp}'::text[]);

-- Transfers.
SELECT status, wallet, payee, balance, detail FROM vend.try_transfer(1, 4, 5);
SELECT status, wallet, payee, balance, detail FROM vend.try_transfer(1, 2, 5);
SELECT status, wallet, payee, balance, detail FROM vend.try_transfer(2, 3, 5);
SELECT status, wallet, payee, balance, detail FROM vend.try_transfer(3, 5, 5000);
SELECT status, detail FROM vend.try_transfer(1, 9, 5);
\set VERBOSITY default
SELECT vend.transfer(1, 2, 5);
\set VERBOSITY sqlstate
SELECT vend.transfer(1, 2, 5);
SELECT status, wallet, payee, balance, detail FROM vend.transfer_many('{1,1,2,3,4,1}'::int[], '{4,2,1,5,1,2}'::int[], '{1,1,1,1,1,50000}');
SET vend.write_by_statements = on;
SELECT status, wallet, payee, balance, detail FROM vend.transfer_many('{1,1}'::int[], '{4,2}'::int[], '{1,1}');
SELECT status FROM vend.try_transfer(1, 2, 5);
RESET vend.write_by_statements;
-- Deposits and withdrawals are in the currency of the wallet.
SELECT balance FROM vend.deposit(3, 1);
SELECT finding, key, expected, found FROM vend.audit();

-- Items without a currency: each call states it.
SELECT vend.reattach_store('shop', item_currency => '');
SELECT buys('lamp', 1), buys('lamp', 1, NULL, $$, currency => 'EUR'$$), buys('lamp', 1, NULL, $$, currency => 'USD'$$);
SELECT status, detail FROM vend.purchase_many('{lamp,lamp}'::text[], '{1,1}'::int[], currencies => '{EUR,NULL}');
SELECT status FROM vend.try_checkout(1, '{lamp,hot}'::text[], currency => 'EUR');
SELECT status FROM vend.try_checkout(1, '{lamp,hot}'::text[]);
SELECT status, detail FROM vend.try_transfer(1, 2, 5);
-- No currencies: nobody may state one, and nothing is compared.
SELECT vend.reattach_store('shop', wallet_currency => '');
SELECT buys('lamp', 2), buys('lamp', 2, NULL, $$, currency => 'USD'$$);
SELECT status, detail FROM vend.purchase_many('{lamp,lamp}'::text[], '{1,2}'::int[], currencies => '{EUR,NULL}');
SELECT status FROM vend.try_transfer(1, 2, 5);
SELECT vend.detach_store('shop');

-- Currencies of other types, and partitions.
CREATE TYPE money_unit AS ENUM ('EUR', 'USD');
CREATE DOMAIN unit_code AS varchar(3) CHECK (value ~ '^[A-Z]+$');
CREATE TABLE currency (id smallint PRIMARY KEY, code text);
CREATE TABLE part (id int PRIMARY KEY, price numeric(12,2) NOT NULL, stock int NOT NULL, unit money_unit, unit_id int, code unit_code, half real) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
INSERT INTO part VALUES (1, 10, 100, 'EUR', 1, 'EUR', 1), (2, 10, 100, 'USD', 2, 'USD', 2);
ALTER TABLE purse ADD unit money_unit, ADD unit_id smallint;
UPDATE purse SET unit = currency::money_unit, unit_id = CASE currency WHEN 'EUR' THEN 1 WHEN 'USD' THEN 2 END;
CREATE FUNCTION sells(item_column text, wallet_column text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answers text;
BEGIN
  PERFORM vend.attach_store('mall', 'part', price => 'price', wallets => 'purse', balance => 'balance', item_currency => item_column, wallet_currency => wallet_column);
  SELECT string_agg(status, ' ') INTO answers FROM (SELECT t.status FROM (VALUES (1, 1), (1, 2), (2, 1), (2, 2), (1, 3)) p (item, buyer), vend.try_purchase(item, buyer) t
    UNION ALL SELECT status FROM vend.purchase_many(ARRAY[1, 1, 2, 2, 1], ARRAY[1, 2, 1, 2, 3])) s;
  PERFORM vend.detach_store('mall');
  RETURN answers;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT i, w, sells(i, w) FROM (VALUES ('unit', 'unit'), ('unit', 'currency'), ('unit_id', 'unit_id'), ('code', 'currency'), ('code', 'unit'), ('half', 'currency'), ('price', 'currency'), ('unit', 'balance')) v (i, w);
SET client_min_messages = warning;
DROP SCHEMA shop, mall CASCADE;
DROP VIEW all_modes;
DROP FUNCTION buys, sells;
DROP TABLE goods, purse, currency, part;
DROP DOMAIN unit_code;
DROP TYPE money_unit;
