-- Gives back tokens of a call that has a receipt, once. See take.lua for what is stored.
--
-- KEYS[1]: the hash of the subject
-- ARGV[1]: the id of the call
-- ARGV[2]: how many tokens
--
-- Replies 1 if the tokens are back, by this run or an earlier one, and 0 if nothing is known
-- of the call any more.

local key, tokens = KEYS[1], tonumber(ARGV[2])
local receipt = redis.pcall('HGET', key, 'op:' .. ARGV[1])
if type(receipt) == 'table' then
	return receipt
elseif not receipt then
	return 0
end
local time, offset = redis.call('TIME'), string.match(redis.call('HGET', key, '@'), '^%d+')
local expires, gone, call, granted, taken = string.match(receipt, '^(%d+) (%d) (%a+ %d+ %S+ %d+,%d+,(%d+)%S*)(.*)$')
if tonumber(expires) <= time[1] * 1000000 + time[2] + offset then
	return 0
elseif gone == '1' then
	return 1
end

-- Takes the tokens from the slot that holds them, unless it was dropped.
local function window(text, number)
	local total, first, times, newest, others = string.match(text, '^(%d+);(%d+);(%d+;%d+);(%d+);(.*)$')
	if not total or number < tonumber(first) then
		return nil
	end
	local slot = tonumber(first)
	local changed
	others = string.gsub(others, '(%d+):(%d+),', function(at, count)
		slot = slot + 1
		if slot - 1 == number then
			changed = true
			return string.format('%s:%d,', at, count - tokens)
		end
	end)
	if not changed then
		newest = newest - tokens
	end
	return string.format('%d;%s;%s;%s;%s', total - tokens, first, times, newest, others)
end

-- What was in the bucket before the call drains before its tokens. As long as that takes, the
-- bucket would not have been empty without them either, and after it, time counts against
-- them: what is given back is never more than what the bucket would lack without the call.
-- Nothing was taken since its latest time, so what holds then holds now.
local function bucket(text, level, at, rate, definition)
	local stands, since, now = string.match(text, '^(%d+);(%d+);(.*)$')
	if now ~= definition then
		return nil
	end
	local unit = string.match(definition, '^%d+')
	local left = level + granted * unit - (since - at) * rate
	stands = stands - math.max(0, math.min(left, tokens * unit))
	return string.format('%d;%s;%s', math.max(0, stands), since, definition)
end

local writes = {}
for name, what in string.gmatch(taken, ' ([^ ;]+);(%S+)') do
	local text = redis.call('HGET', key, name)
	local level, at, rate, definition = string.match(what, '^(%d+);(%d+);(%d+);(.*)$')
	if text then
		text = level and bucket(text, level, at, rate, definition) or not level and window(text, tonumber(what))
	end
	if text then
		writes[#writes + 1] = name
		writes[#writes + 1] = text
	end
end
writes[#writes + 1] = 'op:' .. ARGV[1]
writes[#writes + 1] = expires .. ' 1 ' .. call .. taken
-- The error of the first write is handed on as it is: nothing was written then.
local wrote = redis.pcall('HSET', key, unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
return 1
