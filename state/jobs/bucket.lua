-- Counts the jobs of a bucket, or finds those whose lease has ended.
--
-- KEYS[1]: the sorted set of all jobs of the bucket, see job.lua
-- ARGV[1]: for how many milliseconds after its lease a job is kept
-- ARGV[2]: how many jobs to find, or nothing
--
-- Replies {pending, running, succeeded, failed, cancelled, running with a lease that has ended}, or
-- the members of the jobs. Those whose hash has expired count for nothing.

local time = redis.pcall('TIME')
if time.err then
	return time
end
local now, base = time[1] * 1000 + math.floor(time[2] / 1000), 4398046511104

local function text(n)
	return string.format('%.0f', n)
end

if ARGV[2] then
	return redis.pcall('ZRANGEBYSCORE', KEYS[1], '(' .. text(2 * base + now - ARGV[1]), text(2 * base + now), 'LIMIT', 0, ARGV[2])
end
local counts = {}
for state = 1, 5 do
	local least = now
	if state == 2 then
		least = now - ARGV[1]
	end
	local n = redis.pcall('ZCOUNT', KEYS[1], '(' .. text(state * base + least), '(' .. text((state + 1) * base))
	if type(n) == 'table' then
		return n
	end
	counts[state] = n
end
counts[6] = redis.call('ZCOUNT', KEYS[1], '(' .. text(2 * base + now - ARGV[1]), text(2 * base + now))
return counts
