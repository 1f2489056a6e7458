-- Forgets what was used of limits. See take.lua for what is stored.
--
-- KEYS[1]: the hash of the subject
-- ARGV: the fields of the limits
--
-- Replies 1. What was reserved before is not given back after: slots have numbers of their
-- own, and a bucket another life.

local stored = redis.pcall('HMGET', KEYS[1], unpack(ARGV))
if stored.err then
	return stored
end
local writes = {}
for i, name in ipairs(ARGV) do
	local text = stored[i] or ''
	local first, others = string.match(text, '^%d+;%d+;%d+;(%d+);%d+;(.*)$')
	local at, unit, life = string.match(text, '^%d+;(%d+);(%d+);?%d*;?(%d*)')
	if first then
		local _, older = string.gsub(others, ':', ':')
		text = string.format('0;0;0;%d;0;', first + older + 1)
	elseif at then
		text = string.format('0;%s;%s;0;%d', at, unit, math.max(at, life == '' and 0 or life) + 1)
	end
	if stored[i] then
		writes[#writes + 1] = name
		writes[#writes + 1] = text
	end
end
if #writes == 0 then
	return 1
end
-- The error of the first write is handed on as it is: nothing was written then.
local wrote = redis.pcall('HSET', KEYS[1], unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
return 1
