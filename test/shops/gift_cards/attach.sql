SELECT vend.attach_store('shop', items => 'voucher', price => 'price', wallets => 'gift_card', balance => 'amount',
                         balance_claimed => 'amount_used', balance_reserved => 'amount_authorized',
                         lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(sku, 'escrow') FROM voucher WHERE sku IN ('voucher-5', 'voucher-6');
