-- One table without a guard, one with the trigger that is usually written, one with each form of the guard; and a store, with and without.
CREATE FUNCTION public.usual() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name, NEW.price_cents, NEW.description) IS DISTINCT FROM (OLD.name, OLD.price_cents, OLD.description) THEN
        IF NEW.version <> OLD.version THEN
            RAISE EXCEPTION 'row has changed since it was read' USING ERRCODE = 'VN004';
        END IF;
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END
$$;

-- Each table has two functions: one sells, one edits. They differ in the table, and in whether they count the version up.
CREATE FUNCTION public.make(name text, version text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE public.%I (id int PRIMARY KEY, name text, price_cents int, description text, stock bigint, '
                   'version int NOT NULL DEFAULT 1) WITH (fillfactor = 50)', name);
    EXECUTE format('INSERT INTO public.%I SELECT i, ''product '' || i, 100 * i, ''described '' || i, 1000000, 1 '
                   'FROM generate_series(1, 10000) i', name);
    EXECUTE format('CREATE FUNCTION public.sell_%1$s(p_id int) RETURNS void LANGUAGE plpgsql AS '
                   '''BEGIN UPDATE public.%1$I SET stock = stock - 1 WHERE id = p_id; END''', name);
    EXECUTE format('CREATE FUNCTION public.edit_%1$s(p_id int) RETURNS void LANGUAGE plpgsql AS '
                   '''BEGIN UPDATE public.%1$I SET description = ''''described '''' || clock_timestamp(), version = %2$s WHERE id = p_id; END''',
                   name, version);
END
$$;
SELECT public.make('free', 'version + 1'), public.make('plpgsql', 'version'), public.make('read', 'version'), public.make('next', 'version + 1');
CREATE TRIGGER usual BEFORE UPDATE ON public.plpgsql FOR EACH ROW EXECUTE FUNCTION public.usual();
SELECT vend.guard_version('public.read', 'version', '{name,price_cents,description}'),
       vend.guard_version('public.next', 'version', '{name,price_cents,description}', 'next');
