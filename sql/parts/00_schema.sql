-- The schema of the extension. It is created here rather than by the control file: if somebody
-- made a schema "vend" before, CREATE EXTENSION fails instead of using a schema whose owner could put
-- other functions beside ours.
CREATE SCHEMA vend;
GRANT USAGE ON SCHEMA vend TO PUBLIC;
COMMENT ON SCHEMA vend IS 'pg_vend: sells scarce things exactly once';
