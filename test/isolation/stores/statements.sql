-- Every store that is made here gets a trigger of the owner's on each table, so that the engine writes it by statements.
CREATE FUNCTION public.owners_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE FUNCTION public.add_owners_trigger() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT objid::regclass AS name FROM pg_event_trigger_ddl_commands()
                WHERE command_tag = 'CREATE TABLE' AND object_identity ~ '[.](item|wallet|ledger)$' LOOP
        EXECUTE format('CREATE TRIGGER owners AFTER INSERT OR UPDATE OR DELETE ON %s '
                       'FOR EACH ROW EXECUTE FUNCTION public.owners_trigger()', made.name);
    END LOOP;
END
$$;

CREATE EVENT TRIGGER owners_trigger ON ddl_command_end EXECUTE FUNCTION public.add_owners_trigger();
