/**
 * Part of a script: whether one string comes before another by its bytes, as Redis sorts. Lua's own
 * comparison follows the locale of the server.
 */
export const BYTE_ORDER = `
local function is_before(one, other)
  for at = 1, math.min(#one, #other) do
    local left, right = string.byte(one, at), string.byte(other, at)
    if left ~= right then return left < right end
  end
  return #one < #other
end
`;
