/**
 * Changes items, all or none. An item is a hash with `data` and `version`, as Dapr has it.
 *
 * KEYS are the keys of the items. ARGV has five texts for each of them: the condition (`any`,
 * `absent` or `etag`), its etag, what to do (`set` or `delete`), the data, and the milliseconds of
 * its lifetime (0 for none).
 *
 * Gives the new version of each item (0 for a removal), or, if a condition does not hold, one
 * number below zero: that of the first item that refuses.
 */
export const CHANGE_SCRIPT = `
for index, key in ipairs(KEYS) do
  local at = (index - 1) * 5
  local condition = ARGV[at + 1]
  if condition == "absent" and redis.call("EXISTS", key) == 1 then return { -index } end
  if condition == "etag" then
    local version = redis.call("TYPE", key).ok == "hash" and redis.call("HGET", key, "version")
    if version ~= ARGV[at + 2] then return { -index } end
  end
end
local versions = {}
for index, key in ipairs(KEYS) do
  local at = (index - 1) * 5
  if ARGV[at + 3] == "delete" then
    redis.call("DEL", key)
    versions[index] = 0
  else
    if redis.call("TYPE", key).ok ~= "hash" then redis.call("DEL", key) end
    redis.call("HSET", key, "data", ARGV[at + 4])
    versions[index] = redis.call("HINCRBY", key, "version", 1)
    if ARGV[at + 5] == "0" then redis.call("PERSIST", key)
    else redis.call("PEXPIRE", key, ARGV[at + 5]) end
  end
end
return versions
`;
