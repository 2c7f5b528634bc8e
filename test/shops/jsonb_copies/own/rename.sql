\set product random(1, 3)
UPDATE product SET page = jsonb_set(page, '{title}', to_jsonb('Edition ' || :client_id)) WHERE id = :product;
