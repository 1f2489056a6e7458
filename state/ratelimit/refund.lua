-- Gives back tokens of a call that has a receipt, once. See take.lua for what is stored.
--
-- KEYS[1]: the hash of the subject
-- ARGV[1]: the id of the call
-- ARGV[2]: how many tokens
-- ARGV[3]: mode and tokens of the call
-- ARGV[4]: the time that was replied to it, or "" if that is not known
--
-- Replies 1 if that many tokens are back, by this run or an earlier one, and 0 if nothing is
-- known of the call any more, or it is another.

local key, tokens = KEYS[1], tonumber(ARGV[2])
local time = redis.pcall('TIME')
if time.err then
	return time
end
local stored = redis.pcall('HMGET', key, '@', 'op:' .. ARGV[1])
if stored.err then
	return stored
end
local offset = string.match(stored[1] or '', '^(%d+);')
offset = offset and #offset < 17 and offset + 0 <= 4503599627370496 and offset + 0 or 0
local expires, gone, was, call, at, taken = string.match(stored[2] or '', '^(%d+) (%d+) (%a+ %d+) (%S+ %d+,(%d+),%S+)(.*)$')
if not expires or expires + 0 <= time[1] * 1000000 + time[2] + offset or was ~= ARGV[3] or ARGV[4] ~= '' and at ~= ARGV[4] then
	return 0
end
if gone ~= '0' then
	return gone + 0 == tokens and 1 or 0
end

-- Takes the tokens from the slot that holds them, unless it was dropped.
local function window(text, number)
	local total, last, newest, first, open, others = string.match(text, '^(%d+);(%d+);(%d+);(%d+);(%d+);(.*)$')
	if not total or number < tonumber(first) then
		return nil
	end
	local slot, found = tonumber(first), false
	others = string.gsub(others, '(%d+):(%d+),', function(at, count)
		slot = slot + 1
		if slot - 1 == number then
			found = true
			return string.format('%s:%d,', at, count - tokens)
		end
	end)
	if not found then
		newest = newest - tokens
	end
	return string.format('%d;%s;%d;%s;%s;%s', total - tokens, last, newest, first, open, others)
end

-- How many gaps a bucket remembers. The units of one that was forgotten count as taken, so that
-- those below it seem to have drained sooner than they have.
local maxGaps = 32

-- Takes the units that are numbered up to last out of a bucket, as many as are left of them.
-- What is above them drains after them, so it is what else is in the bucket.
local function bucket(text, last, unit, life)
	local level, at, of, ever, since, gaps = string.match(text, '^(%d+);(%d+);(%d+);(%d+);(%d+)/?(.*)$')
	if of ~= unit or since ~= life then
		return nil
	end
	local above, higher, lower = ever - last, '', ''
	for highest, count in string.gmatch(gaps, '(%d+):(%d+),') do
		local gap = string.format('%s:%s,', highest, count)
		if highest + 0 > last then
			above, higher = above - count, higher .. gap
		else
			lower = lower .. gap
		end
	end
	local back = math.min(level - above, tokens * unit)
	if back <= 0 then
		return nil
	end
	level = level - back

	-- A gap at the top is none, adjacent ones are one, and one with nothing left below is forgotten.
	local kept, place, full = {}, ever + 0, 0
	for highest, count in string.gmatch(string.format('%s%d:%d,%s', higher, last, back, lower), '(%d+):(%d+),') do
		full = full + place - highest
		if full >= level or #kept == maxGaps then
			break
		elseif highest + 0 == ever + 0 then
			ever = highest - count
		elseif #kept > 0 and highest + 0 == place then
			kept[#kept][2] = kept[#kept][2] + count
		else
			kept[#kept + 1] = {highest, count + 0}
		end
		place = highest - count
	end
	text = string.format('%d;%s;%s;%d;%s', level, at, unit, ever, life)
	for i, gap in ipairs(kept) do
		text = string.format('%s%s%s:%d,', text, i == 1 and '/' or '', gap[1], gap[2])
	end
	return text
end

local writes = {}
for name, what in string.gmatch(taken, ' ([^ ;]+);(%S+)') do
	local text = redis.call('HMGET', key, name)[1]
	local last, unit, life = string.match(what, '^(%d+);(%d+);(%d+)$')
	if text then
		text = last and bucket(text, last + 0, unit, life) or not last and window(text, tonumber(what))
	end
	if text then
		writes[#writes + 1] = name
		writes[#writes + 1] = text
	end
end
writes[#writes + 1] = 'op:' .. ARGV[1]
writes[#writes + 1] = string.format('%s %d %s %s%s', expires, tokens, was, call, taken)
-- The error of the first write is handed on as it is: nothing was written then.
local wrote = redis.pcall('HSET', key, unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
return 1
