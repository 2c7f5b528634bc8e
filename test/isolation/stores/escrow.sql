-- Every item that is made here without a lock mode is in escrow.
CREATE FUNCTION public.default_to_escrow() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT objid::regclass AS name FROM pg_event_trigger_ddl_commands()
                WHERE command_tag = 'CREATE TABLE' AND object_identity ~ '[.]item$' LOOP
        EXECUTE format('ALTER TABLE %s ALTER lock_mode SET DEFAULT %L', made.name, 'escrow');
    END LOOP;
END
$$;

CREATE EVENT TRIGGER default_to_escrow ON ddl_command_end EXECUTE FUNCTION public.default_to_escrow();

-- No spec that runs here gives units back while another session waits for them: what is pending stays so, however long the wait.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET vend.escrow_wait = %L', current_database(), '50ms'); END $$;
