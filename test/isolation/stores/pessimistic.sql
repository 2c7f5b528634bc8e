-- A sale of an item without a lock mode of its own is pessimistic here.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET vend.lock_mode = pessimistic', current_database()); END $$;
