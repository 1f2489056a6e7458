-- Replies with the value at KEYS[1], how many milliseconds it has left, and the
-- receipt at KEYS[2], if there is one.
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then
	return value
end
local receipt = false
if KEYS[2] then
	receipt = redis.pcall('GET', KEYS[2])
	if type(receipt) == 'table' then
		return receipt
	end
end
return {value, redis.call('PTTL', KEYS[1]), receipt}
