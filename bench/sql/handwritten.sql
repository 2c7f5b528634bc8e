-- What a developer would write who knows PostgreSQL, on the tables of the store: the same columns,
-- checks, indexes and storage parameters, and the same rows.
--
-- The statements are those of the engine: read the item, which answers without a lock when there is
-- nothing to sell; lock the buyer; take the units; debit; record. One statement less would give up a
-- guarantee: a sale that cannot be repeated safely, a refusal that locks, or a wallet below zero.
--
-- Not done here, and done by the engine: rights of each caller on the store, row level security that
-- does not reach into the call, another id type or money type, checks of what triggers of the user did to
-- the writes. Each would cost the function more.
--
-- The harness puts in what differs, between @ signs: claim takes the units (claim_*.sql), begin and end
-- tell the journal of guards.sql that the function writes, id makes an id.
SELECT vend.detach_store('shop');
CREATE SCHEMA hand;

-- Returns what is recorded under an id; no row if the id is free.
CREATE FUNCTION hand.recorded(p_id uuid, p_item text, p_buyer text, p_qty bigint) RETURNS SETOF vend.receipt
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_entry shop.ledger;
BEGIN
    SELECT * INTO v_entry FROM shop.ledger WHERE id = p_id AND line = 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_entry.kind <> 'purchase' OR v_entry.item <> p_item OR v_entry.wallet <> p_buyer OR v_entry.qty <> -p_qty THEN
        RAISE EXCEPTION 'id % was recorded for another request', p_id USING ERRCODE = 'VN008';
    END IF;
    RETURN QUERY SELECT p_id, p_item, p_buyer, p_qty, v_entry.unit_price::numeric, -v_entry.amount::numeric,
        balance::numeric, v_entry.at, true FROM shop.wallet WHERE id = p_buyer;
END
$$;

CREATE FUNCTION hand.purchase(p_item text, p_buyer text, p_qty bigint DEFAULT 1, p_id uuid DEFAULT NULL)
RETURNS vend.receipt LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid;
    v_at timestamptz;
    v_price bigint;
    v_stock bigint;
    v_version bigint;
    v_balance bigint;
    v_amount bigint;
    v_left bigint;
    v_mark text;
    v_recorded vend.receipt;
BEGIN
    IF p_item IS NULL OR p_buyer IS NULL OR p_qty IS NULL OR p_qty < 1 THEN
        RAISE EXCEPTION 'bad argument' USING ERRCODE = '22023';
    END IF;

    SELECT price, stock, stock_version INTO v_price, v_stock, v_version FROM shop.item WHERE id = p_item;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'item "%" does not exist', p_item USING ERRCODE = 'VN006';
    END IF;
    IF p_id IS NOT NULL THEN
        SELECT * INTO v_recorded FROM hand.recorded(p_id, p_item, p_buyer, p_qty);
        IF FOUND THEN
            RETURN v_recorded;
        END IF;
    END IF;
    IF v_stock < p_qty THEN
        RAISE EXCEPTION 'item "%" is sold out', p_item USING ERRCODE = 'VN001';
    END IF;

    SELECT balance INTO v_balance FROM shop.wallet WHERE id = p_buyer FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'buyer "%" does not exist', p_buyer USING ERRCODE = 'VN007';
    END IF;
    IF p_id IS NOT NULL THEN
        SELECT * INTO v_recorded FROM hand.recorded(p_id, p_item, p_buyer, p_qty);
        IF FOUND THEN
            RETURN v_recorded;
        END IF;
    END IF;
    v_amount := p_qty * v_price;
    IF v_balance < v_amount THEN
        RAISE EXCEPTION 'buyer "%" has insufficient funds', p_buyer USING ERRCODE = 'VN003';
    END IF;

@begin@
@claim@
    UPDATE shop.wallet SET balance = balance - v_amount WHERE id = p_buyer RETURNING balance INTO v_balance;
@end@

    v_id := coalesce(p_id, @id@);
    v_at := clock_timestamp();
    INSERT INTO shop.ledger (id, line, kind, item, qty, wallet, amount, unit_price, at)
        VALUES (v_id, 0, 'purchase', p_item, -p_qty, p_buyer, -v_amount, v_price, v_at);

    RETURN (v_id, p_item, p_buyer, p_qty, v_price, v_amount, v_balance, v_at, false)::vend.receipt;
END
$$;
