-- Aim: an empty name unbinds a column that a store can do without, and is refused for one that it cannot.
-- Guarantee: section "Binding".
SET client_min_messages = warning;
SELECT vend.create_store('full');
SELECT vend.create_store('till', wallets => false);
-- A store needs its keys, its stock and, where it has wallets, their balance.
SELECT vend.reattach_store('full', item_key => '');
SELECT vend.reattach_store('full', wallet_key => '');
SELECT vend.reattach_store('full', stock => '');
SELECT vend.reattach_store('full', balance => '');
SELECT vend.reattach_store('till', item_key => '');
SELECT vend.reattach_store('till', wallet_key => 'id');
-- With the table named, the key is the primary key.
SELECT vend.reattach_store('full', items => '"full".item', item_key => '', wallets => '"full".wallet', wallet_key => '');
SELECT item_key, wallet_key, stock, balance FROM vend.store WHERE name = 'full';
-- It does without these.
SELECT vend.reattach_store('full', price => '', version => '', stock_version => '', lock_mode => '');
SELECT item_key, price, version, stock_version, lock_mode FROM vend.store WHERE name = 'full';
SELECT vend.detach_store('full'), vend.detach_store('till');
DROP SCHEMA "full", till CASCADE;
