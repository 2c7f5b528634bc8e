-- Another part of the purse is not the store's.
\set buyer random(1, 8)
UPDATE player SET purse = jsonb_set(purse, '{keys}', to_jsonb((purse ->> 'keys')::int + 1)) WHERE id = buyer_key(:buyer);
