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
	-- The embedded server cannot swap two locals.
	local place, from, at, count = limit.oldest, nil, nil, nil
	for _ = limit.first, number do
		from = place
		at, count, place = string.match(limit.slots, '^(%d+):(%d+),()', from)
		if not at then
			limit.count = limit.count - tokens
			limit.total = limit.total - tokens
			return
		end
	end
	limit.slots = string.sub(limit.slots, limit.oldest, from - 1) .. at .. ':' .. int(count - tokens) .. ',' .. string.sub(limit.slots, place)
	limit.oldest = 1
	limit.total = limit.total - tokens
end

-- How many gaps a bucket remembers. Of a gap that was forgotten the units count as taken, so
-- that what was taken before them seems to have drained sooner than it has.
local maxGaps = 32

-- The units of the call are numbered up to last. What is above them drains after them, so they
-- are what else is in the bucket.
local function fromBucket(limit, last)
	local above, higher, lower = limit.taken - last, '', ''
	for at, count in string.gmatch(limit.gaps, '(%d+):(%d+),') do
		local gap = at .. ':' .. count .. ','
		if tonumber(at) > last then
			above, higher = above - count, higher .. gap
		else
			lower = lower .. gap
		end
	end
	local back = math.max(0, math.min(limit.level - above, tokens * limit.c))
	limit.level = limit.level - back

	-- A gap goes on where the one above it ends, and says nothing where all below has drained.
	local gaps, place, full = {}, limit.taken, 0
	for at, count in string.gmatch(higher .. int(last) .. ':' .. int(back) .. ',' .. lower, '(%d+):(%d+),') do
		at, count = tonumber(at), tonumber(count)
		full = full + place - at
		if full >= limit.level then
			break
		end
		if at == limit.taken then
			limit.taken = at - count
		elseif #gaps > 0 and at == place then
			gaps[#gaps].count = gaps[#gaps].count + count
		elseif #gaps < maxGaps then
			gaps[#gaps + 1] = {at = at, count = count}
		else
			break
		end
		place = at - count
	end
	limit.gaps = ''
	for _, gap in ipairs(gaps) do
		limit.gaps = limit.gaps .. int(gap.at) .. ':' .. int(gap.count) .. ','
	end
end

local writes = {}
for _, limit in ipairs(limits) do
	age(limit, now)
	for item in string.gmatch(' ' .. taken, ' ' .. string.gsub(limit.name, '%-', '%%-') .. ';(%S+)') do
		local last, unit, rate, life = string.match(item, '^(%d+);(%d+);(%d+);(%d+)$')
		local changed = false
		if limit.window and not last and tonumber(item) >= limit.first and limit.total > 0 then
			fromWindow(limit, tonumber(item))
			changed = true
		elseif not limit.window and last and tonumber(life) == limit.life and tonumber(unit) == limit.c and tonumber(rate) == limit.b then
			fromBucket(limit, tonumber(last))
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
