/** Characters of a name, of the name of a room, and of a line. */
export const NAME_MAX = 32;
export const ROOM_MAX = 40;
export const TEXT_MAX = 500;

/** Lines that a room keeps; older ones are dropped. */
export const HISTORY_MAX = 200;

/** Readers of one room, tabs counted each. */
export const READERS_MAX = 200;

const ROOM = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._'’-]*[\p{L}\p{M}\p{N}.])?$/u;

/**
 * Control characters, and marks that change the direction of the text around them: they could make
 * one person's line look like another's.
 */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** Why a room cannot be called so, or undefined. */
export function whyNotRoom(room: unknown): string | undefined {
  if (typeof room === "string" && room.length <= ROOM_MAX && ROOM.test(room)) return undefined;
  return `a room's name has 1 to ${ROOM_MAX} characters: a to z, 0 to 9, and single dashes between them`;
}

/** Why nobody can be called so, or undefined. */
export function whyNotName(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return "say who you are: the name is missing";
  if (name.length > NAME_MAX) return `a name has at most ${NAME_MAX} characters`;
  if (NAME.test(name)) return undefined;
  return "a name is made of letters, digits, spaces, and . _ - ' between them";
}

/** Why this cannot be said, or undefined. */
export function whyNotText(text: unknown): string | undefined {
  if (typeof text !== "string" || text.trim() === "") return "say something: the line is empty";
  if (!text.isWellFormed()) return "a line is text, and this has half a character in it";
  if (text.length > TEXT_MAX)
    return `a line has at most ${TEXT_MAX} characters, and this has ${text.length}`;
  return UNSEEN.test(text) ? "a line has no line breaks and no control characters" : undefined;
}
