-- Changes a job, or refuses to, or looks at it.
--
-- KEYS[1]: the hash of the job
-- KEYS[2]: the sorted set of all jobs of its bucket
-- ARGV[1]: what to do
-- ARGV[2]: the member of the job in the sorted set
-- ARGV[3]: the token of the attempt, or an id of the request that no other has
-- ARGV[4]: the lease in microseconds
-- ARGV[5] to ARGV[8]: for how many milliseconds a job is kept that has not ended, or has
-- succeeded, failed or was cancelled
-- and after those
--   create: keep, restart or reject; microseconds until it may start; how many attempts may fail
--   start: the worker
--   beat: the number of the heartbeat and, if there is any, the progress
--   end: succeeded, failed, retry, cancelled or released; result or failure; microseconds until
--     it may start again; number and epoch of the attempt; and the number that a heartbeat would
--     have and the progress, or nothing
--   cancel: the reason
--   restart, delete, reap, get: nothing
--
-- Replies {code, time, microseconds to wait, what is stored then}, and of beat {code, whether
-- to cancel}. The codes are in reply.go.
--
-- The fields of the hash:
--   s v: state, revision     m c: attempts that may fail, and that have
--   a e w t: number, epoch, worker of the latest attempt, and its token while it is under way
--   l q: when its lease ends, and the number of its latest heartbeat
--   p pt pa: progress, when it was reported, and by which attempt
--   r f: result, failure     x xr: whether to cancel, and why
--   cr n st u fn: when it was created, may start, was started, changed and ended
--   h0 to h7: the latest attempts that have ended, by their numbers modulo 8
--   i: the ids of requests that had an effect   j: of those that had none, each after its code
-- Of a job that was deleted s is 0, and v, e, i and j stay for a while.
--
-- A member of the sorted set has the score state * 2^42 + milliseconds: the time at which its
-- lease ends or, in other states, at which its hash expires. So it is in one state at a time.
--
-- All times are microseconds where nothing else is said. Numbers are integers below 2^53, and
-- are written with %.0f, as tostring rounds them.

local time = redis.pcall('TIME')
if time.err then
	return time
end
local now = time[1] * 1000000 + time[2]
local job, index, op, name, id = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local lease, idle = ARGV[4] + 0, ARGV[5] + 0

local function text(n)
	return string.format('%.0f', n)
end

-- Most calls are heartbeats, so they read no more than they need.
if op == 'beat' then
	local old = redis.pcall('HMGET', job, 's', 't', 'l', 'q', 'x', 'v', 'a')
	if old.err then
		return old
	end
	if old[1] ~= '2' or old[2] ~= id then
		return {(old[1] or '0') == '0' and 7 or 4, 0}
	end
	-- One that comes again, late, must not keep the job of a worker that has died.
	if ARGV[9] + 0 > old[4] + 0 then
		local last = math.max(old[3] + 0, now + lease)
		local ends = math.ceil(last / 1000)
		-- It comes first, since a server that is out of memory lets nothing begin with HSET, and a
		-- worker must not lose its job for that.
		local written = redis.pcall('PEXPIREAT', job, text(ends + idle))
		if type(written) == 'table' then
			return written
		end
		if ARGV[10] then
			redis.call('HSET', job, 'l', text(last), 'q', ARGV[9], 'p', ARGV[10], 'pt', text(now), 'pa', old[7], 'v', text(old[6] + 1), 'u', text(now))
		else
			redis.call('HSET', job, 'l', text(last), 'q', ARGV[9])
		end
		redis.call('ZADD', index, text(2 * 4398046511104 + ends), name)
		if redis.call('PTTL', index) < ends + idle - now / 1000 then
			redis.call('PEXPIREAT', index, text(ends + idle + 3600000))
		end
		if ARGV[10] then
			redis.pcall('PUBLISH', job .. ':__watch', text(old[6] + 1))
		end
	end
	return {0, old[5] == '1' and 1 or 0}
end

local old = redis.pcall('HMGET', job, 's', 'v', 'a', 'c', 'm', 'e', 't', 'l', 'q', 'x', 'i', 'j', 'n', 'st', 'w')
if old.err then
	return old
end
if not string.find(old[1] or '0', '^[0-5]$') then
	return {9}
end
local state, token, cancel = (old[1] or '0') + 0, old[7] or '', old[10] == '1'
local revision, attempt, failed, most = tonumber(old[2]) or 0, tonumber(old[3]) or 0, tonumber(old[4]) or 0, tonumber(old[5]) or 1
local epoch, until_, number = tonumber(old[6]) or 0, tonumber(old[8]) or 0, tonumber(old[9]) or 0
local used, refused = old[11] or '', old[12] or ''

-- Those who begin something are refused before the first write if they may not make all of
-- them. Whoever ends an attempt has begun it. The embedded server has no users.
if op ~= 'get' and op ~= 'end' and redis.acl_check_cmd then
	for _, command in ipairs({{'HSET', job, 's', ''}, {'HDEL', job, 's'}, {'PEXPIREAT', job, '1'}, {'ZADD', index, '1', name}, {'ZREM', index, name},
		{'PEXPIREAT', index, '1'}, {'PTTL', index}, {'ZRANGEBYSCORE', index, '1', '1'}}) do
		if not redis.acl_check_cmd(unpack(command)) then
			return redis.error_reply('NOPERM this user may not use ' .. command[1])
		end
	end
end

-- code is what to reply. to is the state that the job comes to, and set what is written besides;
-- start is when it may start, of a job that becomes pending.
local code, wait, to, start, set, size = 0, 0, nil, now, {}, 0

local function put(field, value)
	set[size + 1], set[size + 2] = field, value
	size = size + 2
end

-- Ends the attempt that is under way.
local function close(outcome, failure)
	put('t', '')
	put('l', '0')
	put('c', text(failed))
	put('h' .. attempt % 8, text(attempt) .. ';' .. text(epoch) .. ';' .. (old[14] or '0') .. ';' .. text(now) .. ';' .. outcome .. ';' .. (old[15] or '') .. ';' .. failure)
end

-- Ends an attempt whose lease has ended, and says what becomes of the job.
local function lose()
	local failure = '{"code":"lease_lost"}'
	failed = failed + 1
	close('lost', failure)
	if cancel then
		to = 5
	elseif failed >= most then
		to = 4
		put('f', failure)
	else
		to = 1
	end
end

local function restart()
	to, failed = 1, 0
	put('c', '0')
	put('x', '')
	put('xr', '')
	put('r', '')
	put('f', '')
	put('fn', '0')
end

local _, _, before = string.find(refused, '(%d):' .. id)
if op == 'get' then
	code = state == 0 and 7 or 0
elseif op == 'end' then
	local outcome, data = ARGV[9], ARGV[10]
	if state == 2 and token == id then
		if ARGV[15] and ARGV[14] + 0 > number then
			put('q', ARGV[14])
			put('p', ARGV[15])
			put('pt', text(now))
			put('pa', text(attempt))
		end
		if outcome == 'failed' or outcome == 'retry' then
			failed = failed + 1
		end
		if outcome == 'succeeded' then
			to = 3
			put('r', data)
		elseif outcome == 'cancelled' or cancel and outcome ~= 'failed' then
			to = 5
		elseif outcome == 'released' then
			to = 1
		elseif outcome == 'retry' and failed < most then
			to, start = 1, now + ARGV[11]
		else
			to = 4
			put('f', data)
		end
		close(outcome == 'retry' and 'failed' or outcome, (outcome == 'failed' or outcome == 'retry') and data or '')
	else
		code = state == 0 and 7 or 4
		-- It may have ended this way before.
		local before = redis.call('HMGET', job, 'h' .. ARGV[12] % 8)[1]
		local kept = outcome == 'retry' and 'failed' or outcome
		if before and string.find(before, '^' .. ARGV[12] .. ';' .. ARGV[13] .. ';%d+;%d+;' .. kept .. ';') then
			code = 0
		end
	end
elseif string.find(used, id, 1, true) then
	-- It had its effect before.
	if state == 0 and op ~= 'delete' then
		code = 7
	elseif op == 'start' and token ~= id then
		code = state >= 3 and 3 or 4
	end
elseif before then
	code = before + 0
	if code == 5 then
		wait = math.max(until_ - now, 0)
	elseif code == 6 then
		wait = math.max((tonumber(old[13]) or 0) - now, 0)
	end
	if state == 0 and op ~= 'delete' then
		code = 7
	elseif op == 'start' and state >= 3 then
		code, wait = 3, 0
	end
elseif op == 'create' then
	if state == 0 then
		to = 1
		put('c', '0')
		put('cr', text(now))
	elseif ARGV[9] == 'restart' and state >= 4 then
		restart()
	else
		code = ARGV[9] == 'reject' and 2 or 1
	end
	if to then
		start = now + ARGV[10]
		put('m', ARGV[11])
	end
elseif state == 0 then
	code = 7
	if op == 'reap' then
		redis.call('ZREM', index, name)
	end
elseif op == 'start' then
	if state == 2 and until_ > now then
		code, wait = 5, until_ - now
	elseif state >= 3 then
		code = 3
	elseif state == 1 and (tonumber(old[13]) or 0) > now then
		code, wait = 6, old[13] - now
	else
		if state == 2 then
			lose()
		end
		if to and to >= 4 then
			code = 3
		else
			to, epoch, until_ = 2, math.max(epoch + 1, now), now + lease
			put('a', text(attempt + 1))
			put('e', text(epoch))
			put('t', id)
			put('w', ARGV[9])
			put('l', text(until_))
			put('q', '0')
			put('st', text(now))
		end
	end
elseif op == 'cancel' then
	if state == 1 or state == 2 and not cancel then
		put('x', '1')
		put('xr', ARGV[9])
	end
	if state == 3 or state == 4 then
		code = 3
	elseif state == 1 then
		to = 5
	elseif state == 2 and until_ <= now then
		cancel = true
		lose()
	elseif state == 2 and not cancel then
		to = 2
	end
elseif op == 'restart' then
	if state >= 4 then
		restart()
	else
		code = state == 3 and 3 or 8
	end
elseif op == 'delete' then
	if state == 2 and until_ > now then
		code, wait = 5, until_ - now
	else
		to = 0
	end
elseif op == 'reap' then
	if state == 2 and until_ <= now then
		lose()
	else
		code = 8
	end
end

if to then
	revision = revision + 1
	put('s', text(to))
	put('v', text(revision))
	if to > 0 then
		put('u', text(now))
	end
	if op ~= 'end' then
		put('i', string.sub(used .. ',' .. id, -64 * (#id + 1)))
	end
	if to == 1 then
		put('n', text(start))
	elseif to == 2 or to >= 3 then
		put('n', '0')
	end
	if to >= 3 then
		put('fn', text(now))
	end
	local ms, written = math.floor(now / 1000), nil
	if to == 0 then
		-- It comes first, since a server that is out of memory lets nothing begin with HSET.
		written = redis.pcall('HDEL', job, 'm', 'c', 'a', 'w', 't', 'l', 'p', 'q', 'pt', 'pa', 'r', 'f', 'x', 'xr', 'cr', 'n', 'st', 'u', 'fn',
			'h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7')
		if type(written) == 'table' then
			return written
		end
		redis.call('HSET', job, unpack(set))
		redis.call('PEXPIREAT', job, text(ms + 600000))
		redis.call('ZREM', index, name)
	else
		written = redis.pcall('HSET', job, unpack(set))
		if type(written) == 'table' then
			return written
		end
		local score, expires, stale = 0, 0, ms
		if to == 1 then
			expires = math.ceil(math.max(now, start) / 1000) + idle
			score = expires
		elseif to == 2 then
			score = math.ceil(until_ / 1000)
			expires, stale = score + idle, ms - idle
		else
			expires = ms + ARGV[3 + to]
			score = expires
		end
		redis.call('PEXPIREAT', job, text(expires))
		redis.call('ZADD', index, text(to * 4398046511104 + score), name)
		if redis.call('PTTL', index) < expires - ms then
			redis.call('PEXPIREAT', index, text(expires + 3600000))
		end
		-- Members whose hash has expired go a few at a time, so that no call takes long.
		local gone = redis.call('ZRANGEBYSCORE', index, text(to * 4398046511104), text(to * 4398046511104 + stale), 'LIMIT', 0, 16)
		if #gone > 0 then
			redis.call('ZREM', index, unpack(gone))
		end
	end
	redis.pcall('PUBLISH', job .. ':__watch', text(revision))
elseif old[1] and op ~= 'get' and op ~= 'reap' and not before and not string.find(used, id, 1, true) then
	-- It must not have an effect either if it comes again, when the state may be another; nor
	-- must a start that comes after its own end.
	local written = redis.pcall('HSET', job, 'j', string.sub(refused .. ',' .. code .. ':' .. id, -16 * (#id + 3)))
	if type(written) == 'table' and not string.find(written.err, '^OOM') then
		return written
	end
end

if code == 7 or (to or state) == 0 then
	return {code, now, 0}
end
return {code, now, wait, redis.call('HMGET', job, 's', 'v', 'a', 'c', 'm', 'e', 'w', 'p', 'pt', 'pa', 'r', 'f', 'x', 'xr',
	'cr', 'n', 'st', 'u', 'l', 'fn', 'h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7')}
