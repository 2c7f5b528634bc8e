-- Every item of an attached store is in escrow.
\ir attached_stores.sql
\ir escrow_items.sql
