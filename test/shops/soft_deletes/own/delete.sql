-- One goes for ever.
UPDATE product SET deleted_at = clock_timestamp() WHERE id = 4 AND deleted_at IS NULL AND (SELECT count(*) > 600 FROM heard);
