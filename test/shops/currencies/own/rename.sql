\set item random(1, 6)
UPDATE listing SET title = 'Listing ' || :client_id WHERE id = :item;
