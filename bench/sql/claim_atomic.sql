    UPDATE shop.item SET stock = stock - p_qty, stock_version = stock_version + 1
        WHERE id = p_item AND stock >= p_qty AND price = v_price
        RETURNING stock, stock_version INTO v_left, v_version;
    IF NOT FOUND THEN
        PERFORM FROM shop.item WHERE id = p_item AND price = v_price;
        IF FOUND THEN
            RAISE EXCEPTION 'item "%" is sold out', p_item USING ERRCODE = 'VN001';
        END IF;
        RAISE EXCEPTION 'item "%" was changed', p_item USING ERRCODE = '40001';
    END IF;
