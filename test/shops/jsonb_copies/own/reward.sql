-- The game server gives and takes gems.
\set buyer random(1, 8)
\set gems random(-5, 10)
WITH u AS (UPDATE player SET purse = jsonb_set(purse, '{gems}', to_jsonb((purse ->> 'gems')::bigint + :gems))
           WHERE id = buyer_key(:buyer) AND (purse ->> 'gems')::bigint + :gems >= 0 RETURNING id)
INSERT INTO heard SELECT 'own', 'recorded', NULL, NULL, id, 0, 0, :gems FROM u;
