#!/usr/bin/env bash
# Everything at once for some seconds, then exact accounting: G1 to G7.
#
# 64 clients, few items, few wallets, all lock modes at once; ids that are used again, by the same
# buyer and by others; remembered refusals; rollbacks and savepoints; restocks, deposits and plain
# SQL. Every call's answer is recorded in the call's own transaction, in the table heard. So what was
# heard must equal the ledger, and both must equal what is left.
#
# A transaction makes one call, or repeats calls of the same wallet and item. So a deadlock is a failure.
#
# MIXED_SECONDS=N   how long (default 15)
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib/store.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib/load.sh"

clients=64 seconds=${MIXED_SECONDS:-15} items=4 wallets=10
ids=$((45 * seconds * seconds)) # so that as many come twice, however long it takes
database=stress_mixed pgbench_options=(-M prepared)

# Items 1 to 3 have a mode of their own, which an argument overrides; 4 takes what the session says.
# Wallet 0 is empty and stays so.
set_up() {
    cat <<SQL
CREATE EXTENSION pg_vend;
$(store_sql bigint 'numeric(14,2)')
INSERT INTO shop.item (id, price, stock, lock_mode)
    SELECT item_key(n), 1.25 * n, 40, (array['atomic', 'pessimistic', 'optimistic'])[n] FROM generate_series(1, $items) AS n;
INSERT INTO shop.wallet (id, balance) SELECT wallet_key(n), 100 * sign(n) FROM generate_series(0, $wallets) AS n;
CREATE TABLE initial_item AS SELECT id, stock FROM shop.item;
CREATE TABLE initial_wallet AS SELECT id, balance FROM shop.wallet;
CREATE TABLE heard (call text, status text, id uuid, item text, wallet text, qty bigint, amount numeric);

CREATE FUNCTION id_of(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(kind || n)::uuid;

-- A mismatch is a fault, which would end the client.
CREATE PROCEDURE buy(item bigint, buyer bigint, qty bigint, id uuid, remember boolean) LANGUAGE plpgsql AS \$\$
BEGIN
    INSERT INTO heard
        SELECT 'purchase', o.status, o.id, o.item, o.buyer, o.qty, o.amount
        FROM vend.try_purchase(item_key(item), wallet_key(buyer), qty, id => id, remember => remember) AS o;
EXCEPTION WHEN SQLSTATE 'VN008' THEN
    INSERT INTO heard VALUES ('purchase', 'id_mismatch', id, item_key(item), wallet_key(buyer), qty, NULL);
END
\$\$;
SQL
}

# bought ARGUMENTS: prints a call that records its answer.
bought() {
    echo "WITH o AS (SELECT * FROM vend.try_purchase(item_key(:item), wallet_key(:buyer), $1))"
    echo "INSERT INTO heard SELECT 'purchase', status, id, item, buyer, qty, amount FROM o;"
}

draws() {
    echo "\\set item random(1, $items)"
    echo "\\set buyer random(1, $wallets)"
    echo "\\set qty random(1, 3)"
}

write_scripts() {
    local mode
    for mode in atomic pessimistic optimistic; do
        script 8 "$mode" < <(bought "qty => :qty, lock_mode => '$mode'")
        script 1 "nowait_$mode" < <(bought "qty => :qty, lock_mode => '$mode', nowait => true")
        script 2 "rollback_$mode" < <(
            echo 'BEGIN;'
            bought "qty => :qty, lock_mode => '$mode'"
            echo 'ROLLBACK;'
        )
        script 2 "savepoint_$mode" < <(
            echo 'BEGIN; SAVEPOINT s;'
            bought "lock_mode => '$mode'"
            echo 'ROLLBACK TO s;'
            bought "qty => :qty, lock_mode => '$mode'"
            bought "lock_mode => '$mode'"
            echo 'COMMIT;'
        )
    done
    script 1 poor < <(echo '\set buyer 0'; bought "qty => :qty")
    script 1 max_price < <(bought "max_price => 2.5")
    script 1 expected_version < <(bought "expected_version => 0")
    write_id_scripts
    write_supply_scripts
}

# The same id mostly comes with the same item, buyer and quantity, which are made from its number.
write_id_scripts() {
    local derived="\\set item 1 + :n % $items
\\set buyer 1 + :n % $wallets
\\set qty 1 + :n % 2"
    script 8 id <<SQL
\set n random(1, $ids)
$derived
CALL buy(:item::bigint, :buyer::bigint, :qty::bigint, id_of('purchase', :n::bigint), random() < 0.4);
SQL
    script 1 mismatch <<SQL
\set n random(1, $ids)
CALL buy(:item::bigint, :buyer::bigint, :qty::bigint, id_of('purchase', :n::bigint), random() < 0.4);
SQL
}

write_supply_scripts() {
    script 3 restock <<SQL
\set n random(1, $ids)
\set item 1 + :n % $items
WITH m AS (SELECT * FROM vend.restock(item_key(:item), 10, id => id_of('restock', :n::bigint)))
INSERT INTO heard SELECT kind, CASE WHEN replayed THEN 'replayed' ELSE 'done' END, id, item, NULL, qty, NULL FROM m;
SQL
    script 4 deposit <<SQL
\set n random(1, $ids)
\set buyer 1 + :n % $wallets
WITH m AS (SELECT * FROM vend.deposit(wallet_key(:buyer), 21.25, id => id_of('deposit', :n::bigint)))
INSERT INTO heard SELECT kind, CASE WHEN replayed THEN 'replayed' ELSE 'done' END, id, NULL, wallet, NULL, amount FROM m;
SQL
    script 2 stock <<'SQL'
\set d random(-3, 6)
WITH u AS (UPDATE shop.item SET stock = stock + :d WHERE id = item_key(:item) AND stock + :d >= 0 RETURNING id)
INSERT INTO heard SELECT 'adjustment', 'done', NULL, id, NULL, :d, NULL FROM u;
SQL
    script 2 balance <<'SQL'
\set d random(-3, 6)
WITH u AS (UPDATE shop.wallet SET balance = balance + :d WHERE id = wallet_key(:buyer) AND balance + :d >= 0 RETURNING id)
INSERT INTO heard SELECT 'adjustment', 'done', NULL, NULL, id, NULL, :d FROM u;
SQL
    script 1 price <<'SQL'
\set p random(4, 12)
UPDATE shop.item SET price = :p / 4.0 WHERE id = item_key(:item);
SQL
}

# Prints a row for each answer that nobody has heard, though the load is meant to meet it.
unheard() {
    sql <<'SQL'
SELECT format('nobody heard %s', s) FROM unnest(array['purchased', 'replayed', 'sold_out', 'insufficient_funds',
        'id_mismatch', 'conflict', 'price_changed']) AS s
    WHERE s NOT IN (SELECT status FROM heard WHERE call = 'purchase');
SELECT 'no refusal is remembered' WHERE NOT EXISTS (SELECT FROM shop.ledger WHERE kind = 'refusal');
SQL
}

# Prints a row for each fault. The ledger's purchases are negative, an answer's are not.
wrong() {
    sql <<'SQL'
SELECT 'negative stock of ' || id FROM shop.item WHERE stock < 0;
SELECT 'negative balance of ' || id FROM shop.wallet WHERE balance < 0;
SELECT format('item %s: %s left, %s by what was heard, %s by the ledger', id, stock, by_heard, by_ledger)
    FROM (SELECT i.id, i.stock,
              n.stock + coalesce((SELECT sum(CASE h.call WHEN 'purchase' THEN -h.qty ELSE h.qty END) FROM heard h
                  WHERE h.item = i.id::text AND h.status IN ('purchased', 'done')), 0) AS by_heard,
              (SELECT sum(l.qty) FROM shop.ledger l WHERE l.item = i.id) AS by_ledger
          FROM shop.item i JOIN initial_item n USING (id)) AS sums
    WHERE stock <> by_heard OR stock <> by_ledger;
SELECT format('wallet %s: %s left, %s by what was heard, %s by the ledger', id, balance, by_heard, by_ledger)
    FROM (SELECT w.id, w.balance,
              n.balance + coalesce((SELECT sum(CASE h.call WHEN 'purchase' THEN -h.amount ELSE h.amount END) FROM heard h
                  WHERE h.wallet = w.id::text AND h.status IN ('purchased', 'done')), 0) AS by_heard,
              (SELECT sum(l.amount) FROM shop.ledger l WHERE l.wallet = w.id) AS by_ledger
          FROM shop.wallet w JOIN initial_wallet n USING (id)) AS sums
    WHERE balance <> by_heard OR balance <> by_ledger;
SELECT format('heard %s, ledger %s', h, l)
    FROM (SELECT call, id, item, wallet, qty, amount FROM heard WHERE id IS NOT NULL AND status IN ('purchased', 'done')) AS h
    FULL JOIN (SELECT kind, id, item::text, wallet::text, abs(qty) AS qty, abs(amount) AS amount FROM shop.ledger
               WHERE kind IN ('purchase', 'restock', 'deposit')) AS l
        ON h.id = l.id AND h.call = l.kind
        AND (coalesce(h.item, ''), coalesce(h.wallet, ''), coalesce(h.qty, 0), coalesce(h.amount, 0))
          = (coalesce(l.item, ''), coalesce(l.wallet, ''), coalesce(l.qty, 0), coalesce(l.amount, 0))
    WHERE h.id IS NULL OR l.id IS NULL;
SELECT format('%s rows of the ledger have id %s', count(*), id) FROM shop.ledger WHERE kind <> 'adjustment'
    GROUP BY id HAVING count(*) > 1;
SELECT format('%s sales were heard of with id %s', count(*), id) FROM heard WHERE status = 'purchased'
    GROUP BY id HAVING count(*) > 1;
SELECT format('replayed, but not in the ledger: %s', h) FROM heard h
    WHERE status = 'replayed' AND NOT EXISTS (SELECT FROM shop.ledger l WHERE l.id = h.id AND l.kind = h.call
        AND l.item::text IS NOT DISTINCT FROM h.item AND l.wallet::text IS NOT DISTINCT FROM h.wallet);
SELECT format('the refusal of %s is remembered, and yet it was sold', r.id) FROM shop.ledger r JOIN heard h USING (id)
    WHERE r.kind = 'refusal' AND h.call = 'purchase' AND h.status IN ('purchased', 'replayed');
SELECT format('%s deadlocks', deadlocks) FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0;
SELECT format('audit: %s', a) FROM vend.audit('shop') AS a;
SQL
}

run_rounds
