-- That payment takes what it has authorised: what is left stays.
\set buyer random(1, 8)
UPDATE gift_card SET amount_used = amount_used + amount_authorized, amount_authorized = NULL
    WHERE code = buyer_key(:buyer) AND amount_authorized IS NOT NULL;
