-- How many transfers there are, all balances together, and how many accounts have another balance than
-- what they had at first and their transfers say.
-- Variable: balance.
SELECT (SELECT count(*) FROM public.transfers), (SELECT sum(balance) FROM public.accounts),
    (SELECT count(*)
     FROM public.accounts AS a
     LEFT JOIN (SELECT id, sum(amount) AS amount
                FROM (SELECT payer AS id, -amount AS amount FROM public.transfers
                      UNION ALL SELECT payee, amount FROM public.transfers) AS side
                GROUP BY id) AS t ON t.id = a.id
     WHERE a.balance <> :balance + coalesce(t.amount, 0));
