-- Forgets what was used of limits.
--
-- ARGV: the limits
--
-- Replies 1. What was reserved of them before is not given back after, as slots and the lives
-- of buckets have new numbers.

local limits = limitsAt(1)
local fields = {}
for i, limit in ipairs(limits) do
	fields[i] = limit.name
end
local stored = redis.pcall('HMGET', key, unpack(fields))
if stored.err then
	return stored
end
local writes = {}
for i, limit in ipairs(limits) do
	local latest = parse(limit, stored[i])
	if limit.first then
		limit.first = newest(limit) + 1
		limit.total, limit.open, limit.last, limit.count, limit.slots, limit.oldest = 0, 0, 0, 0, '', 1
	elseif limit.life then
		limit.level, limit.life = 0, limit.life + 1
	end
	if latest > 0 then
		writes[#writes + 1] = limit.name
		writes[#writes + 1] = text(limit, latest)
	end
end
if #writes == 0 then
	return 1
end
local wrote = redis.pcall('HSET', key, unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
return 1
