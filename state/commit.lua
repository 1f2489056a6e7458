-- Checks what is stored at some keys and, if all of it is as expected, changes
-- some of them, in one step.
--
-- KEYS: the keys, and after them the receipt of the call, if it has one
-- ARGV[1]: how many milliseconds a receipt is kept, or "" without one
-- ARGV[2]: what the receipt says
-- ARGV[3]: "1" to reply with the value before at the first key
-- then for each key what is expected, the action, the value, the milliseconds, and
-- what to announce besides how long the value lives and the time, or "" to announce
-- nothing
--
-- Replies {"ok", old}, {"no", i, j, ...} with the keys that are not as expected,
-- or {"again", receipt} for a call that was applied before.

local n = #KEYS
local receipt
if ARGV[1] ~= '' then
	receipt = KEYS[n]
	n = n - 1
	local known = redis.pcall('GET', receipt)
	if type(known) == 'table' then
		return known
	end
	if known then
		-- A write, so that a WAIT after this one covers the one before.
		local kept = redis.pcall('PEXPIRE', receipt, ARGV[1])
		if type(kept) == 'table' then
			return kept
		end
		return {'again', known}
	end
end

local old = false
local refused = {'no'}
for i = 1, n do
	local value = redis.pcall('GET', KEYS[i])
	if type(value) == 'table' then
		return value
	end
	local expected = ARGV[5 * i - 1]
	local holds
	if expected == '*' then
		holds = true
	elseif expected == '-' then
		holds = not value
	elseif expected == '+' then
		holds = value
	else
		holds = value and redis.sha1hex(value) == expected
	end
	if not holds then
		refused[#refused + 1] = i
	end
	if i == 1 then
		old = value
	end
end
if #refused > 1 then
	return refused
end

-- What a user may not do is refused before the first write, so that no commit is
-- applied in part. The embedded server has no users.
local function forbidden(command, key)
	return redis.acl_check_cmd and not redis.acl_check_cmd(command, key)
end
local commands = {set = 'SET', keep = 'SET', extend = 'SET', expire = 'PEXPIRE', longer = 'PEXPIRE', del = 'UNLINK'}
local function channel(i)
	return KEYS[i] .. ':__watch'
end
for i = 1, n do
	local command = commands[ARGV[5 * i]]
	if command and forbidden(command, KEYS[i]) then
		return redis.error_reply('NOPERM this user may not use ' .. command)
	end
	if command and ARGV[5 * i + 3] ~= '' and forbidden('PUBLISH', channel(i)) then
		return redis.error_reply('NOPERM this user may not announce changes')
	end
end
if receipt and forbidden('SET', receipt) then
	return redis.error_reply('NOPERM this user may not use SET')
end

-- The error of the first write is handed on as it is: nothing was written then.
local wrote = false
local function write(...)
	if wrote then
		return redis.call(...)
	end
	local reply = redis.pcall(...)
	wrote = not (type(reply) == 'table' and reply.err)
	return reply
end

local function set(key, value, ms)
	if ms == '0' then
		return write('SET', key, value)
	end
	return write('SET', key, value, 'PX', ms)
end

local apply = {
	set = set,
	keep = function(key, value, ms)
		-- SET with KEEPTTL would store for ever where no TTL is left to keep.
		if redis.call('PTTL', key) >= 0 then
			return write('SET', key, value, 'KEEPTTL')
		end
		return set(key, value, ms)
	end,
	extend = function(key, value, ms)
		local left = redis.call('PTTL', key)
		if left > tonumber(ms) then
			return write('SET', key, value, 'KEEPTTL')
		end
		return set(key, value, ms)
	end,
	expire = function(key, _, ms)
		return write('PEXPIRE', key, ms)
	end,
	longer = function(key, _, ms)
		return write('PEXPIRE', key, ms, 'GT')
	end,
	del = function(key)
		return write('UNLINK', key)
	end,
}

-- Values first: only the first write can be refused for want of memory.
local changed = {}
for _, actions in ipairs({{set = 1, keep = 1, extend = 1}, {expire = 1, longer = 1}, {del = 1}}) do
	for i = 1, n do
		local action = ARGV[5 * i]
		if actions[action] then
			local done = apply[action](KEYS[i], ARGV[5 * i + 1], ARGV[5 * i + 2])
			if not wrote then
				return done
			end
			changed[i] = done ~= 0
		end
	end
end

local reply = {'ok'}
local says = ARGV[2]
if ARGV[3] == '1' then
	reply[2] = old
	says = says .. (old and '1' .. old or '0')
end
if receipt then
	local failed = write('SET', receipt, says, 'PX', ARGV[1])
	if not wrote then
		return failed
	end
end

-- How many milliseconds the value lives from now on, 0 for ever.
local function life(i)
	local action = ARGV[5 * i]
	if action ~= 'keep' and action ~= 'extend' then
		return ARGV[5 * i + 2]
	end
	local left = redis.call('PTTL', KEYS[i])
	if left == -1 then
		return '0'
	end
	return string.format('%.0f', math.max(left, 1))
end
local now
for i = 1, n do
	if changed[i] and ARGV[5 * i + 3] ~= '' then
		now = now or redis.pcall('TIME')
		local at = (now[1] or '0') .. ' ' .. (now[2] or '0')
		redis.call('PUBLISH', channel(i), ARGV[5 * i + 3] .. ' ' .. life(i) .. ' ' .. at)
	end
end
return reply
