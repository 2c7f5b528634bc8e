-- What the clients have heard, a row for each answer, written by the transaction that makes the call: how many units are left more
-- or less since, how many units and how much money the buyer has more or less.
CREATE TABLE heard (call text, status text, id uuid, item text, wallet text, units bigint, bought bigint, money numeric);
CREATE VIEW made AS SELECT * FROM heard WHERE status IN ('purchased', 'recorded');
CREATE TABLE item_before AS TABLE item_left;
CREATE TABLE wallet_before AS TABLE wallet_left;
