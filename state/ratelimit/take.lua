-- Takes tokens from all limits of a subject, or from none.
--
-- ARGV[1]: "all" to take all tokens or none, "some" to take as many as there are, "peek" to
-- take none
-- ARGV[2]: how many tokens
-- ARGV[3]: the id of the call, or ""
-- ARGV[4]: how long a receipt is kept
-- then the limits
--
-- Replies {code, seconds, microseconds, granted}, and for each limit how many tokens it
-- has left, and after what time the call would be granted (-1 for never), there are
-- more, and there are all. The code is 0 for a call that was denied and 1 for one that was
-- granted. For a call that was granted before, it is {2, what was replied then}, without the
-- limits if they were others, or {3} if the tokens were given back, or {4} if it was another
-- call.

local mode, tokens, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local limits = limitsAt(5)

local fields = {'@'}
for i, limit in ipairs(limits) do
	fields[i + 1] = limit.name
end
local names = table.concat(fields, ',')
if id ~= '' then
	fields[#fields + 1] = 'op:' .. id
end
local stored = redis.pcall('HMGET', key, unpack(fields))
if stored.err then
	return stored
end

local offset, head, tail, due = 0, 0, 0, 0
if stored[1] then
	offset, head, tail, due = string.match(stored[1], '^(%d+);(%d+);(%d+);(%d+)$')
	offset, head, tail, due = tonumber(offset), tonumber(head), tonumber(tail), tonumber(due)
end
local new, latest = not stored[1], 0
for i, limit in ipairs(limits) do
	new = new and not stored[i + 1]
	latest = math.max(latest, parse(limit, stored[i + 1]))
end
local before = offset
local now, ahead
now, ahead, offset = subjectTime(limits, latest, offset)

if id ~= '' and stored[#fields] then
	local expires, gone, was, of, said = string.match(stored[#fields], '^(%d+) (%d) (%a+ %d+) (%S+) (%S+) ')
	if tonumber(expires) > now then
		if was ~= mode .. ' ' .. int(tokens) then
			return {4}
		elseif gone == '1' then
			return {3}
		end
		return {2, of == names and said or string.match(said, '^%d+,%d+,%d+,%d+')}
	end
end

local granted = tokens
for _, limit in ipairs(limits) do
	age(limit, now)
	if limit.enforced then
		if mode == 'some' then
			granted = math.min(granted, (usage(limit, now)))
		elseif wait(limit, tokens, now) ~= 0 then
			granted = 0
		end
	end
end
local reply = {granted > 0 and 1 or 0, tonumber(time[1]), tonumber(time[2]), granted}
if mode == 'peek' then
	granted = 0
end

local writes, longest, taken = {}, 0, {}
for _, limit in ipairs(limits) do
	local waits = wait(limit, mode == 'some' and math.max(1, reply[4]) or tokens, now)
	if granted > 0 and waits == 0 then
		if id ~= '' and not limit.window then
			taken[#taken + 1] = table.concat({limit.name, int(limit.level), int(now), int(limit.c), int(limit.b), int(limit.life)}, ';')
		end
		charge(limit, granted, now)
		if id ~= '' and limit.window then
			taken[#taken + 1] = limit.name .. ';' .. int(newest(limit))
		end
		writes[#writes + 1] = limit.name
		writes[#writes + 1] = text(limit, now)
	end
	local left, more, all = usage(limit, now)
	longest = math.max(longest, all)
	for _, n in ipairs({left, waits > 0 and waits + ahead or waits, more > 0 and more + ahead or 0, all > 0 and all + ahead or 0}) do
		reply[#reply + 1] = n
	end
end
if mode == 'peek' then
	return reply
end

-- Each call clears away more receipts than it leaves.
local over = {}
if granted > 0 and head < tail and due <= now then
	for _ = 1, 4 do
		over[#over + 1] = '#' .. int(head)
		local of = string.match(redis.call('HGET', key, over[#over]), ' (.*)$')
		local receipt = of ~= id and redis.call('HGET', key, 'op:' .. of)
		if receipt and tonumber(string.match(receipt, '^%d+')) <= now then
			over[#over + 1] = 'op:' .. of
		end
		head = head + 1
		if head == tail then
			break
		end
		due = tonumber(string.match(redis.call('HGET', key, '#' .. int(head)), '^%d+'))
		if due > now then
			break
		end
	end
end

if granted > 0 and id ~= '' then
	local expires = int(now + ARGV[4])
	local said = {}
	for i, n in ipairs(reply) do
		said[i] = int(n)
	end
	writes[#writes + 1] = 'op:' .. id
	writes[#writes + 1] = table.concat({expires, '0', mode, int(tokens), names, table.concat(said, ','), table.concat(taken, ' ')}, ' ')
	writes[#writes + 1] = '#' .. int(tail)
	writes[#writes + 1] = expires .. ' ' .. id
	if head == tail then
		due = tonumber(expires)
	end
	tail = tail + 1
	longest = math.max(longest, tonumber(ARGV[4]))
end
if offset ~= before or id ~= '' and granted > 0 or #over > 0 then
	writes[#writes + 1] = '@'
	writes[#writes + 1] = table.concat({int(offset), int(head), int(tail), int(due)}, ';')
end
if #writes == 0 then
	return reply
end

local refused = new and forbidden()
if refused then
	return refused
end
-- The error of the first write is handed on as it is: nothing was written then.
local wrote = redis.pcall('HSET', key, unpack(writes))
if type(wrote) == 'table' and wrote.err then
	return wrote
end
if #over > 0 then
	redis.call('HDEL', key, unpack(over))
end
live(longest + ahead)
return reply
