-- The guarantees of the store's tables, by hand: what plain SQL writes to stock and balance is
-- journalled, an edit of an item raises its version, and the ledger is append-only.
--
-- A setting of the transaction tells the journal that the function writes. Unlike the engine's mark, any session
-- can set it, and nothing checks that the write had the effect that was decided. The trigger does not read it in
-- WHEN: PostgreSQL would parse that in each statement, which takes longer than PL/pgSQL needs to read it and return.
CREATE FUNCTION hand.journal_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('hand.sale', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.id = NEW.id THEN
        IF OLD.stock <> NEW.stock THEN
            INSERT INTO shop.ledger (id, line, kind, item, qty, at)
                VALUES (gen_random_uuid(), 0, 'adjustment', NEW.id, NEW.stock - OLD.stock, clock_timestamp());
        END IF;
        IF OLD.version = NEW.version AND OLD.price <> NEW.price THEN
            UPDATE shop.item SET version = version + 1 WHERE id = NEW.id;
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.stock <> 0 THEN
        INSERT INTO shop.ledger (id, line, kind, item, qty, at)
            VALUES (gen_random_uuid(), 0, 'adjustment', OLD.id, -OLD.stock, clock_timestamp());
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.stock <> 0 THEN
        INSERT INTO shop.ledger (id, line, kind, item, qty, at)
            VALUES (gen_random_uuid(), 0, 'adjustment', NEW.id, NEW.stock, clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION hand.journal_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('hand.sale', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.id = NEW.id THEN
        IF OLD.balance <> NEW.balance THEN
            INSERT INTO shop.ledger (id, line, kind, wallet, amount, at)
                VALUES (gen_random_uuid(), 0, 'adjustment', NEW.id, NEW.balance - OLD.balance, clock_timestamp());
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.balance <> 0 THEN
        INSERT INTO shop.ledger (id, line, kind, wallet, amount, at)
            VALUES (gen_random_uuid(), 0, 'adjustment', OLD.id, -OLD.balance, clock_timestamp());
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.balance <> 0 THEN
        INSERT INTO shop.ledger (id, line, kind, wallet, amount, at)
            VALUES (gen_random_uuid(), 0, 'adjustment', NEW.id, NEW.balance, clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION hand.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = '55000';
END
$$;

CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE ON shop.item FOR EACH ROW
    EXECUTE FUNCTION hand.journal_item();
CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE ON shop.wallet FOR EACH ROW
    EXECUTE FUNCTION hand.journal_wallet();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop.ledger
    EXECUTE FUNCTION hand.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON shop.item EXECUTE FUNCTION hand.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON shop.wallet EXECUTE FUNCTION hand.append_only();
