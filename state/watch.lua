-- Replies with the value at KEYS[1], or 1 in place of one whose digest is
-- ARGV[1], how many milliseconds it has left, when they are over, and the time, which
-- a user may not be allowed and the embedded server does not know here: '0'.
local now, at = redis.pcall('TIME'), '0'
if not now.err then
	at = now[1] .. string.format('%06d', tonumber(now[2]))
end
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then
	return value
end
if value and ARGV[1] ~= '' and redis.sha1hex(value) == ARGV[1] then
	value = 1
end
return {value, redis.call('PTTL', KEYS[1]), redis.call('PEXPIRETIME', KEYS[1]), at}
