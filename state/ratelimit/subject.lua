-- What the scripts that work on a subject share. It stands before each of them.
--
-- KEYS[1]: the hash of the subject
-- ARGV from some place on, for each limit: w for a window or b for a bucket, as a capital
-- if it is a shadow; its name; and of a window the tokens, its time and the time of a slot,
-- of a bucket the units that it holds, those it refills by in a microsecond, and those
-- of a token
--
-- All times are microseconds. All numbers are integers below 2^53, which Lua's doubles
-- hold exactly, and are written by int, as tostring rounds them.
--
-- The hash has a field for each limit:
--   a bucket: level;at;unit;life, where level is in units of 1/unit of a token as of that time,
--     and life tells one from an earlier one of that name
--   a window: total;first;open;last;count;time:count,time:count,...
--     The newest slot is open since one time, counts until another, and has a count; the
--     others follow, oldest first. They are numbered from first on, and the newest has the
--     highest number. A number is never used again.
-- and, if it has any of that:
--   @: offset;head;tail;due, where offset is what is added to the server's time, and the rest
--     is the queue of receipts
--   #<number>: expires id, an entry of that queue
--   op:<id>: a receipt

local key = KEYS[1]
local time = redis.pcall('TIME')
if time.err then
	return time
end

local function int(x)
	return string.format('%.0f', x)
end

-- Returns the limits from that argument on.
local function limitsAt(first)
	local limits = {}
	for i = first, #ARGV, 5 do
		local kind = ARGV[i]
		limits[#limits + 1] = {
			window = kind == 'w' or kind == 'W',
			enforced = kind == 'w' or kind == 'b',
			name = ARGV[i + 1],
			a = tonumber(ARGV[i + 2]),
			b = tonumber(ARGV[i + 3]),
			c = tonumber(ARGV[i + 4]),
		}
	end
	return limits
end

-- Takes in what is stored of a limit, and returns the latest time in it.
local function parse(limit, text)
	if limit.window then
		local total, first, open, last, count, rest = string.match(text or '', '^(%d+);(%d+);(%d+);(%d+);(%d+);()')
		if total then
			limit.total, limit.first, limit.open = tonumber(total), tonumber(first), tonumber(open)
			limit.last, limit.count = tonumber(last), tonumber(count)
			limit.slots, limit.oldest = text, rest
			return limit.last
		end
		limit.total = 0
		return 0
	end
	local level, at, unit, life = string.match(text or '', '^(%d+);(%d+);(%d+);(%d+)$')
	if not level then
		limit.level = 0
		return 0
	end
	limit.level, limit.at, limit.life = tonumber(level), tonumber(at), tonumber(life)
	unit = tonumber(unit)
	if unit ~= limit.c then
		-- The limit was defined otherwise. What is used is carried over, and rounded up.
		local tokens = math.floor(limit.level / unit)
		local rest = limit.level - tokens * unit
		local part = rest * limit.c
		if part < 9007199254740992 then
			part = math.ceil(part / unit)
		else
			part = math.min(limit.c, math.floor(rest / unit * limit.c) + 1)
		end
		limit.level = tokens * limit.c + part
	end
	return limit.at
end

-- Where the clock has been set back, as by a failover, time stands still until it has caught
-- up. If that would take longer than the shortest limit, the offset grows instead, for
-- good. So no time is counted twice, and nobody waits for ever.
--
-- Returns the subject's time, by how much it is ahead of the clock, and the offset.
local function subjectTime(limits, latest, offset)
	local now = time[1] * 1000000 + time[2] + offset
	local behind = latest - now
	if behind <= 0 then
		return now, 0, offset
	end
	local patience = math.huge
	for _, limit in ipairs(limits) do
		patience = math.min(patience, limit.window and limit.b or limit.a / limit.b)
	end
	if behind <= patience then
		return latest, behind, offset
	end
	return latest, 0, offset + behind
end

-- Brings a limit to that time.
local function age(limit, now)
	if not limit.window then
		if limit.at then
			limit.level = math.max(0, limit.level - (now - limit.at) * limit.b)
		end
		limit.life = limit.life or now
		return
	end
	if limit.total > 0 and limit.last + limit.b > now then
		while true do
			local at, count, next = string.match(limit.slots, '^(%d+):(%d+),()', limit.oldest)
			if not at or at + limit.b > now then
				return
			end
			limit.total = limit.total - count
			limit.first = limit.first + 1
			limit.oldest = next
		end
	end
	-- A slot takes a microsecond at least, so this number is above those of earlier ones.
	limit.first = math.max(now, limit.first or 0)
	limit.total, limit.open, limit.last, limit.count = 0, now, now, 0
	limit.slots, limit.oldest = '', 1
end

-- Returns what to store of a limit.
local function text(limit, now)
	if limit.window then
		return table.concat({int(limit.total), int(limit.first), int(limit.open), int(limit.last), int(limit.count),
			string.sub(limit.slots, limit.oldest)}, ';')
	end
	return table.concat({int(limit.level), int(now), int(limit.c), int(limit.life)}, ';')
end

-- Returns after what time a window has given back that many tokens.
local function freed(limit, tokens, now)
	local place = limit.oldest
	while true do
		local at, count, next = string.match(limit.slots, '^(%d+):(%d+),()', place)
		if not at then
			return limit.last + limit.b - now
		end
		tokens = tokens - count
		if tokens <= 0 then
			return at + limit.b - now
		end
		place = next
	end
end

-- Returns how many tokens a limit has, after what time it has more, and after what time all.
local function usage(limit, now)
	if limit.window then
		if limit.total == 0 then
			return limit.a, 0, 0
		end
		return math.max(0, limit.a - limit.total), freed(limit, math.max(1, limit.total - limit.a + 1), now), freed(limit, limit.total, now)
	end
	local left = math.max(0, math.floor((limit.a - limit.level) / limit.c))
	if limit.level == 0 then
		return left, 0, 0
	end
	return left, math.ceil((limit.level + (left + 1) * limit.c - limit.a) / limit.b), math.ceil(limit.level / limit.b)
end

-- Returns 0 if a limit has that many tokens, -1 if it never will, or after what time.
local function wait(limit, tokens, now)
	if limit.window then
		if tokens > limit.a then
			return -1
		end
		local lacks = limit.total + tokens - limit.a
		return lacks <= 0 and 0 or freed(limit, lacks, now)
	end
	if tokens > limit.a / limit.c then
		return -1
	end
	return math.max(0, math.ceil((limit.level + tokens * limit.c - limit.a) / limit.b))
end

-- Takes tokens from a limit.
local function charge(limit, tokens, now)
	if not limit.window then
		limit.level = limit.level + tokens * limit.c
		return
	end
	if limit.total > 0 and now - limit.open >= limit.c then
		limit.slots = string.sub(limit.slots, limit.oldest) .. int(limit.last) .. ':' .. int(limit.count) .. ','
		limit.oldest, limit.open, limit.count = 1, now, 0
	end
	-- A slot counts from its latest token on, so each token at least as long as it must.
	limit.last, limit.count = now, limit.count + tokens
	limit.total = limit.total + tokens
end

-- Returns the number of a window's newest slot.
local function newest(limit)
	local _, older = string.gsub(string.sub(limit.slots, limit.oldest), ':', ':')
	return limit.first + older
end

-- Has the key live that much longer at least. A key without an end has one set: GT takes none
-- for the longest.
local function live(micros)
	local ms = int(math.ceil(micros / 1000) + 1)
	if redis.call('PEXPIRE', key, ms, 'GT') == 0 and redis.call('PTTL', key) == -1 then
		redis.call('PEXPIRE', key, ms)
	end
end

-- Returns what a user may not do and has to, or nil. It is asked before the first write to a
-- new key, which would have no end otherwise. The embedded server has no users.
local function forbidden()
	if not redis.acl_check_cmd then
		return nil
	end
	for _, command in ipairs({{'PTTL', key}, {'PEXPIRE', key, '1', 'GT'}}) do
		if not redis.acl_check_cmd(unpack(command)) then
			return redis.error_reply('NOPERM this user may not use ' .. command[1])
		end
	end
end
