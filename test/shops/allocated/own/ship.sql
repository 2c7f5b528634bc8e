-- A parcel leaves: both columns go down, and what is left stays.
\set item random(1, 6)
\set units random(1, 4)
UPDATE stock_item SET quantity = quantity - :units, quantity_allocated = quantity_allocated - :units, shipped = shipped + :units
    WHERE stock_item_id = item_key(:item) AND quantity_allocated >= :units;
