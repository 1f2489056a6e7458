-- Takes a permit of a subject, or counts those that are taken.
--
-- KEYS[1]: a sorted set with a member for each permit, whose score is when its lease ends,
-- in microseconds of the server's time, and one member more, 'fence', whose score is the
-- last fencing number, negative so that no lease that ends is mistaken for it
-- ARGV[1]: the member of the permit, which ends in ":" and its lease in microseconds, or ""
-- to count
-- ARGV[2]: the lease
-- ARGV[3]: how many permits there are
-- ARGV[4]: for how many milliseconds more than its leases the key is kept
--
-- Replies {1, fencing number}, or {0, permits in use, microseconds until there is one if
-- none is renewed}.

local key, member = KEYS[1], ARGV[1]
local time = redis.pcall('TIME')
if time.err then
	return time
end
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function text(number)
	return string.format('%.0f', number)
end

local used = redis.pcall('ZCOUNT', key, '(' .. text(now), '+inf')
if type(used) == 'table' then
	return used
end
if member == '' then
	return {0, used, 0}
end
local lease, permits, keep = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- What a user may not do is refused before the first write, so that no key is left
-- without an end. The embedded server has no users.
local function forbidden(commands)
	for _, command in ipairs(commands) do
		if redis.acl_check_cmd and not redis.acl_check_cmd(command, key) then
			return redis.error_reply('NOPERM this user may not use ' .. command)
		end
	end
end

-- A permit that is asked for again, since the reply was lost, keeps its place.
local own = redis.call('ZSCORE', key, member)
if not (own and tonumber(own) > now) and used >= permits then
	-- No lease ends later than one that begins now, unless the clock was set back. Such a
	-- one is cut, by its own length, as families with another lease may share the key.
	local late = redis.call('ZRANGEBYSCORE', key, '(' .. text(now + lease), '+inf', 'WITHSCORES')
	for i = 1, #late, 2 do
		local latest = now + tonumber(string.match(late[i], ':(%d+)$') or lease)
		if tonumber(late[i + 1]) > latest then
			local cut = redis.pcall('ZADD', key, text(latest), late[i])
			if type(cut) == 'table' then
				return cut
			end
		end
	end
	local place = redis.call('ZRANGEBYSCORE', key, '(' .. text(now), '+inf', 'WITHSCORES', 'LIMIT', used - permits, 1)
	return {0, used, tonumber(place[2]) - now}
end

local refused = forbidden({'ZADD', 'PEXPIRE', 'ZREMRANGEBYSCORE'})
if refused then
	return refused
end

-- The time keeps the numbers growing when the key has expired; the last number does when
-- the clock was set back.
local fence = math.max(1 - tonumber(redis.call('ZSCORE', key, 'fence') or 1), now)
-- The error of the first write is handed on as it is: nothing was written then.
local added = redis.pcall('ZADD', key, text(-fence), 'fence', text(now + lease), member)
if type(added) == 'table' then
	return added
end
local left = math.ceil((math.max(now + lease, fence) - now) / 1000) + keep
if redis.call('PTTL', key) < left then
	redis.call('PEXPIRE', key, text(left))
end
redis.call('ZREMRANGEBYSCORE', key, '0', text(now))
return {1, fence}
