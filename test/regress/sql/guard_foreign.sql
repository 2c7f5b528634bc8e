-- Aim: foreign tables have no version guard: guard_version() and update_if() refuse them, and a trigger that is made by hand
-- guards before the row is sent, never after, since a foreign row has no place where a second write could find it.
-- Section "The version guard" of docs/version-guard.md.
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SET statement_timeout = '3min';
CREATE EXTENSION postgres_fdw;
DO $$ BEGIN EXECUTE format('CREATE SERVER regress_vend_loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)', trim(split_part(current_setting('unix_socket_directories'), ',', 1)), current_setting('port'), current_database()); END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_vend_loop;
CREATE TABLE page (id int PRIMARY KEY, name text, note text, version int NOT NULL DEFAULT 1);
INSERT INTO page VALUES (1, 'a'), (2, 'b');
CREATE FOREIGN TABLE far_page (id int, name text, note text, version int NOT NULL) SERVER regress_vend_loop OPTIONS (table_name 'page');
TABLE far_page;
\set VERBOSITY terse
SELECT vend.guard_version('far_page', 'version', '{name}');
SELECT vend.unguard_version('far_page');
SELECT vend.update_if('far_page', 1, 1, '{"name": "x"}');
\set VERBOSITY sqlstate
-- The guard of a foreign table is made by hand and fires before the update.
CREATE TRIGGER zz_vend_guard BEFORE UPDATE ON far_page FOR EACH ROW EXECUTE FUNCTION vend.guard('version', 'read', 'name');
UPDATE far_page SET name = 'x', version = 1 WHERE id = 1 RETURNING *;
UPDATE far_page SET name = 'y', version = 1 WHERE id = 1;
UPDATE far_page SET name = 'y' WHERE id = 1;
UPDATE far_page SET note = 'n' WHERE id = 1;
SELECT vend.update_if('far_page', 1, 2, '{"name": "y"}');
TABLE far_page ORDER BY id;
DROP TRIGGER zz_vend_guard ON far_page;
-- If it fires after the update, nothing is written.
CREATE TRIGGER zz_vend_guard AFTER UPDATE ON far_page FOR EACH ROW EXECUTE FUNCTION vend.guard('version', 'read', 'name');
\set VERBOSITY terse
UPDATE far_page SET name = 'z', version = 2 WHERE id = 1;
TABLE page ORDER BY id;
DROP FOREIGN TABLE far_page;
DROP TABLE page;
DROP EXTENSION postgres_fdw CASCADE;
