-- Transfers by hand, after tb-perf of SoftwareMill: accounts that may not go below zero, and each transfer
-- recorded, with what can be asked of it indexed.
-- Variables: accounts, balance.
--
-- A transfer changes or locks the account with the lower id first, so no two transfers wait for each other. The
-- fillfactor is below 100, as that of a store's wallets: without it an update would often find no room on its page.
CREATE TABLE public.accounts (
    id      bigint PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 80);
CREATE TABLE public.transfers (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payer  bigint NOT NULL REFERENCES public.accounts,
    payee  bigint NOT NULL REFERENCES public.accounts,
    amount bigint NOT NULL CHECK (amount > 0),
    at     timestamptz NOT NULL DEFAULT now(),
    CHECK (payer <> payee)
);
CREATE INDEX transfers_payer ON public.transfers (payer);
CREATE INDEX transfers_payee ON public.transfers (payee);
CREATE INDEX transfers_at ON public.transfers (at);
INSERT INTO public.accounts (id, balance) SELECT n, :balance FROM generate_series(1, :accounts) AS n;
CREATE SCHEMA hand;

-- Debits the payer's account if it has enough, without reading it before.
CREATE FUNCTION hand.transfer_update(p_payer bigint, p_payee bigint, p_amount bigint) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF p_payer < p_payee THEN
        UPDATE public.accounts SET balance = balance - p_amount WHERE id = p_payer AND balance >= p_amount;
        IF NOT FOUND THEN
            RETURN 'insufficient_funds';
        END IF;
        UPDATE public.accounts SET balance = balance + p_amount WHERE id = p_payee;
    ELSE
        UPDATE public.accounts SET balance = balance + p_amount WHERE id = p_payee;
        UPDATE public.accounts SET balance = balance - p_amount WHERE id = p_payer AND balance >= p_amount;
        IF NOT FOUND THEN
            UPDATE public.accounts SET balance = balance - p_amount WHERE id = p_payee;
            RETURN 'insufficient_funds';
        END IF;
    END IF;
    INSERT INTO public.transfers (payer, payee, amount) VALUES (p_payer, p_payee, p_amount);
    RETURN 'recorded';
END
$$;

-- Locks both accounts, reads them and then changes them.
CREATE FUNCTION hand.transfer_lock(p_payer bigint, p_payee bigint, p_amount bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_balance bigint;
BEGIN
    IF p_payer < p_payee THEN
        SELECT balance INTO v_balance FROM public.accounts WHERE id = p_payer FOR UPDATE;
        PERFORM FROM public.accounts WHERE id = p_payee FOR UPDATE;
    ELSE
        PERFORM FROM public.accounts WHERE id = p_payee FOR UPDATE;
        SELECT balance INTO v_balance FROM public.accounts WHERE id = p_payer FOR UPDATE;
    END IF;
    IF v_balance < p_amount THEN
        RETURN 'insufficient_funds';
    END IF;
    UPDATE public.accounts SET balance = balance - p_amount WHERE id = p_payer;
    UPDATE public.accounts SET balance = balance + p_amount WHERE id = p_payee;
    INSERT INTO public.transfers (payer, payee, amount) VALUES (p_payer, p_payee, p_amount);
    RETURN 'recorded';
END
$$;

-- A batch, with a savepoint for each transfer (a block with EXCEPTION is one), so that one that fails leaves
-- the others alone. Its accounts are locked before, in their order: two batches that took their accounts
-- one by one would be deadlocked nearly each time, since nearly each batch has the first account in it.
CREATE FUNCTION hand.transfer_batch(p_payers bigint[], p_payees bigint[], p_amounts bigint[])
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.accounts WHERE id = ANY (p_payers || p_payees) ORDER BY id FOR NO KEY UPDATE;
    FOR i IN 1 .. cardinality(p_payers) LOOP
        BEGIN
            UPDATE public.accounts SET balance = balance - p_amounts[i]
                WHERE id = p_payers[i] AND balance >= p_amounts[i];
            IF FOUND THEN
                UPDATE public.accounts SET balance = balance + p_amounts[i] WHERE id = p_payees[i];
                INSERT INTO public.transfers (payer, payee, amount)
                    VALUES (p_payers[i], p_payees[i], p_amounts[i]);
                RETURN NEXT 'recorded';
            ELSE
                RETURN NEXT 'insufficient_funds';
            END IF;
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT 'failed';
        END;
    END LOOP;
END
$$;
