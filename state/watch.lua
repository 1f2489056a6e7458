-- Replies with the value at KEYS[1], or 1 in place of one whose digest is
-- ARGV[1], how many milliseconds it has left, when they are over, and the time in
-- seconds and microseconds, '0' where a user may not know it or the embedded server
-- does not tell.
local now = redis.pcall('TIME')
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then
	return value
end
if value and ARGV[1] ~= '' and redis.sha1hex(value) == ARGV[1] then
	value = 1
end
return {value, redis.call('PTTL', KEYS[1]), redis.call('PEXPIRETIME', KEYS[1]), now[1] or '0', now[2] or '0'}
