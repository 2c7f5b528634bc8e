-- Products come and go, also those that are sold in escrow.
\set item random(3, 6)
UPDATE product SET deleted_at = CASE WHEN deleted_at IS NULL THEN clock_timestamp() END WHERE id = :item AND id IN (3, 6);
