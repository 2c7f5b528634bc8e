\set item random(1, 4)
\set buyer random(1, 8)
\set qty random(1, 3)
\set mode random(1, 3)
WITH o AS (SELECT * FROM vend.try_purchase(item_key(:item), buyer_key(:buyer), :qty,
                                           lock_mode => (array['atomic', 'pessimistic', 'optimistic'])[:mode]))
INSERT INTO heard SELECT (array['atomic', 'pessimistic', 'optimistic'])[:mode], status, id, item, buyer, -qty, qty, -amount FROM o;
