-- Runs a command that changes a key and, if it did, announces what is there now,
-- in one step.
--
-- KEYS[1]: the key
-- ARGV[1]: what to announce besides the time
-- ARGV[2]: the command: set, pexpire or unlink
-- then the command's arguments after the key
--
-- Replies what the command does.

local channel = KEYS[1] .. ':__watch'

-- What a user may not do is refused before the write, so that none stays without
-- its announcement. From Redis 7.2 on, what redis.pcall returns of a command that
-- is forbidden reads like an error that was raised, which proves nothing. The
-- embedded server has no users.
local function forbidden(...)
	return redis.acl_check_cmd and not redis.acl_check_cmd(...)
end
if forbidden(ARGV[2], KEYS[1], unpack(ARGV, 3)) then
	return redis.error_reply('NOPERM this user may not use ' .. ARGV[2])
end
if forbidden('PUBLISH', channel, ARGV[1]) then
	return redis.error_reply('NOPERM this user may not announce changes')
end

-- The error of the write is handed on as it is: nothing was written then.
local reply = redis.pcall(ARGV[2], KEYS[1], unpack(ARGV, 3))
if type(reply) == 'table' and reply.err then
	return reply
end

-- No reply says that the condition of SET does not hold or, where it was asked for
-- what was there before, that nothing was.
if reply ~= 0 and (reply or ARGV[#ARGV] == 'get') then
	-- The time is that of the end of the write, and a read has that of its beginning,
	-- so that it is later by both if it comes later. A user may lack the command.
	local now = redis.pcall('TIME')
	redis.call('PUBLISH', channel, ARGV[1] .. ' ' .. (now[1] or '0') .. ' ' .. (now[2] or '0'))
end
return reply
