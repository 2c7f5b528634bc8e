-- A balance is a column. So the purse gets one, which a trigger keeps equal to the jsonb, whichever of them is written.
SET client_min_messages = warning;
ALTER TABLE player ADD COLUMN IF NOT EXISTS gems bigint;
CREATE OR REPLACE FUNCTION keep_gems() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.gems IS DISTINCT FROM OLD.gems THEN
        NEW.purse := jsonb_set(NEW.purse, '{gems}', to_jsonb(NEW.gems));
    ELSE
        NEW.gems := (NEW.purse ->> 'gems')::bigint;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER keep_gems BEFORE INSERT OR UPDATE ON player FOR EACH ROW EXECUTE FUNCTION keep_gems();
UPDATE player SET purse = purse;

SELECT vend.attach_store('shop', items => 'variant', price => 'gems', wallets => 'player', balance => 'gems',
                         lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(id, 'escrow') FROM variant WHERE id IN (5, 6);
