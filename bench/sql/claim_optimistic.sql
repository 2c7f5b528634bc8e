    FOR attempt IN 0..10 LOOP
        UPDATE shop.item SET stock = stock - p_qty, stock_version = stock_version + 1
            WHERE id = p_item AND stock_version = v_version AND stock = v_stock AND price = v_price
            RETURNING stock INTO v_left;
        EXIT WHEN FOUND;
        IF attempt = 10 THEN
            RAISE EXCEPTION 'item "%" was changed', p_item USING ERRCODE = '40001';
        END IF;
        SELECT price, stock, stock_version INTO v_price, v_stock, v_version FROM shop.item WHERE id = p_item;
        v_amount := p_qty * v_price;
        IF v_stock < p_qty THEN
            RAISE EXCEPTION 'item "%" is sold out', p_item USING ERRCODE = 'VN001';
        ELSIF v_balance < v_amount THEN
            RAISE EXCEPTION 'buyer "%" has insufficient funds', p_buyer USING ERRCODE = 'VN003';
        END IF;
    END LOOP;
