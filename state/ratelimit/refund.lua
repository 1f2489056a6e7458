-- Gives back tokens of a call that has a receipt, once.
--
-- ARGV[1]: the id of the call
-- ARGV[2]: how many tokens
-- then the limits
--
-- Replies 1 if the tokens are back, by this run or an earlier one, and 0 if nothing is known
-- of the call any more.

local id, tokens = ARGV[1], tonumber(ARGV[2])
local limits = limitsAt(3)

local fields = {'@'}
for i, limit in ipairs(limits) do
	fields[i + 1] = limit.name
end
fields[#fields + 1] = 'op:' .. id
local stored = redis.pcall('HMGET', key, unpack(fields))
if stored.err then
	return stored
end
local receipt = stored[#fields]
if not receipt then
	return 0
end

local offset, queue = string.match(stored[1], '^(%d+)(.*)$')
local latest = 0
for i, limit in ipairs(limits) do
	latest = math.max(latest, parse(limit, stored[i + 1]))
end
local now, _
now, _, offset = subjectTime(limits, latest, tonumber(offset))

local expires, gone, call, granted, taken = string.match(receipt, '^(%d+) (%d) (%a+ %d+ %S+ %d+,%d+,%d+,(%d+)%S*) (.*)$')
if tonumber(expires) <= now then
	return 0
end
if gone == '1' then
	return 1
end

-- A slot that still counts is one that was not dropped.
local function fromWindow(limit, number)
	local place, at, count, next = limit.oldest, nil, nil, nil
	for _ = limit.first, number do
		at, count, next = string.match(limit.slots, '^(%d+):(%d+),()', place)
		if not at then
			limit.count = limit.count - tokens
			limit.total = limit.total - tokens
			return
		end
		place, next = next, place
	end
	limit.slots = string.sub(limit.slots, limit.oldest, next - 1) .. at .. ':' .. int(count - tokens) .. ',' .. string.sub(limit.slots, place)
	limit.oldest = 1
	limit.total = limit.total - tokens
end

-- What was in the bucket before the call drains before its tokens. As long as that takes, the
-- bucket would not have been empty without them either, and after it, time counts against
-- them: what is given back is never more than what the bucket would lack without the call.
local function fromBucket(limit, level, at)
	local left = level + granted * limit.c - (now - at) * limit.b
	limit.level = math.max(0, limit.level - math.max(0, math.min(left, tokens * limit.c)))
end

local writes = {}
for _, limit in ipairs(limits) do
	age(limit, now)
	for item in string.gmatch(' ' .. taken, ' ' .. string.gsub(limit.name, '%-', '%%-') .. ';(%S+)') do
		local level, at, unit, rate, life = string.match(item, '^(%d+);(%d+);(%d+);(%d+);(%d+)$')
		local changed = false
		if limit.window and not level and tonumber(item) >= limit.first and limit.total > 0 then
			fromWindow(limit, tonumber(item))
			changed = true
		elseif not limit.window and level and tonumber(life) == limit.life and tonumber(unit) == limit.c and tonumber(rate) == limit.b then
			fromBucket(limit, tonumber(level), tonumber(at))
			changed = true
		end
		if changed then
			writes[#writes + 1] = limit.name
			writes[#writes + 1] = text(limit, now)
		end
	end
end
for _, write in ipairs({'op:' .. id, expires .. ' 1 ' .. call .. ' ' .. taken, '@', int(offset) .. queue}) do
	writes[#writes + 1] = write
end
local wrote = redis.pcall('HSET', key, unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
return 1
