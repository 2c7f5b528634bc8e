-- One purchase: what a shop in Redis does. KEYS: stock, wallets, holdings, ledger. ARGV: item, buyer, quantity, price.
-- 1: sold, 0: sold out, -1: not enough money.
local qty, price = tonumber(ARGV[3]), tonumber(ARGV[4])
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') < qty then return 0 end
if tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0') < qty * price then return -1 end
redis.call('HINCRBY', KEYS[1], ARGV[1], -qty)
redis.call('HINCRBY', KEYS[2], ARGV[2], -qty * price)
redis.call('HINCRBY', KEYS[3], ARGV[2] .. ':' .. ARGV[1], qty)
redis.call('XADD', KEYS[4], '*', 'item', ARGV[1], 'buyer', ARGV[2], 'qty', qty, 'amount', qty * price)
return 1
