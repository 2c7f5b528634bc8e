#!/usr/bin/env bash
# Batches, carts and batches of transfers beside single calls for some seconds, then exact accounting: G1 to
# G7.
#
# Few items, in row modes and in escrow, few wallets, ids that are used again by the same buyer and by
# others, remembered refusals, rollbacks, changes of mode. Every answer is recorded in the call's own
# transaction, in the table heard. So what was heard must equal the ledger, and both must equal what is
# left. A transaction that lost a race (40001) is tried again; a deadlock is a failure.
#
# BATCH_SECONDS=N   how long (default 15)
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib/store.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib/load.sh"

clients=24 seconds=${BATCH_SECONDS:-15} items=6 wallets=20
ids=$((90 * seconds * seconds)) # so that as many come twice, however long it takes
database=stress_batches pgbench_options=(--max-tries=100)

set_up() {
    cat <<SQL
CREATE EXTENSION pg_vend;
$(store_sql bigint 'numeric(14,2)')
INSERT INTO shop.item (id, price, stock, lock_mode)
    SELECT item_key(n), 1.25 * n, 400, (array['atomic', 'pessimistic', 'optimistic', NULL, 'escrow', 'escrow'])[n]
    FROM generate_series(1, $items) AS n;
INSERT INTO shop.wallet (id, balance) SELECT wallet_key(n), 1000 * sign(n) FROM generate_series(0, $wallets) AS n;
CREATE TABLE initial_item AS SELECT id, stock FROM shop.item;
CREATE TABLE initial_wallet AS SELECT id, balance FROM shop.wallet;
-- qty and amount as the ledger has them
CREATE TABLE heard (call text, status text, id uuid, line integer, item text, wallet text, qty bigint, amount numeric);

CREATE FUNCTION id_of(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(kind || n)::uuid;

-- Half of the requests have an id and are what its number says, a few have one and are not.
CREATE PROCEDURE buy_many(size bigint, remembers boolean) LANGUAGE sql AS \$\$
    WITH drawn AS (SELECT i, random() AS dice, 1 + floor(random() * $ids)::bigint AS n,
                          floor(random() * 1000)::bigint AS x FROM generate_series(1, size) AS i),
         request AS (SELECT i, CASE WHEN dice < 0.5 THEN 1 + n % $items ELSE 1 + x % $items END AS item,
                            CASE WHEN dice < 0.55 THEN 1 + n % $wallets ELSE x % ($wallets + 1) END AS buyer,
                            CASE WHEN dice < 0.5 THEN 1 + n % 2 ELSE 1 + x % 3 END AS qty,
                            CASE WHEN dice < 0.6 THEN id_of('purchase', n) ELSE vend.uuid_v7() END AS id FROM drawn)
    INSERT INTO heard
        SELECT 'purchase_many', o.status, o.id, 0, o.item, o.buyer, -o.qty, -o.amount
        FROM (SELECT array_agg(item_key(item) ORDER BY i) AS items, array_agg(wallet_key(buyer) ORDER BY i) AS buyers,
                     array_agg(qty ORDER BY i) AS qtys, array_agg(id ORDER BY i) AS ids FROM request) AS a,
             vend.purchase_many(a.items, a.buyers, a.qtys, a.ids, remember => remembers) AS o
\$\$;
CREATE PROCEDURE pay_many(size bigint) LANGUAGE sql AS \$\$
    WITH drawn AS (SELECT i, random() AS dice, 1 + floor(random() * $ids)::bigint AS n,
                          floor(random() * 1000)::bigint AS x FROM generate_series(1, size) AS i),
         request AS (SELECT i, 1 + n % $wallets AS payer,
                            CASE WHEN dice < 0.9 THEN (1 + n / 7) % ($wallets + 1) ELSE x % ($wallets + 1) END AS payee,
                            1 + n % 40 AS amount, id_of('transfer', n) AS id FROM drawn),
         o AS (SELECT o.* FROM (SELECT array_agg(wallet_key(payer) ORDER BY i) AS payers, array_agg(wallet_key(payee) ORDER BY i) AS payees,
                     array_agg(amount::numeric ORDER BY i) AS amounts, array_agg(id ORDER BY i) AS ids FROM request) AS a,
             vend.transfer_many(a.payers, a.payees, a.amounts, a.ids) AS o)
    INSERT INTO heard
        SELECT 'transfer_many', status, id, 0, NULL, wallet, 0, -amount FROM o
        UNION ALL SELECT 'transfer_many', status, id, 1, NULL, payee, 0, amount FROM o
\$\$;
-- A mismatch is a fault, which would end the client.
CREATE PROCEDURE check_out(n bigint, size bigint) LANGUAGE plpgsql AS \$\$
BEGIN
    INSERT INTO heard
        SELECT 'checkout', o.status, o.id, l.place - 1, l.item, o.buyer, -l.qty, -l.amount
        FROM vend.try_checkout(wallet_key(1 + n % $wallets), ARRAY(SELECT item_key(1 + (n + i) % $items) FROM generate_series(1, size) AS i),
                               array_fill(1 + n % 3, ARRAY[size::int]), id => id_of('cart', n)) AS o,
             unnest(o.lines) WITH ORDINALITY AS l (item, qty, unit_price, amount, place);
EXCEPTION WHEN SQLSTATE 'VN008' THEN
    INSERT INTO heard (call, status) VALUES ('checkout', 'id_mismatch');
END
\$\$;
CREATE PROCEDURE buy(n bigint) LANGUAGE plpgsql AS \$\$
BEGIN
    INSERT INTO heard
        SELECT 'purchase', o.status, o.id, 0, o.item, o.buyer, -o.qty, -o.amount
        FROM vend.try_purchase(item_key(1 + n % $items), wallet_key(1 + n % $wallets), 1 + n % 2, id => id_of('purchase', n)) AS o;
EXCEPTION WHEN SQLSTATE 'VN008' THEN
    INSERT INTO heard (call, status) VALUES ('purchase', 'id_mismatch');
END
\$\$;
SQL
}

draws() {
    echo "\\set n random(1, $ids)"
    echo '\set size random(1, 40)'
}

write_scripts() {
    script 8 many <<<'CALL buy_many(:size::bigint, random() < 0.3);'
    script 1 many_rolled_back <<<'BEGIN; CALL buy_many(:size::bigint, random() < 0.3); ROLLBACK;'
    script 5 transfers <<<'CALL pay_many(:size::bigint);'
    script 4 cart <<'SQL'
\set size random(1, 4)
CALL check_out(:n::bigint, :size::bigint);
SQL
    script 6 single <<<'CALL buy(:n::bigint);'
    script 4 supply <<'SQL'
\set item random(1, 6)
WITH m AS (SELECT * FROM vend.restock(item_key(:item), 60))
INSERT INTO heard SELECT kind, 'done', id, 0, item, NULL, qty, 0 FROM m;
SQL
    script 4 deposit <<'SQL'
\set wallet random(1, 20)
WITH m AS (SELECT * FROM vend.deposit(wallet_key(:wallet), 150))
INSERT INTO heard SELECT kind, 'done', id, 0, NULL, wallet, 0, amount FROM m;
SQL
    script 1 refund <<'SQL'
WITH p AS (SELECT id, item FROM shop.ledger WHERE kind = 'purchase' AND wallet = wallet_key(1 + :n % 20) LIMIT 1),
     m AS (SELECT m.* FROM p, vend.try_refund(p.id, 1, item => p.item::text) AS m)
INSERT INTO heard SELECT kind, status, id, 0, item, wallet, qty, amount FROM m;
SQL
    script 1 mode <<<"SELECT vend.set_lock_mode(item_key(4), CASE WHEN random() < 0.5 THEN 'escrow' END);"
    script 1 price <<<'UPDATE shop.item SET price = (1 + :n % 12) / 4.0 WHERE id = item_key(1 + :n % 6);'
}

# Prints a row for each answer that nobody has heard, though the load is meant to meet it.
unheard() {
    sql <<'SQL'
SELECT format('nobody heard %s', s) FROM unnest(array['purchase_many purchased', 'purchase_many replayed', 'purchase_many sold_out',
        'purchase_many insufficient_funds', 'purchase_many id_mismatch', 'transfer_many recorded', 'transfer_many replayed',
        'transfer_many insufficient_funds', 'transfer_many id_mismatch', 'checkout purchased', 'checkout replayed', 'purchase replayed']) AS s
    WHERE s NOT IN (SELECT call || ' ' || status FROM heard);
SELECT 'no refusal is remembered' WHERE NOT EXISTS (SELECT FROM shop.ledger WHERE kind = 'refusal');
SQL
}

# Prints a row for each fault.
wrong() {
    sql <<'SQL'
SELECT vend.settle('shop') WHERE false;
SELECT 'negative stock of ' || id FROM shop.item WHERE stock < 0;
SELECT 'negative balance of ' || id FROM shop.wallet WHERE balance < 0;
CREATE TEMP VIEW made AS SELECT * FROM heard WHERE status IN ('purchased', 'recorded', 'done');
SELECT format('item %s: %s left, %s by what was heard, %s by the ledger', id, units, by_heard, by_ledger)
    FROM (SELECT i.id, i.stock + coalesce((SELECT sum(qty) FROM shop.stock_delta d WHERE d.item = i.id), 0) AS units,
              n.stock + coalesce((SELECT sum(qty) FROM made WHERE item = i.id::text), 0) AS by_heard,
              (SELECT sum(l.qty) FROM shop.ledger l WHERE l.item = i.id) AS by_ledger
          FROM shop.item i JOIN initial_item n USING (id)) AS sums
    WHERE units <> by_heard OR units <> by_ledger;
SELECT format('wallet %s: %s left, %s by what was heard, %s by the ledger', id, balance, by_heard, by_ledger)
    FROM (SELECT w.id, w.balance, n.balance + coalesce((SELECT sum(amount) FROM made WHERE wallet = w.id::text), 0) AS by_heard,
              (SELECT sum(l.amount) FROM shop.ledger l WHERE l.wallet = w.id) AS by_ledger
          FROM shop.wallet w JOIN initial_wallet n USING (id)) AS sums
    WHERE balance <> by_heard OR balance <> by_ledger;
SELECT format('heard %s, ledger %s', h, l)
    FROM (SELECT id, line, item, wallet, qty, amount FROM made) AS h
    FULL JOIN (SELECT id, line, item::text, wallet::text, qty, amount FROM shop.ledger WHERE kind NOT IN ('adjustment', 'refusal')) AS l
        ON h.id = l.id AND h.line = l.line
        AND (coalesce(h.item, ''), coalesce(h.wallet, ''), h.qty, h.amount) = (coalesce(l.item, ''), coalesce(l.wallet, ''), l.qty, l.amount)
    WHERE h.id IS NULL OR l.id IS NULL;
SELECT format('made twice: %s line %s', id, line) FROM made GROUP BY id, line HAVING count(*) > 1;
SELECT format('replayed, but not in the ledger: %s', h) FROM heard h
    WHERE status = 'replayed' AND NOT EXISTS (SELECT FROM shop.ledger l WHERE l.id = h.id AND l.line = h.line
        AND l.item::text IS NOT DISTINCT FROM h.item AND l.wallet::text IS NOT DISTINCT FROM h.wallet);
SELECT format('half a cart: %s', id) FROM made WHERE call = 'checkout' GROUP BY id
    HAVING count(*) <> (SELECT count(*) FROM shop.ledger l WHERE l.id = made.id);
SELECT format('%s deadlocks', deadlocks) FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0;
SELECT format('audit: %s', a) FROM vend.audit('shop') AS a;
SQL
}

run_rounds
