SELECT vend.attach_store('shop', items => 'stock_item', stock => 'quantity', claimed => 'quantity_allocated', reserved => 'damaged',
                         price => 'unit_price', wallets => 'customer', balance => 'store_credit',
                         lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(stock_item_id, 'escrow') FROM stock_item WHERE sku IN ('SKU-5', 'SKU-6');
