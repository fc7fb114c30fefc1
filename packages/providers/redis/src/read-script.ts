import { CONTROL_FIELD, FIELD_PREFIX } from "./actor-script.ts";

/**
 * Gives the control field of an actor's hash, and then the names and values of the fields that start
 * with ARGV[1], in turn: all as they were at one moment.
 */
export const READ_SCRIPT = `
local stored, prefix = redis.call('HGETALL', KEYS[1]), ARGV[1]
local control, found = false, {}
for at = 1, #stored, 2 do
  local name = stored[at]
  if name == '${CONTROL_FIELD}' then
    control = stored[at + 1]
  elseif string.sub(name, 1, #prefix) == prefix and string.sub(name, 1, 1) == '${FIELD_PREFIX}' then
    found[#found + 1] = name
    found[#found + 1] = stored[at + 1]
  end
end
table.insert(found, 1, control or '')
return found
`;
