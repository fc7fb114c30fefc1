/**
 * The two scripts that change an actor's hash. Each is one atomic step in Redis, and each may run twice.
 *
 * The hash has one control field, `@`, with the text `<format> <epoch> <version> <revision> <siloId>`; every field of the
 * actor has a name that starts with `:`, so no name can be taken for the control field. One field instead of five keeps a
 * commit at one read and one write.
 *
 * A1. The epoch only rises, and each granted claim raises it (C2).
 * A2. A claim is granted only for a revision higher than that of the last one, or for the same silo at the same revision.
 * A3. A commit changes something only under the highest epoch, and only if its version follows the stored one; all of its
 *     changes are made or none (D1, D2). The first write of the script is the one that Redis refuses when it is full, read-only
 *     or cannot write to its disk, so a refusal leaves the hash as it was.
 * A4. A commit whose version is the stored one under its own epoch has been made before: it answers `stored` and does nothing.
 *
 * Revisions and epochs are compared as Lua's doubles, exact up to 2^53, and are kept and answered as text, because Lua prints
 * large numbers rounded.
 */

/** The format of a hash that these scripts read and write. */
export const ACTOR_FORMAT = "1";

/** What an error of a script starts with when the hash has another format. */
export const FORMAT_ERROR = "TROUPEFORMAT";

export const CONTROL_FIELD = "@";

/** Before the name of each of the actor's fields. */
export const FIELD_PREFIX = ":";

const READ_CONTROL = `
local control = redis.call('HGET', KEYS[1], '@')
local format, epoch, version, revision, silo
if control then
  format, epoch, version, revision, silo = string.match(control, '^(%d+) (%d+) (%d+) (%d+) (.*)$')
  if format ~= '${ACTOR_FORMAT}' then return redis.error_reply('${FORMAT_ERROR} ' .. string.sub(control, 1, 8)) end
else
  epoch, version = '0', '0'
end
`;

/** ARGV: revision, silo. Answers `{ '0', revision, silo }` when refused, else `{ '1', epoch, field, value, … }` with the control field. */
export const CLAIM_SCRIPT = `${READ_CONTROL}
if revision then
  local asked, known = tonumber(ARGV[1]), tonumber(revision)
  if asked < known or (asked == known and silo ~= ARGV[2]) then return { '0', revision, silo } end
end
local raised = string.format('%.0f', tonumber(epoch) + 1)
redis.call('HSET', KEYS[1], '@', '${ACTOR_FORMAT} ' .. raised .. ' ' .. version .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
return { '1', raised, version, redis.call('HGETALL', KEYS[1]) }
`;

/**
 * ARGV: epoch, version, the version before it, count of fields to set, their names and values, names of fields to remove.
 * Answers `''` when stored, else the epoch that is the highest. Lua takes a few thousand arguments a call, hence the steps.
 */
export const COMMIT_SCRIPT = `${READ_CONTROL}
if epoch ~= ARGV[1] then return epoch end
if version == ARGV[2] then return '' end
if version ~= ARGV[3] then return epoch end
local step = 4000
local first, last = 5, 4 + 2 * tonumber(ARGV[4])
control = '${ACTOR_FORMAT} ' .. epoch .. ' ' .. ARGV[2] .. ' ' .. revision .. ' ' .. silo
redis.call('HSET', KEYS[1], '@', control, unpack(ARGV, first, math.min(first + step - 1, last)))
for from = first + step, last, step do
  redis.call('HSET', KEYS[1], unpack(ARGV, from, math.min(from + step - 1, last)))
end
for from = last + 1, #ARGV, step do
  redis.call('HDEL', KEYS[1], unpack(ARGV, from, math.min(from + step - 1, #ARGV)))
end
return ''
`;
