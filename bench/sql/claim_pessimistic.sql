    SELECT price, stock INTO v_price, v_stock FROM shop.item WHERE id = p_item FOR UPDATE;
    IF v_stock < p_qty THEN
        RAISE EXCEPTION 'item "%" is sold out', p_item USING ERRCODE = 'VN001';
    END IF;
    v_amount := p_qty * v_price;
    IF v_balance < v_amount THEN
        RAISE EXCEPTION 'buyer "%" has insufficient funds', p_buyer USING ERRCODE = 'VN003';
    END IF;
    UPDATE shop.item SET stock = stock - p_qty, stock_version = stock_version + 1
        WHERE id = p_item RETURNING stock, stock_version INTO v_left, v_version;
