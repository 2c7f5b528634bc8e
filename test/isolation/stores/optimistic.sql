-- A sale of an item without a lock mode of its own is optimistic here.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET vend.lock_mode = optimistic', current_database()); END $$;
