/**
 * The script that claims actors, commits their turns, and notes due times in the index. It takes a
 * batch of requests, and each is one atomic step on one key, the hash of an actor or the sorted set
 * of a bucket, that may run twice. What becomes of one request is nothing to the others of its
 * batch.
 *
 * The hash has one control field, `@`, with the text `<format> <epoch> <version> <revision>
 * <siloId> <store>.<number>`; the last two tell whose claim the last one was, and which of that
 * store's. Every field of the actor has a name that starts with `:`, so no name can be taken for
 * the control field. One field instead of several keeps a commit at one read and one write.
 *
 * ACT-1. The epoch only rises, and each granted claim raises it (C2).
 * ACT-2. A claim is granted only for a revision higher than that of the last one, or for the same silo
 *     at the same revision. Not if it was sent before the last one: the network may hand on late
 *     what the silo has long given up, and it must not fence itself.
 * ACT-3. A commit changes something only under the highest epoch, and only if its version follows the
 *     stored one; all of its changes are made or none (D1, D2). Its first write is the one that
 *     Redis refuses when it is full, read-only or cannot write to its disk, so a refusal leaves the
 *     hash as it was; once a script has written, Redis refuses it nothing more.
 * ACT-4. A commit whose version is the stored one under its own epoch has been made before: it answers
 *     `stored` and does nothing.
 * ACT-5. Requests of a batch take effect in their order.
 *
 * Revisions and epochs are compared as Lua's doubles, exact up to 2^53. They are kept as text,
 * because Lua prints large numbers rounded.
 */

/** The format of a hash that this script reads and writes. */
export const ACTOR_FORMAT = "1";

/** What an error of a request starts with when the hash has another format. */
export const FORMAT_ERROR = "TROUPEFORMAT";

export const CONTROL_FIELD = "@";

/** There while an actor is retired: then the key has a time to live. */
export const RETIRED_FIELD = "~";

/** Before the name of each of the actor's fields. */
export const FIELD_PREFIX = ":";

/** What a request asks for. */
export const REQUEST = { commit: 0, claim: 1, add: 2, remove: 3, commitRanges: 4 } as const;

/** What became of a request. What was stored, added or removed has no answer of its own. */
export const ANSWER = { failed: 0, fenced: 1, refused: 2, claimed: 3 } as const;

/**
 * KEYS: of each request the hash of its actor, or its bucket. ARGV: the requests, as one
 * MessagePack array, because Redis and its client spend more on each argument than on the bytes of
 * it. A request is one of
 *
 * - `[commit, before, after, count, name, value, …, name, …]`: what the control field has to start
 *   with, and then starts with; how many fields are set, and their names and values; the names of
 *   those that are removed.
 * - `[commitRanges, …, from, to, …, ranges]`: the same, and behind it ranges of names whose fields
 *   go first, and how many ranges there are.
 * - `[claim, revision, siloId, store, number]`, all as text. Numbers of one store tell which claim
 *   was sent first.
 * - `[add, dueAt, member]`, `[remove, dueAt, member]`: the due time as text.
 *
 * Answers one MessagePack array, too, of the answers. Each is an array of its request's place, what
 * became of it, and
 *
 * - failed: the error. fenced: the epoch that is the highest. refused: the last claim's revision
 *   and silo.
 * - claimed: epoch, version, and the hash as it was, name and value in turn.
 *
 * Lua takes a few thousand arguments a call, hence the steps of a commit.
 */
export const ACTOR_SCRIPT = `
local try, sub, match = redis.pcall, string.sub, string.match

local function failed(reply)
  return type(reply) == 'table' and reply.err
end

local function parse(control)
  local format, epoch, version, revision, silo = match(control, '^(%d+) (%d+) (%d+) (%d+) (.*)$')
  if format ~= '${ACTOR_FORMAT}' then return nil, '${FORMAT_ERROR} ' .. sub(control, 1, 8) end
  return epoch, version, revision, silo
end

local function not_next(place, control, after)
  if not control then return { place, ${ANSWER.fenced}, 0 } end
  if sub(control, 1, #after) == after then return nil end
  local epoch, problem = parse(control)
  if not epoch then return { place, ${ANSWER.failed}, problem } end
  return { place, ${ANSWER.fenced}, tonumber(epoch) }
end

local function in_ranges(key, request, behind, ranges)
  local doomed, set = {}, {}
  for at = 5, 4 + 2 * request[4], 2 do set[request[at]] = true end
  for _, name in ipairs(redis.call('HKEYS', key)) do
    for at = behind + 1, behind + 2 * ranges, 2 do
      if name >= request[at] and name < request[at + 1] and not set[name] then
        doomed[#doomed + 1] = name
        break
      end
    end
  end
  return doomed
end

local function commit(place, key, request)
  local before, after = request[2], request[3]
  local control = try('HGET', key, '@')
  if failed(control) then return { place, ${ANSWER.failed}, control.err } end
  if not control or sub(control, 1, #before) ~= before then return not_next(place, control, after) end
  local step, first, last, count = 4000, 5, 4 + 2 * request[4], #request
  local ranges = request[1] == ${REQUEST.commitRanges} and request[count] or 0
  if ranges > 0 then count = count - 1 - 2 * ranges end
  local doomed = ranges > 0 and in_ranges(key, request, count, ranges) or {}
  local reply = try('HSET', key, '@', after .. sub(control, #before + 1), unpack(request, first, math.min(first + step - 1, last)))
  if failed(reply) then return { place, ${ANSWER.failed}, reply.err } end
  for from = 1, #doomed, step do
    redis.call('HDEL', key, unpack(doomed, from, math.min(from + step - 1, #doomed)))
  end
  for from = first + step, last, step do
    redis.call('HSET', key, unpack(request, from, math.min(from + step - 1, last)))
  end
  for from = last + 1, count, step do
    redis.call('HDEL', key, unpack(request, from, math.min(from + step - 1, count)))
  end
end

local function control_of(stored)
  for at = 1, #stored, 2 do
    if stored[at] == '@' then return stored[at + 1] end
  end
end

local function is_retired(stored)
  for at = 1, #stored, 2 do
    if stored[at] == '~' then return true end
  end
end

local function claimant(text)
  local silo, store, number = match(text, '^(.*) (%w+)%.(%d+)$')
  return silo or text, store, number
end

local function claim(place, key, request)
  local stored = try('HGETALL', key)
  if failed(stored) then return { place, ${ANSWER.failed}, stored.err } end
  local control = control_of(stored)
  local epoch, version = '0', '0'
  if control then
    local revision, last
    epoch, version, revision, last = parse(control)
    if not epoch then return { place, ${ANSWER.failed}, version } end
    local asked, known = tonumber(request[2]), tonumber(revision)
    local silo, store, number = claimant(last)
    local is_late = store == request[4] and tonumber(request[5]) < tonumber(number)
    if asked < known or (asked == known and (silo ~= request[3] or is_late)) then
      return { place, ${ANSWER.refused}, known, silo }
    end
  end
  local raised = tonumber(epoch) + 1
  local changed = string.format('${ACTOR_FORMAT} %.0f %s %s %s %s.%s', raised, version, unpack(request, 2))
  local reply = try('HSET', key, '@', changed)
  if failed(reply) then return { place, ${ANSWER.failed}, reply.err } end
  if is_retired(stored) then
    redis.call('HDEL', key, '~')
    redis.call('PERSIST', key)
  end
  return { place, ${ANSWER.claimed}, raised, tonumber(version), stored }
end

local function note(place, key, request)
  local reply
  if request[1] == ${REQUEST.add} then reply = try('ZADD', key, request[2], request[3])
  else reply = try('ZREM', key, request[3]) end
  if failed(reply) then return { place, ${ANSWER.failed}, reply.err } end
end

local answers = {}
for place, request in ipairs(cmsgpack.unpack(ARGV[1])) do
  local answer
  if request[1] == ${REQUEST.commit} or request[1] == ${REQUEST.commitRanges} then answer = commit(place, KEYS[place], request)
  elseif request[1] == ${REQUEST.claim} then answer = claim(place, KEYS[place], request)
  else answer = note(place, KEYS[place], request) end
  if answer then answers[#answers + 1] = answer end
end
return cmsgpack.pack(answers)
`;
