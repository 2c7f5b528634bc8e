-- Aim: a trigger of the owner's calls vend within a call and catches the error that it gets: the call around it goes on as if nothing
-- had been, and no reference to a relation is lost or used after it was given back (PostgreSQL would warn of the one, and
-- raise an error for the other).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT vend.create_store('shop');
INSERT INTO shop.item(id,price,stock) VALUES ('e',1,100),('f',1,100); INSERT INTO shop.wallet VALUES ('w',1000),('x',1000);
SELECT vend.set_lock_mode('e','escrow'), vend.set_lock_mode('f','escrow');
CREATE FUNCTION public.inner_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
  BEGIN PERFORM vend.try_purchase('f','x', lock_mode => 'atomic'); EXCEPTION WHEN OTHERS THEN RAISE WARNING 'caught: %', SQLSTATE; END;
  END IF; RETURN NEW;
END $$;
CREATE TRIGGER t AFTER UPDATE ON shop.wallet FOR EACH ROW EXECUTE FUNCTION public.inner_call();
SELECT status FROM vend.try_purchase('e','w');
SELECT status FROM vend.purchase_many('{e,f}'::text[],'{w,w}'::text[]);

-- The call within fails before it has opened the deltas, or once it has written to them; the call around it has them open already,
-- or not, or opens them later.
INSERT INTO shop.item(id,price,stock) VALUES ('a',1,100),('b',1,100);
CREATE TABLE public.inner_call (statement text);
CREATE OR REPLACE FUNCTION public.inner_call() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    IF pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
    FOR call IN SELECT statement FROM public.inner_call LOOP
        BEGIN
            EXECUTE call;
            RAISE WARNING 'not caught';
        EXCEPTION WHEN check_violation OR foreign_key_violation THEN
        END;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER t AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION public.inner_call();
CREATE TRIGGER t AFTER INSERT ON shop.ledger FOR EACH ROW EXECUTE FUNCTION public.inner_call();
ALTER TABLE shop.ledger ADD CHECK (wallet <> 'x') NOT VALID;
CREATE FUNCTION public.sold(inner_calls text[]) RETURNS TABLE (call text, answer text) LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    DELETE FROM public.inner_call;
    INSERT INTO public.inner_call SELECT unnest(inner_calls);
    FOREACH call IN ARRAY ARRAY['vend.try_purchase(''a'', ''w'')', 'vend.try_purchase(''e'', ''w'')', 'vend.purchase_many(''{a,b}''::text[], ''{w,w}''::text[])',
                                'vend.purchase_many(''{a,e}''::text[], ''{w,w}''::text[])', 'vend.try_checkout(''w'', ''{a,e,f}''::text[])', 'vend.try_withdraw(''w'', 1)'] LOOP
        BEGIN
            EXECUTE format('SELECT string_agg(status, '', '') FROM %s', call) INTO answer;
        EXCEPTION WHEN OTHERS THEN
            answer := SQLSTATE || ' ' || SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM public.sold('{"SELECT vend.try_purchase(''b'', ''x'')"}');
SELECT * FROM public.sold('{"SELECT vend.try_purchase(''f'', ''x'')"}');
SELECT * FROM public.sold('{"SELECT vend.try_purchase(''b'', ''x'')","SELECT vend.purchase_many(''{f,e}''::text[], ''{x,x}''::text[])","SELECT vend.try_purchase(''f'', ''x'')"}');
SELECT vend.settle() >= 0;
SELECT id, stock FROM shop.item ORDER BY id;
SELECT * FROM shop.wallet ORDER BY id;
SELECT * FROM vend.audit();
SELECT vend.detach_store('shop');
DROP SCHEMA shop CASCADE;
DROP FUNCTION public.inner_call, public.sold;
DROP TABLE public.inner_call;
