-- Renews a permit of a subject, or gives it back.
--
-- KEYS[1]: the sorted set of the subject's permits
-- ARGV[1]: the member of the permit
-- ARGV[2]: the lease in microseconds from now on, or "" to give the permit back
-- ARGV[3]: for how many milliseconds more the key is kept
--
-- Replies 1 if the permit was held until now, and 0 if not.

local key, member = KEYS[1], ARGV[1]
local time = redis.pcall('TIME')
if time.err then
	return time
end
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local ends = redis.pcall('ZSCORE', key, member)
if type(ends) == 'table' then
	return ends
end
local held = ends and tonumber(ends) > now and 1 or 0

if ARGV[2] == '' then
	local removed = redis.pcall('ZREM', key, member)
	if type(removed) == 'table' then
		return removed
	end
	return held
end

-- One that has ended is not revived: another may have its place, or have had it.
if held == 0 then
	return 0
end

-- The end of the key first: whichever of the two a user may not write, what is stored
-- still ends.
local lease, keep = tonumber(ARGV[2]), tonumber(ARGV[3])
local left = math.ceil(lease / 1000) + keep
if redis.call('PTTL', key) < left then
	local kept = redis.pcall('PEXPIRE', key, string.format('%.0f', left))
	if type(kept) == 'table' then
		return kept
	end
end
local moved = redis.pcall('ZADD', key, string.format('%.0f', now + lease), member)
if type(moved) == 'table' then
	return moved
end
return 1
