-- What is deleted has no price to sell at, so it is not on sale.
SET client_min_messages = warning;
ALTER TABLE product ADD COLUMN IF NOT EXISTS price_on_sale numeric(9, 2)
    GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN price END) STORED;
SELECT vend.attach_store('shop', items => 'product', stock => 'on_hand', price => 'price_on_sale', touch => 'updated_at',
                         wallets => 'member', balance => 'budget', balance_version => 'lock_version',
                         lock_mode => 'lock_mode', add_columns => true);
SELECT vend.set_lock_mode(id, 'escrow') FROM product WHERE id IN (5, 6);
