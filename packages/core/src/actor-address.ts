import { TroupeError } from "./errors.ts";
import { ACTOR_ID_MAX_BYTES } from "./limits.ts";

/** Which actor: its type's name and its id. */
export interface ActorAddress {
  readonly type: string;
  readonly id: string;
}

/**
 * `Account/alice`: the form for people, logs and placement. A type name has no slash, so it can be
 * parsed again.
 */
export function formatAddress(address: ActorAddress): string {
  return `${address.type}/${address.id}`;
}

/** The address that `formatAddress` printed, or undefined if the text has no type or no id. */
export function parseAddress(text: string): ActorAddress | undefined {
  const slash = text.indexOf("/");
  if (slash <= 0 || slash === text.length - 1) return undefined;
  return { type: text.slice(0, slash), id: text.slice(slash + 1) };
}

/**
 * Throws `BAD_ACTOR_ID` unless `id` is a non-empty string of at most 1,024 bytes of well-formed
 * UTF-8.
 */
export function checkActorId(type: string, id: unknown): asserts id is string {
  if (typeof id !== "string") {
    throw new TroupeError(
      "BAD_ACTOR_ID",
      `the id of a ${type} must be a string, not ${id === null ? "null" : typeof id}`,
    );
  }
  if (id.length === 0)
    throw new TroupeError("BAD_ACTOR_ID", `the id of a ${type} must not be empty`);
  // A UTF-16 unit takes at most three bytes, so most ids need no exact count.
  if (id.length * 3 > ACTOR_ID_MAX_BYTES) {
    const bytes = Buffer.byteLength(id);
    if (bytes > ACTOR_ID_MAX_BYTES) {
      throw new TroupeError(
        "BAD_ACTOR_ID",
        `the id of a ${type} has ${bytes} bytes; at most ${ACTOR_ID_MAX_BYTES} are allowed`,
      );
    }
  }
  if (!id.isWellFormed()) {
    throw new TroupeError(
      "BAD_ACTOR_ID",
      `the id of a ${type} has an unpaired surrogate; use well-formed Unicode`,
    );
  }
}
