-- Takes tokens from all limits of a subject, or from none.
--
-- KEYS[1]: the hash of the subject
-- ARGV: the fields of all limits, and after them for each limit: w for a window or b for a
-- bucket, as a capital if it is a shadow; and of a window the tokens, its time and the time
-- of a slot, of a bucket the units that it holds, those it refills by in a microsecond,
-- and those of a token
-- then how many tokens to take, or nothing for one, and "all" to take all of them or none, "some"
-- to take as many as there are, "peek" to take none
-- and, if the call has an id, that and how long a receipt is kept
--
-- Replies {code, time, granted}, and for each limit how many tokens it has left, and after
-- what time the call would be granted (-1 for never), there are more, and there are all. The
-- code is 0 for a call that was denied and 1 for one that was granted. For a call that was
-- granted before, it is {2, what was replied then}, without the limits if they were others, or
-- {3} if the tokens were given back, or {4} if it was another call.
--
-- All times are microseconds. All numbers are integers below 2^53, which Lua's doubles
-- hold exactly, and are written with %d, as tostring rounds them.
--
-- The hash has a field for each limit, named by kind, time of a window, and name:
--   b:<name>, a bucket: level;at;unit, where level is in units of 1/unit of a token as of that
--     time. Once it was charged by a call with an id, that goes on with ;ever;life, and /gaps
--     if there are any: its units are numbered up to ever, lower numbers drain first, life tells
--     it from an earlier one of that name, and gaps are the units between others that were
--     given back, as highest:count,highest:count,... from the highest down
--   w<time>:<name>, a window: total;last;count;first;open;time:count,time:count,...
--     The newest slot has its latest token at last, has that count, and is open since that time;
--     the others follow, oldest first. They are numbered from first on, and the newest has the
--     highest number. A number is never used again for what can still be given back.
-- and, if it has any of that:
--   @: offset;class:head:tail:due,... where offset is what is added to the server's time, and the
--     rest are queues of receipts, each of those that live for about as long
--   #<class>.<number>: expires id, an entry of a queue
--   op:<id>: a receipt: expires, how many tokens of it were given back, mode and tokens of the call,
--     its limits, what was replied, and for each limit what was taken
--
-- This runs for each call, so it makes few functions and tables, and none that holds on to
-- variables, which took twice as long. Adding 0 makes a number of a text for half of what
-- tonumber costs, and x - x % 1 rounds it down, and x + -x % 1 up, for a fifth of what
-- math.floor does.

local time = redis.pcall('TIME')
if time.err then
	return time
end
local key, count, rest = KEYS[1], #ARGV / 5, #ARGV % 5
count = count - count % 1
local tokens, mode, id, ttl = 1, 'all', nil, nil
if rest > 0 then
	tokens, mode, id, ttl = unpack(ARGV, 5 * count + 1)
	tokens = tokens + 0
end
local stored = redis.pcall('HMGET', key, '@', unpack(ARGV, 1, count))
if stored.err then
	return stored
end
local clock, offset = time[1] * 1000000 + time[2], 0
if stored[1] then
	local text = string.match(stored[1], '^(%d+);')
	-- Nobody's clock is set back by 142 years: that was not written here.
	offset = text and #text < 17 and text + 0 <= 4503599627370496 and text + 0 or 0
end
local now = clock + offset

-- Returns the time at which a window has given back that many tokens of the slots from place on.
local function freed(text, place, last, per, lacks)
	while true do
		local at, n, next = string.match(text, '^(%d+):(%d+),()', place)
		if not at then
			return last + per
		end
		lacks = lacks - n
		if lacks <= 0 then
			return at + per
		end
		place = next
	end
end

-- Each round looks at all limits as of now. It charges those that have what is wanted, by
-- setting what to write and to reply; whether that is right, the end of the round knows.
local wanted, charge, counted = tokens, mode == 'all' and tokens or 0, mode ~= 'some'
local reply, writes, size, taken, longest
while true do
	local denied, later = false, nil
	reply, writes, size, taken, longest = {1, clock, charge, 0, 0, 0, 0}, {false, false}, 0, '', 0
	for i = 1, count do
		local text, at = stored[i + 1], count + 4 * i - 3
		local kind, a, b, c = ARGV[at], ARGV[at + 1] + 0, ARGV[at + 2] + 0, ARGV[at + 3] + 0
		local left, wait, more, all, anew = 0, 0, 0, 0, false
		if kind == 'b' or kind == 'B' then
			local level, ever, rest = 0, nil, nil
			if text then
				local stands, since, unit = string.match(text, '^(%d+);(%d+);(%d+)$')
				if not stands then
					stands, since, unit, ever, rest = string.match(text, '^(%d+);(%d+);(%d+);(%d+)(;%d+[^;]*)$')
				end
				if stands and unit ~= '0' and since + 0 < 4503599627370496 then
					level, since = stands + 0, since + 0
					if since > now then
						later = since
						break
					end
					if unit ~= ARGV[at + 3] then
						-- The limit was defined otherwise. What is used is carried over, rounded up.
						local whole = math.floor(level / unit)
						local part = (level - whole * unit) * c
						if part < 9007199254740992 then
							part = math.ceil(part / unit)
						else
							part = math.min(c, math.floor(part / unit) + 1)
						end
						level = whole * c + part
						anew = ever
					end
					if level > 4503599627370496 then
						level = 4503599627370496
					end
					level = level - (now - since) * b
					if level < 0 then
						level = 0
					end
				else
					anew = true
				end
			end
			local lacks = level + wanted * c - a
			if wanted * c > a then
				wait = -1
			elseif lacks > 0 then
				wait = lacks / b
				wait = wait + -wait % 1
			elseif charge > 0 then
				local takes = charge * c
				if level + takes > a then -- a shadow, which can have less than was granted
					takes = math.floor((a - level) / c) * c
				end
				level = level + takes
				if ever or id or anew then
					ever, rest = (ever or level - takes) + takes, rest or ';0'
					if anew or ever > 4503599627370496 then
						ever, rest = level, string.format(';%d', math.max(now, string.match(rest, '%d+') + 1))
					end
					if id then
						taken = string.format('%s %s;%d;%s%s', taken, ARGV[i], ever, ARGV[at + 3], string.match(rest, '^;%d+'))
					end
					rest = string.format(';%d%s', ever, rest)
				end
				writes[size + 1], writes[size + 2] = ARGV[i], string.format('%d;%d;%s%s', level, now, ARGV[at + 3], rest or '')
				size = size + 2
			end
			if level < a then
				left = (a - level) / c
				left = left - left % 1
			end
			if level > 0 then
				more, all = (level + (left + 1) * c - a) / b, level / b
				more, all = more + -more % 1, all + -all % 1
			end
		else
			local total, last, newest, slots, first, open, place = string.match(text or '', '^(%d+);(%d+);(%d+);()(%d+);(%d+);()')
			local oldest, n, next
			if total and last + 0 > 4503599627370496 then
				total = nil
			end
			if total then
				total, last, newest = total + 0, last + 0, newest + 0
				if last > now then
					later = last
					break
				end
				while total > 0 do
					oldest, n, next = string.match(text, '^(%d+):(%d+),()', place)
					if not oldest or oldest + b > now then
						break
					end
					total, first, place, slots = total - n, first + 1, next, nil
				end
			end
			if not total or total == 0 or last + b <= now then
				-- A slot takes a microsecond at least, so this number is above those of earlier ones.
				total, last, newest, slots, first, open, place = 0, now, 0, nil, math.max(now, first or 0), now, 1
				text, oldest = '', nil
			end
			local lacks = total + wanted - a
			if wanted > a then
				wait = -1
			elseif lacks > 0 then
				wait = freed(text, place, last, b, lacks) - now
			elseif charge > 0 then
				-- From place on there are the older slots, and from slots on all that stays as it is.
				if now - open >= c and total > 0 then
					text, place, slots = string.format('%s%d:%d,', string.sub(text, place), last, newest), 1, nil
					if not oldest then
						oldest, n = last, newest
					end
					open, newest = now, 0
				end
				-- A slot counts from its latest token on, so each token at least as long as it must.
				local takes = charge
				if total + takes > a then -- a shadow, which can have less than was granted
					takes = a - total
				end
				total, last, newest = total + takes, now, newest + takes
				if id then
					local _, older = string.gsub(string.sub(text, place), ':', ':')
					taken = string.format('%s %s;%d', taken, ARGV[i], first + older)
				end
				writes[size + 1] = ARGV[i]
				if slots then
					writes[size + 2] = string.format('%d;%d;%d;%s', total, last, newest, string.sub(text, slots))
				else
					writes[size + 2] = string.format('%d;%d;%d;%d;%d;%s', total, last, newest, first, open, string.sub(text, place))
				end
				size = size + 2
			end
			if total < a then
				left = a - total
			end
			if total > 0 then
				if not oldest then
					more = last + b - now
				elseif total <= a and n ~= '0' then
					more = oldest + b - now
				else
					more = freed(text, place, last, b, math.max(1, total - a + 1)) - now
				end
				all = (newest > 0 and last + b or freed(text, place, last, b, total)) - now
			end
		end
		denied = denied or wait ~= 0 and (kind == 'b' or kind == 'w')
		if all > longest then
			longest = all
		end
		reply[4 * i], reply[4 * i + 1], reply[4 * i + 2], reply[4 * i + 3] = left, wait, more, all
	end

	if later then
		now = later
	elseif not counted then
		counted, charge = true, tokens
		for i = 1, count do
			local kind = ARGV[count + 4 * i - 3]
			if kind == 'b' or kind == 'w' then
				charge = math.min(charge, reply[4 * i])
			end
		end
		wanted = 1
	elseif denied and charge > 0 then
		charge = 0
	else
		reply[1] = denied and 0 or 1
		break
	end
end

-- Where the clock has been set back, as by a failover, time stands still until it has caught
-- up. If that would take longer than the shortest limit, the offset grows instead, for
-- good. So no time is counted twice, and nobody waits for ever.
local ahead, turned = now - clock - offset, false
if ahead > 0 then
	for i = 1, count do
		local at = count + 4 * i - 3
		local bucket = ARGV[at] == 'b' or ARGV[at] == 'B'
		turned = turned or ahead > (bucket and ARGV[at + 1] / ARGV[at + 2] or ARGV[at + 2] + 0)
	end
	if turned then
		offset, ahead = now - clock, 0
	end
	longest = longest + ahead
	for i = 1, count do
		for at = 4 * i + 1, 4 * i + 3 do
			reply[at] = reply[at] > 0 and reply[at] + ahead or reply[at]
		end
	end
end

local receipt = id and redis.call('HMGET', key, 'op:' .. id)[1]
local definition = id and table.concat(ARGV, ',', 1, 5 * count)
if receipt then
	local expires, gone, was, of, said = string.match(receipt, '^(%d+) (%d+) (%a+ %d+) (%S+) (%S+)')
	if expires and expires + 0 > now then
		if was ~= string.format('%s %d', mode, tokens) then
			return {4}
		elseif gone ~= '0' then
			return {3}
		end
		return {2, of == definition and said or string.match(said, '^%d+,%d+,%d+')}
	end
end
if mode == 'peek' then
	return reply
end

local over = {}
if turned or reply[3] > 0 and (id or stored[1]) then
	local function name(class, number)
		return string.format('#%d.%d', class, number)
	end
	local mine, head, tail, due = nil, 0, 0, 0
	if id then
		local _, exponent = math.frexp(ttl / 1000000)
		mine = math.max(0, exponent)
	end
	local queues = string.format('%d;', offset)
	for class, first, last, earliest in string.gmatch(stored[1] or '', '(%d+):(%d+):(%d+):(%d+),') do
		first, last, earliest = first + 0, last + 0, earliest + 0
		-- Each call clears away more receipts than it leaves.
		while first < last and earliest <= now and #over < 8 do
			local expires, of = string.match(redis.call('HMGET', key, name(class, first))[1] or '', '^(%d+) (.*)$')
			if expires and expires + 0 > now then
				earliest = expires + 0
				break
			end
			over[#over + 1] = name(class, first)
			local old = of and of ~= id and redis.call('HMGET', key, 'op:' .. of)[1]
			if old and (tonumber(string.match(old, '^%d+') or '') or 0) <= now then
				over[#over + 1] = 'op:' .. of
			end
			first = first + 1
		end
		if class + 0 == mine then
			head, tail, due = first, last, earliest
		elseif first < last then
			queues = string.format('%s%d:%d:%d:%d,', queues, class, first, last, earliest)
		end
	end
	if reply[3] > 0 and id then
		local expires, said = string.format('%d', now + ttl), {}
		for i, n in ipairs(reply) do
			said[i] = string.format('%d', n)
		end
		writes[size + 1], writes[size + 2] = 'op:' .. id, string.format('%s 0 %s %d %s %s%s', expires, mode, tokens,
			definition, table.concat(said, ',', 1, 3 + 4 * count), taken)
		writes[size + 3], writes[size + 4] = name(mine, tail), expires .. ' ' .. id
		size = size + 4
		due = head == tail and expires or due
		tail = tail + 1
		longest = math.max(longest, ttl + 0)
	end
	if head < tail then
		queues = string.format('%s%d:%d:%d:%d,', queues, mine, head, tail, due)
	end
	if queues ~= stored[1] then
		writes[size + 1], writes[size + 2] = '@', queues
		size = size + 2
	end
end
if longest == 0 then
	return reply
end

-- Setting an end takes much of the time of a call, so it is set for a while ahead. PTTL says -1
-- of a key that has none, and -2 where there is no key yet. A denied call can need the key for
-- longer than what was stored, if it has limits of longer times.
local ms = math.floor(longest / 1000) + 2
local lives = redis.pcall('PTTL', key)
if type(lives) == 'table' then
	return lives
elseif size == 0 and (lives >= ms or lives == -2) then
	return reply
end
-- What a user may not do is refused before the first write, so that no key stays without an end.
-- The embedded server has no users.
local short = lives < ms
for command, needed in pairs({PEXPIRE = short, HDEL = #over > 0}) do
	if needed and redis.acl_check_cmd and not redis.acl_check_cmd(command, key, '1') then
		return redis.error_reply('NOPERM this user may not use ' .. command)
	end
end
if size > 0 then
	-- The error of the first write is handed on as it is: nothing was written then.
	local wrote = redis.pcall('HSET', key, unpack(writes, 1, size))
	if type(wrote) == 'table' then
		return wrote
	end
end
if short then
	redis.call('PEXPIRE', key, string.format('%d', ms + math.min(ms, 60000) + 1000))
end
if #over > 0 then
	redis.call('HDEL', key, unpack(over))
end
return reply
