/**
 * Locks in Redis. The first key is the lock, with its owner as its text, as Dapr has it. The second
 * one counts the holders of the resource, and is never removed: its number is the fence of the last
 * one.
 */

/** ARGV: owner, milliseconds. Gives the fence, or 0 if somebody else holds the lock. */
export const ACQUIRE_SCRIPT = `
local owner = redis.call("GET", KEYS[1])
if owner == ARGV[1] then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
  return tonumber(redis.call("GET", KEYS[2]) or "0")
end
if owner then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return redis.call("INCR", KEYS[2])
`;

/**
 * ARGV: owner, fence, milliseconds of the new lifetime (0 to release). Gives 1, or 0 if the lock is
 * not the owner's any more.
 */
export const RENEW_SCRIPT = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call("GET", KEYS[2]) ~= ARGV[2] then return 0 end
if ARGV[3] == "0" then redis.call("DEL", KEYS[1])
else redis.call("PEXPIRE", KEYS[1], ARGV[3]) end
return 1
`;
