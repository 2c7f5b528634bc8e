-- Prints a row for each fault that no shop may have.
SELECT format('item %s: %s left, %s by what was heard', item, l.units, b.units + h.units)
    FROM item_left l JOIN item_before b USING (item)
    JOIN (SELECT item, sum(units) AS units FROM made GROUP BY item) AS h USING (item)
    WHERE l.units <> b.units + h.units;
SELECT format('wallet %s: %s left, %s by what was heard', wallet, l.money, b.money + h.money)
    FROM wallet_left l JOIN wallet_before b USING (wallet)
    JOIN (SELECT wallet, sum(money) AS money FROM made GROUP BY wallet) AS h USING (wallet)
    WHERE l.money <> b.money + h.money;
SELECT format('%s of item %s: %s by what was heard, holding says %s', buyer, item, h.qty, g.qty)
    FROM (SELECT wallet AS buyer, item, sum(bought) AS qty FROM made GROUP BY 1, 2 HAVING sum(bought) <> 0) AS h
    FULL JOIN (SELECT buyer::text, item::text, qty FROM shop.holding) AS g USING (buyer, item)
    WHERE h.qty IS DISTINCT FROM g.qty;
SELECT format('call %s: heard of %s, the ledger has %s', id, h.money, l.money)
    FROM (SELECT id, sum(money) AS money FROM made WHERE id IS NOT NULL GROUP BY id) AS h
    FULL JOIN (SELECT id, sum(amount) AS money FROM shop.ledger WHERE kind <> 'adjustment' GROUP BY id) AS l USING (id)
    WHERE h.money IS DISTINCT FROM l.money;
SELECT format('%s deadlocks', deadlocks) FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0;

-- Each way to sell must have sold something, and somebody must have heard each refusal.
SELECT format('%s: nobody heard of a sale', way)
    FROM unnest(array['atomic', 'pessimistic', 'optimistic', 'escrow', 'batch', 'cart']) AS way
    WHERE NOT EXISTS (SELECT FROM heard WHERE call = way AND status = 'purchased');
SELECT format('nobody heard %s', refusal) FROM unnest(array['sold_out', 'insufficient_funds']) AS refusal
    WHERE NOT EXISTS (SELECT FROM heard WHERE status = refusal);
SELECT 'nobody heard of a refund' WHERE NOT EXISTS (SELECT FROM made WHERE call = 'refund');
