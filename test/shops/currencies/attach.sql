SELECT vend.attach_store('shop', items => 'listing', price => 'price', item_currency => 'currency',
                         wallets => 'account', balance => 'balance', wallet_currency => 'currency',
                         lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(id, 'escrow') FROM listing WHERE id IN (5, 6);
