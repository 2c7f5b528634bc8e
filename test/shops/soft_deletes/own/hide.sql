-- Products go, also those that are sold in escrow, and come back.
\set item random(1, 2)
\set dice random(1, 3)
UPDATE product SET deleted_at = CASE WHEN :dice = 1 THEN clock_timestamp() END WHERE id = 3 * :item;
