import { BYTE_ORDER } from "./byte-order.ts";

/**
 * The script that reads a bucket of the index from a place on: the members that come after one, as
 * the sorted set orders them, whether that one is still there or not. Its cost follows what it
 * gives, and the logarithm of what is stored.
 *
 * KEYS: the bucket. ARGV: the score and the member after which it starts, the highest score, how
 * many members are wanted. Answers the members.
 */
export const DUE_AFTER_SCRIPT = `
${BYTE_ORDER}
local key, score, member = KEYS[1], ARGV[1], ARGV[2]
local highest, count = tonumber(ARGV[3]), tonumber(ARGV[4])
local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
local high = redis.call('ZCOUNT', key, '-inf', score)
while low < high do
  local middle = math.floor((low + high) / 2)
  local other = redis.call('ZRANGE', key, middle, middle)[1]
  if is_before(member, other) then high = middle else low = middle + 1 end
end
local found = redis.call('ZRANGE', key, low, low + count - 1, 'WITHSCORES')
local members = {}
for at = 1, #found, 2 do
  if tonumber(found[at + 1]) > highest then break end
  members[#members + 1] = found[at]
end
return members
`;
