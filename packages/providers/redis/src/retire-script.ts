import { RETIRED_FIELD } from "./actor-script.ts";

/**
 * Ends an actor's stored life. ARGV: what the control field has to start with, what it starts with
 * then, and for how many milliseconds the key is kept. Only the control field is left, and what
 * says that the actor is retired; a claim within the time makes the key stay.
 *
 * Answers `stored`, also if that was done before, or the control field as it is.
 */
export const RETIRE_SCRIPT = `
local key, before, after, keep = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local control = redis.call('HGET', key, '@')
if not control then return '' end
if string.sub(control, 1, #after) == after then return 'stored' end
if string.sub(control, 1, #before) ~= before then return control end
redis.call('DEL', key)
redis.call('HSET', key, '@', after .. string.sub(control, #before + 1), '${RETIRED_FIELD}', '1')
redis.call('PEXPIRE', key, keep)
return 'stored'
`;
