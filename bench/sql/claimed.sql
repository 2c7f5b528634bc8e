-- A copy of the default store that counts what is sold in columns of its own, as shops do that ship later.
ALTER TABLE shop.item ADD claimed bigint NOT NULL DEFAULT 0 CHECK (claimed >= 0);
ALTER TABLE shop.wallet ADD claimed bigint NOT NULL DEFAULT 0 CHECK (claimed >= 0);
SELECT vend.reattach_store('shop', claimed => 'claimed', balance_claimed => 'claimed');
