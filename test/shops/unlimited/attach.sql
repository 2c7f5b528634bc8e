SELECT vend.attach_store('shop', items => 'product', price => 'price', stock => 'inventory', unlimited => 'null',
                         wallets => 'account', balance => 'points', lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(handle, 'escrow') FROM product WHERE handle IN ('product-5', 'product-6');
